/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Assuan, the language of pinentries, by libassuan; nobody else includes its header.
 *
 * Invariant: the secret is in locked memory only.  libassuan reads and decodes within its context,
 * and that, like everything it allocates, is one MeishiSecret each; what is said meanwhile is
 * confidential to it, and its log is off whatever the environment says.
 */
#include "cli/pinentry-talk.h"

#include "config.h"

#include <unistd.h>

#ifdef MEISHI_HAVE_ASSUAN

#include <assuan.h>
#include <string.h>

#define MAX_SECRET 4096
#define SOURCE     GPG_ERR_SOURCE_USER_1

/* ---- libassuan's memory ---------------------------------------------------------------------- */

#define HEAD 16 /* keeps what follows aligned for anything */

typedef struct {
    MeishiSecret *secret;
    gsize len;
} Head;

G_STATIC_ASSERT(sizeof(Head) <= HEAD);

static void *
allocate(size_t len)
{
    gsize rounded = (len + HEAD - 1) / HEAD * HEAD;
    MeishiSecret *secret = meishi_secret_new(HEAD + rounded);
    Head *head = (Head *)(gpointer)meishi_secret_writable(secret);

    head->secret = secret;
    head->len = len;
    return (guint8 *)head + HEAD;
}

static Head *
head_of(void *memory)
{
    return (Head *)(gpointer)((guint8 *)memory - HEAD);
}

static void
release(void *memory)
{
    if (memory != NULL)
        meishi_secret_unref(head_of(memory)->secret);
}

static void *
reallocate(void *memory, size_t len)
{
    void *grown = allocate(len);

    if (memory != NULL)
        memcpy(grown, memory, MIN(len, head_of(memory)->len));
    release(memory);
    return grown;
}

static struct assuan_malloc_hooks hooks = {allocate, reallocate, release};

static int
log_nothing(assuan_context_t context, void *data, unsigned int category, const char *message)
{
    return 0;
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* What the pinentry said itself, in good order; anything else is the end of the conversation. */
static gboolean
is_its_own(gpg_error_t error)
{
    return error == 0 || gpg_err_source(error) != SOURCE;
}

static MeishiPinentryEnd
fail(gpg_error_t error, char **ret_problem)
{
    gpg_err_code_t code = gpg_err_code(error);

    if (code == GPG_ERR_EOF || code == GPG_ERR_EPIPE || code == GPG_ERR_ECONNRESET)
        *ret_problem = g_strdup("it ended");
    else if (is_its_own(error))
        *ret_problem = g_strdup_printf("it says: %s", gpg_strerror(error));
    else
        *ret_problem = g_strdup_printf("what it says is no answer (%s)", gpg_strerror(error));
    return MEISHI_PINENTRY_FAILED;
}

/* ---- the conversation ------------------------------------------------------------------------ */

static gpg_error_t
transact(assuan_context_t context, const char *line)
{
    return assuan_transact(context, line, NULL, NULL, NULL, NULL, NULL, NULL);
}

/* A pinentry that does not know an option or a button asks all the same; one that would not say
 * what it asks for must not. */
static gpg_error_t
say_all(assuan_context_t context, const char *const *script)
{
    for (; *script != NULL; script++) {
        gpg_error_t error = transact(context, *script);

        if (!is_its_own(error) || (error != 0 && g_str_has_prefix(*script, "SETDESC ")))
            return error;
    }
    return 0;
}

typedef struct {
    MeishiSecret *secret; /* MAX_SECRET */
    gsize len;
} Data;

static gpg_error_t
on_data(void *user_data, const void *bytes, size_t len)
{
    Data *data = user_data;

    if (len > MAX_SECRET - data->len)
        return gpg_err_make(SOURCE, GPG_ERR_TOO_LARGE);
    memcpy(meishi_secret_writable(data->secret) + data->len, bytes, len);
    data->len += len;
    return 0;
}

static gpg_error_t
ask(assuan_context_t context, gboolean is_confirm, Data *data)
{
    gpg_error_t error;

    if (is_confirm)
        return transact(context, "CONFIRM");
    assuan_begin_confidential(context);
    error = assuan_transact(context, "GETPIN", on_data, data, NULL, NULL, NULL, NULL);
    assuan_end_confidential(context);
    return error;
}

static MeishiPinentryEnd
judge(gpg_error_t error, gboolean is_confirm, char **ret_problem)
{
    switch (is_its_own(error) ? gpg_err_code(error) : GPG_ERR_GENERAL) {
    case GPG_ERR_NO_ERROR:
        return MEISHI_PINENTRY_GIVEN;
    case GPG_ERR_NOT_CONFIRMED:
        return is_confirm ? MEISHI_PINENTRY_REFUSED : MEISHI_PINENTRY_DISMISSED;
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
    case GPG_ERR_TIMEOUT:
        return MEISHI_PINENTRY_DISMISSED;
    default:
        return fail(error, ret_problem);
    }
}

static MeishiPinentryEnd
converse(assuan_context_t context, MeishiPinentryTalk *talk)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new(MAX_SECRET);
    Data data = {.secret = secret};
    gpg_error_t error = say_all(context, (const char *const *)talk->script);
    MeishiPinentryEnd end;

    if (error != 0)
        return fail(error, &talk->problem);
    g_atomic_int_set(&talk->is_asking, TRUE);
    end = judge(ask(context, talk->is_confirm, &data), talk->is_confirm, &talk->problem);
    if (end != MEISHI_PINENTRY_GIVEN || talk->is_confirm)
        return end;
    if (data.len == 0)
        return MEISHI_PINENTRY_DISMISSED;
    meishi_secret_truncate(secret, data.len);
    talk->secret = g_steal_pointer(&secret);
    return end;
}

/* Releasing the context says BYE and closes the socket; so does a connection that fails. */
void
meishi_pinentry_talk(MeishiPinentryTalk *talk)
{
    assuan_context_t context;
    gpg_error_t error = assuan_new_ext(&context, SOURCE, &hooks, log_nothing, NULL);

    if (error != 0) {
        close(talk->fd);
        talk->end = fail(error, &talk->problem);
        return;
    }
    error = assuan_socket_connect_fd(context, talk->fd, 0);
    talk->end = error != 0 ? fail(error, &talk->problem) : converse(context, talk);
    assuan_release(context);
}

#else

void
meishi_pinentry_talk(MeishiPinentryTalk *talk)
{
    close(talk->fd);
    talk->end = MEISHI_PINENTRY_FAILED;
    talk->problem = g_strdup("this meishi was built without libassuan");
}

#endif
