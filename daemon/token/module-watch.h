/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiModuleWatch: one foreign module, and which tokens it has at the moment.
 *
 * Tokens are noticed by waiting where the module can wait, and else by looking now and then, where
 * something can come or go at all.  Modules that see nothing new until they are initialized anew
 * are started anew when somebody asks for a fresh look.
 */
#pragma once

#include "daemon/token/host.h"
#include "daemon/token/modules.h"
#include "daemon/token/token-content.h"

typedef struct MeishiModuleWatch MeishiModuleWatch;

typedef struct {
    /* A token came or went, or what is on one changed. */
    void (*changed)(MeishiModuleWatch *watch, gpointer user_data);
    /* The module is in trouble; a sentence, the first of a row. */
    void (*trouble)(MeishiModuleWatch *watch, const char *text, gpointer user_data);
    void (*said)(MeishiModuleWatch *watch, const char *line, gpointer user_data);
    gpointer user_data;
} MeishiModuleWatchOptions;

/* Starts it.  No callback is called before this returns. */
MeishiModuleWatch *
meishi_module_watch_new(const MeishiTokenModule *module, const MeishiModuleWatchOptions *options);
void meishi_module_watch_free(MeishiModuleWatch *watch); /* NULL is fine */

const char *meishi_module_watch_name(const MeishiModuleWatch *watch);
/* Whether it runs just this one. */
gboolean
meishi_module_watch_is_for(const MeishiModuleWatch *watch, const MeishiTokenModule *module);

/* The tokens that are there (MeishiTokenContent); borrowed. */
GPtrArray *meishi_module_watch_tokens(const MeishiModuleWatch *watch);

/* The token with @presence; NULL: it went.  Borrowed. */
MeishiTokenContent *meishi_module_watch_find(const MeishiModuleWatch *watch, guint64 presence);

/* What is on the token with @presence, as somebody sees it who is logged in: what was hidden before
 * belongs to it from now on.  "changed" is called where that is anything. */
void
meishi_module_watch_reveal(MeishiModuleWatch *watch, guint64 presence, struct meishi_bytes listing);

/* For calls about its tokens. */
MeishiTokenHost *meishi_module_watch_host(const MeishiModuleWatch *watch);

/* How it fares. */
typedef struct {
    gboolean is_running; /* it is initialized */
    const char *trouble; /* what happened last; a sentence, borrowed; NULL: it is well */
    gint64 next_try;     /* seconds since 1970, where it does not run; 0: it is being started */
} MeishiModuleFacts;

const char *meishi_module_watch_path(const MeishiModuleWatch *watch);
void meishi_module_watch_look_at(const MeishiModuleWatch *watch, MeishiModuleFacts *ret_facts);

/* Whether it has been looked at since the module is ready: before, no token is known to be away. */
gboolean meishi_module_watch_is_settled(const MeishiModuleWatch *watch);

/* Looks again soon: something happened that tells that a token may have gone. */
void meishi_module_watch_look(MeishiModuleWatch *watch);

/* The same, and what is on its tokens is read anew: somebody wrote to one. */
void meishi_module_watch_read_again(MeishiModuleWatch *watch);

/* A token gave an answer without sense: the module is started anew, unless that was tried just now,
 * for some are themselves again only then. */
void meishi_module_watch_doubt(MeishiModuleWatch *watch);

/* Looks again thoroughly, where need be with a new start of the module. */
void meishi_module_watch_refresh(MeishiModuleWatch *watch);

/* Tests: how often to look where waiting does not work. */
void meishi_module_watch_set_pace(guint poll_ms);
