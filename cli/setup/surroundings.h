/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The machine and the person that setup and doctor look at: where the directories are, which module
 * is installed.  A value that tests make by hand.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *home;   /* the person's; NULL with is_system */
    char *config; /* $XDG_CONFIG_HOME, else ~/.config; NULL with is_system */
    char *data;   /* $XDG_DATA_HOME, else ~/.local/share; NULL with is_system */
    char *state;  /* where the journal is kept */
    char *root; /* "" or the directory that an image is built in: before all paths of the system */
    char *search;       /* the directories of programs, as in $PATH */
    char *proc;         /* "/proc" */
    char *module;       /* meishi-pkcs11.so, as programs will name it (without the root) */
    gboolean is_system; /* for everybody on the machine; looks into no home */
} MeishiSurroundings;

/* Those of this process.  @root: "" or NULL for the running system.  NOT_FOUND where there is no
 * module. */
MeishiSurroundings *meishi_surroundings_new(gboolean is_system, const char *root,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_surroundings_free(MeishiSurroundings *around);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSurroundings, meishi_surroundings_free)

/* @path, absolute, below the root; new. */
char *meishi_surroundings_system_path(const MeishiSurroundings *around, const char *path);

/* The program called @name in the search path; new, or NULL. */
char *meishi_surroundings_find_program(const MeishiSurroundings *around, const char *name);
