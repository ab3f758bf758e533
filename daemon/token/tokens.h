/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokens: every token of every foreign module.  Main loop.
 */
#pragma once

#include "daemon/token/modules.h"
#include "daemon/token/token-use.h"

typedef struct MeishiTokens MeishiTokens;

typedef struct {
    /* A token came or went, or shows something else. */
    void (*changed)(gpointer user_data);
    /* A module is in trouble; @text is a sentence. */
    void (*trouble)(const char *module, const char *text, gpointer user_data);
    /* A module printed a line. */
    void (*said)(const char *module, const char *line, gpointer user_data);
    gpointer user_data;
} MeishiTokensOptions;

MeishiTokens *meishi_tokens_new(const MeishiTokensOptions *options);
void meishi_tokens_free(MeishiTokens *tokens); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTokens, meishi_tokens_free)

/* Runs these (MeishiTokenModule) and no others: those that run already go on undisturbed. */
void meishi_tokens_set_modules(MeishiTokens *tokens, GPtrArray *modules);

/* The tokens that are there, in the order of modules and slots; MeishiTokenUse, borrowed. */
GPtrArray *meishi_tokens_list(const MeishiTokens *tokens);

/* The modules that run or are meant to, in their order; MeishiModuleWatch, borrowed. */
GPtrArray *meishi_tokens_modules(const MeishiTokens *tokens);

/* The watch of the module with that name in the configuration; NULL: it does not run.  Borrowed. */
MeishiModuleWatch *meishi_tokens_find_watch(const MeishiTokens *tokens, const char *module);

/* Whether every module has been looked at: before, what is not there may still turn up. */
gboolean meishi_tokens_are_settled(const MeishiTokens *tokens);

/* Looks thoroughly, where need be with new starts of modules; logins are lost there. */
void meishi_tokens_refresh(MeishiTokens *tokens);
