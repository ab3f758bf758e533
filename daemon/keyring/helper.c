/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi-keyring: one request to the Secret Service, in a process that may be killed.
 *
 * Started by keyring.c, which holds the deadline; here every call may block for as long as
 * libsecret likes.  libsecret shows a locked collection and a dismissed prompt as "no such item",
 * so an item counts as absent only when every collection is known to be unlocked; in doubt the
 * answer is "locked".
 */
#include "daemon/base/harden.h"
#include "daemon/base/secret.h"
#include "daemon/keyring/exchange.h"

#include <libsecret/secret.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef struct {
    MeishiKeyringOperation operation;
    char vault_id[MEISHI_KEYRING_ID_LEN + 1];
    MeishiSecret *secret; /* STORE: what to store */
} Request;

typedef struct {
    MeishiKeyringOutcome outcome;
    MeishiSecret *secret; /* LOOKUP: what was found */
    const char *text;
    GError *error;
} Reply;

static const SecretSchema schema = {
    .name = "org.meishi.VaultKey",
    .flags = SECRET_SCHEMA_NONE,
    .attributes = {{"vault-id", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
};

static gboolean
receive_request(Request *request)
{
    g_autoptr(MeishiSecret) packet = meishi_secret_new(MEISHI_KEYRING_MAX_PACKET);
    guint8 *bytes = meishi_secret_writable(packet);
    gssize n = recv(MEISHI_KEYRING_FD, bytes, MEISHI_KEYRING_MAX_PACKET, 0);
    gssize head = 1 + MEISHI_KEYRING_ID_LEN;

    if (n < head || n > head + MEISHI_KEYRING_MAX_SECRET)
        return FALSE;
    request->operation = bytes[0];
    memcpy(request->vault_id, bytes + 1, MEISHI_KEYRING_ID_LEN);
    request->vault_id[MEISHI_KEYRING_ID_LEN] = '\0';
    request->secret = meishi_secret_new_copy(bytes + head, (gsize)(n - head));
    return TRUE;
}

static void
send_reply(const Reply *reply)
{
    g_autoptr(MeishiSecret) packet = meishi_secret_new(MEISHI_KEYRING_MAX_PACKET);
    const char *text = reply->error ? reply->error->message : reply->text ? reply->text : "";
    const void *body = reply->secret ? (const void *)meishi_secret_data(reply->secret) : text;
    gsize len = reply->secret ? meishi_secret_len(reply->secret) : strlen(text);

    len = MIN(len, MEISHI_KEYRING_MAX_PACKET - 1);
    meishi_secret_writable(packet)[0] = (guint8)reply->outcome;
    memcpy(meishi_secret_writable(packet) + 1, body, len);
    (void)!send(MEISHI_KEYRING_FD, meishi_secret_data(packet), len + 1, MSG_NOSIGNAL);
}

/* No bus, nobody on it who provides the service, or nobody who could be started: the machine has
 * no Secret Service.  Everything else is a service with a problem. */
static gboolean
means_unavailable(const GError *error)
{
    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FAILED) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) ||
           error->domain == G_SPAWN_EXIT_ERROR || error->domain == G_SPAWN_ERROR;
}

static SecretService *
connect_service(Reply *reply)
{
    SecretService *service =
        secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, &reply->error);

    if (service == NULL)
        reply->outcome =
            means_unavailable(reply->error) ? MEISHI_KEYRING_UNAVAILABLE : MEISHI_KEYRING_FAILED;
    return service;
}

static gboolean
is_everything_unlocked(SecretService *service)
{
    g_autolist(SecretCollection) collections = NULL;

    if (!secret_service_load_collections_sync(service, NULL, NULL))
        return FALSE;
    collections = secret_service_get_collections(service);
    for (GList *l = collections; l != NULL; l = l->next)
        if (secret_collection_get_locked(l->data))
            return FALSE;
    return collections != NULL;
}

static SecretItem *
search(SecretService *service, const Request *request, Reply *reply)
{
    g_autoptr(GHashTable) attributes =
        secret_attributes_build(&schema, "vault-id", request->vault_id, NULL);
    g_autolist(SecretItem) items = secret_service_search_sync(
        service, &schema, attributes, SECRET_SEARCH_NONE, NULL, &reply->error);

    if (items != NULL)
        return g_object_ref(items->data);
    if (reply->error != NULL) {
        reply->outcome = MEISHI_KEYRING_FAILED;
    } else if (is_everything_unlocked(service)) {
        reply->outcome = MEISHI_KEYRING_NOT_FOUND;
        reply->text = "The keyring is unlocked and holds no key of this vault";
    } else {
        reply->outcome = MEISHI_KEYRING_LOCKED;
        reply->text = "The keyring is locked";
    }
    return NULL;
}

/* Asks the service to unlock @item, which may ask the person; TRUE when it is open. */
static gboolean
unlock(SecretService *service, SecretItem *item, Reply *reply)
{
    GList objects = {.data = item};

    if (!secret_item_get_locked(item))
        return TRUE;
    if (secret_service_unlock_sync(service, &objects, NULL, NULL, NULL) > 0)
        return TRUE;
    reply->outcome = MEISHI_KEYRING_LOCKED;
    reply->text = "The keyring is locked and was not unlocked";
    return FALSE;
}

static MeishiSecret *
load_value(SecretItem *item, GError **error)
{
    SecretValue *value;
    const char *bytes;
    MeishiSecret *secret;
    gsize len = 0;

    if (!secret_item_load_secret_sync(item, NULL, error))
        return NULL;
    value = secret_item_get_secret(item);
    bytes = value != NULL ? secret_value_get(value, &len) : NULL;
    secret = bytes != NULL && len > 0 && len <= MEISHI_KEYRING_MAX_SECRET
                 ? meishi_secret_new_copy(bytes, len)
                 : NULL;
    g_clear_pointer(&value, secret_value_unref);
    return secret;
}

static void
do_lookup(SecretService *service, const Request *request, Reply *reply)
{
    g_autoptr(SecretItem) item = search(service, request, reply);

    if (item == NULL || !unlock(service, item, reply))
        return;
    reply->secret = load_value(item, &reply->error);
    reply->outcome = reply->secret != NULL ? MEISHI_KEYRING_DONE : MEISHI_KEYRING_LOCKED;
    if (reply->secret == NULL)
        reply->text = "The keyring did not give the key of this vault";
}

/* Reads back what was stored: a service that says yes and keeps nothing must not be trusted with
 * the only way to the vault. */
static void
do_store(SecretService *service, const Request *request, Reply *reply)
{
    g_autoptr(GHashTable) attributes =
        secret_attributes_build(&schema, "vault-id", request->vault_id, NULL);
    SecretValue *value =
        secret_value_new((const char *)meishi_secret_data(request->secret),
                         (gssize)meishi_secret_len(request->secret), "application/octet-stream");
    gboolean stored = secret_service_store_sync(
        service, &schema, attributes, SECRET_COLLECTION_DEFAULT,
        "Meishi: key of the certificate vault", value, NULL, &reply->error);

    secret_value_unref(value);
    if (!stored) {
        reply->outcome = g_error_matches(reply->error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED)
                             ? MEISHI_KEYRING_LOCKED
                             : MEISHI_KEYRING_FAILED;
        return;
    }
    do_lookup(service, request, reply);
    if (reply->outcome == MEISHI_KEYRING_DONE &&
        !meishi_secret_equal(reply->secret, request->secret)) {
        reply->outcome = MEISHI_KEYRING_FAILED;
        reply->text = "The keyring gave back something else than what was stored";
    }
    g_clear_pointer(&reply->secret, meishi_secret_unref);
}

static void
do_clear(SecretService *service, const Request *request, Reply *reply)
{
    g_autoptr(SecretItem) item = search(service, request, reply);

    if (item == NULL || !unlock(service, item, reply))
        return;
    reply->outcome = secret_item_delete_sync(item, NULL, &reply->error) ? MEISHI_KEYRING_DONE
                                                                        : MEISHI_KEYRING_FAILED;
}

static void
serve(const Request *request, Reply *reply)
{
    g_autoptr(SecretService) service = connect_service(reply);

    if (service == NULL)
        return;
    switch (request->operation) {
    case MEISHI_KEYRING_LOOKUP:
        do_lookup(service, request, reply);
        break;
    case MEISHI_KEYRING_STORE:
        do_store(service, request, reply);
        break;
    case MEISHI_KEYRING_CLEAR:
        do_clear(service, request, reply);
        break;
    default:
        reply->outcome = MEISHI_KEYRING_FAILED;
        reply->text = "Unknown request";
    }
}

int
main(void)
{
    Request request = {0};
    Reply reply = {.outcome = MEISHI_KEYRING_FAILED};

    meishi_harden_process();
    signal(SIGPIPE, SIG_IGN);
    if (!receive_request(&request)) {
        g_printerr("meishi-keyring is a part of meishid and of no use by itself\n");
        return EXIT_FAILURE;
    }
    serve(&request, &reply);
    send_reply(&reply);
    meishi_secret_unref(request.secret);
    meishi_secret_unref(reply.secret);
    g_clear_error(&reply.error);
    return EXIT_SUCCESS;
}
