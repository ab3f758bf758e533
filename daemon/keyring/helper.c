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
    guint8 operation;
    gboolean interactive;
    guint seconds;
    char *item;
    MeishiSecret *secret;
} Request;

static void
request_clear(Request *request)
{
    g_clear_pointer(&request->item, g_free);
    g_clear_pointer(&request->secret, meishi_secret_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

static gboolean
receive_request(Request *request)
{
    g_autoptr(MeishiSecret) packet = meishi_secret_new(MEISHI_KEYRING_MAX_PACKET);
    const guint8 *data = meishi_secret_data(packet);
    ssize_t n =
        recv(MEISHI_KEYRING_FD, meishi_secret_writable(packet), MEISHI_KEYRING_MAX_PACKET, 0);
    gsize len = n > 0 ? (gsize)n : 0;
    gsize rest;

    if (len < MEISHI_KEYRING_HEADER_LEN || len - MEISHI_KEYRING_HEADER_LEN < data[3])
        return FALSE;
    rest = len - MEISHI_KEYRING_HEADER_LEN - data[3];
    if (rest != (data[0] == MEISHI_KEYRING_STORE ? MEISHI_KEYRING_SECRET_LEN : 0))
        return FALSE;
    request->operation = data[0];
    request->interactive = data[1] != 0;
    request->seconds = data[2];
    request->item = g_strndup((const char *)data + MEISHI_KEYRING_HEADER_LEN, data[3]);
    request->secret = meishi_secret_new_copy(data + len - rest, rest);
    return TRUE;
}

static int
answer(const Request *request, MeishiSecret **ret_secret, char **ret_text)
{
    switch (request->operation) {
    case MEISHI_KEYRING_LOOKUP:
        return meishi_secret_service_lookup(request->item, request->interactive, ret_secret,
                                            ret_text);
    case MEISHI_KEYRING_STORE:
        return meishi_secret_service_store(request->item, request->interactive, request->secret,
                                           ret_text);
    case MEISHI_KEYRING_CLEAR:
        return meishi_secret_service_clear(request->item, request->interactive, ret_text);
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
