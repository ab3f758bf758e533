/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenHost: a foreign PKCS#11 module at arm's length.
 *
 * The module runs in a process of its own (daemon/tokenhost/).  It may crash, hang, print and
 * answer nonsense: whoever waits for it gets an error within the deadline, the process is killed
 * and started anew after a pause that grows, and nothing else notices.  What the module keeps in
 * its process, logins above all, is gone then.
 *
 * Main loop.  Calls may overlap; those about one slot are done one after another.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/tokenhost/message.h"

typedef struct MeishiTokenHost MeishiTokenHost;

typedef struct {
    const char *module;   /* path of the .so, absolute */
    const char *reserved; /* for C_Initialize (x-init-reserved); NULL */
    gboolean network;     /* it may talk to other machines */
    /* The module is initialized and can be called; @library says what it is. */
    void (*ready)(MeishiTokenHost *host, const MeishiHostReply *library, gpointer user_data);
    /* It ended, or would not start; another try follows by itself after @retry_ms. */
    void (*lost)(MeishiTokenHost *host, const GError *why, guint retry_ms, gpointer user_data);
    /* The module printed a line. */
    void (*said)(MeishiTokenHost *host, const char *line, gpointer user_data);
    gpointer user_data;
} MeishiTokenHostOptions;

/* Starts it from the main loop.  No callback is called before this returns. */
MeishiTokenHost *meishi_token_host_new(const MeishiTokenHostOptions *options);

/* Calls that are under way end with CANCELLED. */
void meishi_token_host_free(MeishiTokenHost *host); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTokenHost, meishi_token_host_free)

gboolean meishi_token_host_is_ready(const MeishiTokenHost *host);

/* Whether it was last lost because a call was late. */
gboolean meishi_token_host_was_late(const MeishiTokenHost *host);

/* How many calls it has ever answered. */
guint64 meishi_token_host_n_answers(const MeishiTokenHost *host);

/* Ends the process and starts another one without a pause: modules that do not see tokens come and
 * go see them after C_Initialize.  Calls under way end with UNAVAILABLE. */
void meishi_token_host_restart(MeishiTokenHost *host, const char *why);

/* ---- calls --------------------------------------------------------------------------------- */

/* What a call is given to be done in, from when it has its turn. */
#define MEISHI_HOST_DEADLINE_QUICK_MS  20000  /* nobody needs to do anything */
#define MEISHI_HOST_DEADLINE_KEY_MS    30000  /* a slow card, or one that wants to be touched */
#define MEISHI_HOST_DEADLINE_PERSON_MS 180000 /* a person types at a PIN pad */
#define MEISHI_HOST_NO_DEADLINE        0      /* WAIT */

typedef struct {
    MeishiHostReply reply;       /* points into @frame */
    MeishiSecret *frame;         /* decrypted data may be in it */
    struct meishi_bytes listing; /* OBJECTS: for meishi_host_object_decode() */
} MeishiHostAnswer;

void meishi_host_answer_free(MeishiHostAnswer *answer); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiHostAnswer, meishi_host_answer_free)

/* Asks @request (its call number is chosen here); the PINs are borrowed.  Not to be cancelled: a
 * module cannot be.
 *
 * Whatever the module answers is an answer; look at its status.  Errors are: UNAVAILABLE (not
 * ready, or ended meanwhile), TIMEOUT (this call was late, and the module was ended for it),
 * INVALID_ARGUMENT (does not fit the protocol), CANCELLED. */
void
meishi_token_host_call_async(MeishiTokenHost *host, const MeishiHostRequest *request,
                             guint deadline_ms, GAsyncReadyCallback callback, gpointer user_data);
MeishiHostAnswer *
meishi_token_host_call_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- tests --------------------------------------------------------------------------------- */

/* Takes the program from @path; NULL: beside the daemon, else where it was installed. */
void meishi_token_host_set_program(const char *path);

/* Puts @deadline_ms in the place of every longer deadline and lets pauses begin with @pause_ms. */
void meishi_token_host_set_pace(guint deadline_ms, guint pause_ms);
