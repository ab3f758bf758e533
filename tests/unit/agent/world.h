/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A world for one test of daemon/agent: its own directories, a real store, no keyring, and
 * asynchronous calls as if they were not.
 */
#pragma once

#include "daemon/agent/agent.h"

typedef struct {
    char *dir;    /* HOME of this world */
    char *data;   /* the store */
    char *policy; /* root of its policy directories */
    MeishiAgent *agent;
    guint n_added, n_changed, n_removed, n_view, n_vault; /* signals seen */
} World;

/* For main(): OpenSSL up, no keyring, fast scrypt, and the certificates of pki.sh made once. */
void world_init(int *argc, char ***argv);
int world_run(void); /* g_test_run(), and tidies */

World *world_new(void);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* Ends the agent and opens the store again, as a new daemon would. */
void world_restart(World *world);

char *world_path(World *world, const char *name); /* new */

/* Puts a file of the administrator's into force; NULL: no rule at all. */
void world_set_policy(World *world, const char *text);

/* The contents of a file of pki.sh. */
GBytes *world_pki(const char *name);

/* Makes brief.crt, a certificate for bob.key that expires in @seconds. */
void world_make_brief(guint seconds);

MeishiSecret *world_secret(const char *text); /* NULL: NULL */

/* A comma-separated list of files of pki.sh; @password may be NULL. */
MeishiImportReport *world_import(World *world, const char *files, const char *password,
                                 const MeishiImportOptions *options, GError **error);
/* The same; expects it to work, and returns the outcomes as letters: A(dded), K(ey added),
 * C(ompleted), U(nchanged), I(ssuer), P(assed over). */
char *world_import_outcomes(World *world, const char *files, const char *password);

/* A passphrase slot where @passphrase is not NULL, else a key file. */
gboolean world_init_vault(World *world, const char *passphrase, GError **error);
gboolean world_unlock(World *world, const char *passphrase, GError **error);
gboolean world_add_slot(World *world, const char *passphrase, const char *key_file,
                        const char *proof, GError **error);
gboolean world_remove_slot(World *world, gint64 id, GError **error);
MeishiKey *world_load_key(World *world, gint64 key_id, GError **error);
GBytes *world_export_key(World *world, MeishiIdentity *identity, const char *proof,
                         const char *password, GError **error);
GPtrArray *world_check(World *world, guint *ret_n_records, GError **error);
GBytes *world_backup(World *world, const char *passphrase, const char *proof, GError **error);
gboolean world_restore(World *world, GBytes *backup, const char *passphrase,
                       const char *new_passphrase, GError **error);

/* Runs what is waiting on the main loop. */
void world_settle(void);

/* The labels in rank order, with commas; new. */
char *world_labels(World *world);
/* A reference; the test ends where there is none. */
MeishiIdentity *world_identity(World *world, const char *label);
