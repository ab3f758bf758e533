/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi-keyring: one question to the desktop's Secret Service, then the end.  Started by meishid
 * with a socket as descriptor 3; not for people.  A process of its own because libsecret may block
 * for ever in the session of somebody else's making; the daemon kills it at its deadline, and an
 * alarm does where the daemon is gone.
 */
#include "daemon/base/harden.h"
#include "daemon/keyring/keyring.h"
#include "daemon/keyring/message.h"
#include "daemon/keyring/secret-service.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    guint8 operation; /* without MEISHI_KEYRING_PIN */
    gboolean interactive;
    guint seconds;
    gboolean is_pin;
    char *item;
    char *title; /* of a PIN that is stored; NULL */
    MeishiSecret *secret;
} Request;

static void
request_clear(Request *request)
{
    g_clear_pointer(&request->item, g_free);
    g_clear_pointer(&request->title, g_free);
    g_clear_pointer(&request->secret, meishi_secret_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

/* The next text of a byte that says its length; NULL where there is not so much. */
static char *
take_text(const guint8 **data, gsize *len)
{
    char *text;

    if (*len < 1 || *len - 1 < **data)
        return NULL;
    text = g_strndup((const char *)*data + 1, **data);
    *len -= 1 + (gsize) * *data;
    *data += 1 + (gsize) * *data;
    return text;
}

static gboolean
is_length(const Request *request, gsize len)
{
    if (request->operation != MEISHI_KEYRING_STORE)
        return len == 0;
    return request->is_pin ? len > 0 && len <= MEISHI_KEYRING_MAX_PIN
                           : len == MEISHI_KEYRING_SECRET_LEN;
}

static gboolean
parse_request(const guint8 *data, gsize len, Request *request)
{
    const guint8 *rest = data + MEISHI_KEYRING_HEADER_LEN - 1;

    if (len < MEISHI_KEYRING_HEADER_LEN)
        return FALSE;
    len -= MEISHI_KEYRING_HEADER_LEN - 1;
    request->is_pin = (data[0] & MEISHI_KEYRING_PIN) != 0;
    request->operation = data[0] & ~MEISHI_KEYRING_PIN;
    request->interactive = data[1] != 0;
    request->seconds = data[2];
    request->item = take_text(&rest, &len);
    if (request->item != NULL && request->is_pin && request->operation == MEISHI_KEYRING_STORE) {
        request->title = take_text(&rest, &len);
        if (request->title == NULL)
            return FALSE;
    }
    if (request->item == NULL || !is_length(request, len))
        return FALSE;
    request->secret = meishi_secret_new_copy(rest, len);
    return TRUE;
}

static gboolean
receive_request(Request *request)
{
    g_autoptr(MeishiSecret) packet = meishi_secret_new(MEISHI_KEYRING_MAX_PACKET);
    ssize_t n =
        recv(MEISHI_KEYRING_FD, meishi_secret_writable(packet), MEISHI_KEYRING_MAX_PACKET, 0);

    return n > 0 && parse_request(meishi_secret_data(packet), (gsize)n, request);
}

static int
answer(const Request *request, MeishiSecret **ret_secret, char **ret_text)
{
    const MeishiSecretItem item = {
        .is_pin = request->is_pin, .name = request->item, .title = request->title};

    switch (request->operation) {
    case MEISHI_KEYRING_LOOKUP:
        return meishi_secret_service_lookup(&item, request->interactive, ret_secret, ret_text);
    case MEISHI_KEYRING_STORE:
        return meishi_secret_service_store(&item, request->interactive, request->secret, ret_text);
    case MEISHI_KEYRING_CLEAR:
        return meishi_secret_service_clear(&item, request->interactive, ret_text);
    default:
        *ret_text = g_strdup("meishid asked its keyring helper for something unknown; are they of "
                             "the same version?");
        return MEISHI_KEYRING_FAILED;
    }
}

static gboolean
send_reply(int status, const MeishiSecret *secret, const char *text)
{
    const void *data = secret != NULL ? (const void *)meishi_secret_data(secret) : text;
    gsize data_len = secret != NULL ? meishi_secret_len(secret) : (text != NULL ? strlen(text) : 0);
    gsize len = MIN(data_len, MEISHI_KEYRING_MAX_PACKET - 1);
    g_autoptr(MeishiSecret) packet = meishi_secret_new(1 + len);
    guint8 *p = meishi_secret_writable(packet);

    p[0] = (guint8)status;
    if (len > 0)
        memcpy(p + 1, data, len);
    return send(MEISHI_KEYRING_FD, p, 1 + len, MSG_NOSIGNAL) == (ssize_t)(1 + len);
}

int
main(void)
{
    g_auto(Request) request = {0};
    g_autoptr(MeishiSecret) secret = NULL;
    g_autofree char *text = NULL;
    int status;

    meishi_harden_process();
    if (!receive_request(&request))
        return 2;
    alarm(request.seconds + 1);
    status = answer(&request, &secret, &text);
    return send_reply(status, secret, text) ? EXIT_SUCCESS : EXIT_FAILURE;
}
