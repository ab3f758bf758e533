/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The only file that uses libsecret.  It asks in small steps, because libsecret's one-call lookup
 * gives the same NULL for "no such item", "locked" and "the person closed the dialog"; here only an
 * item that was seen unlocked counts, and only a keyring that is open in all its parts may say
 * that there is none.
 */
#include "daemon/keyring/secret-service.h"

#include "daemon/keyring/keyring.h"
#include "daemon/keyring/message.h"

#include <libsecret/secret.h>
#include <string.h>

typedef GList ItemList;

static void
item_list_free(ItemList *items)
{
    g_list_free_full(items, g_object_unref);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ItemList, item_list_free)

static const SecretSchema vault_schema = {
    "org.meishi.VaultKey",
    SECRET_SCHEMA_NONE,
    {{"item", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
    0,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
};

static const SecretSchema pin_schema = {
    "org.meishi.TokenPin",
    SECRET_SCHEMA_NONE,
    {{"token", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
    0,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
};

static const SecretSchema *
schema_of(const MeishiSecretItem *item)
{
    return item->is_pin ? &pin_schema : &vault_schema;
}

static GHashTable *
attributes_of(const MeishiSecretItem *item)
{
    return secret_attributes_build(schema_of(item), item->is_pin ? "token" : "item", item->name,
                                   NULL);
}

static int
say(int status, const char *text, char **ret_text)
{
    *ret_text = g_strdup(text);
    return status;
}

static int
say_locked(char **ret_text)
{
    return say(MEISHI_KEYRING_LOCKED, "The desktop's keyring is locked.", ret_text);
}

static gboolean
is_nobody_there(const GError *error)
{
    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SPAWN_EXEC_FAILED) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SPAWN_CHILD_EXITED) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND);
}

static gboolean
is_timeout(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT);
}

static int
say_error(const GError *error, char **ret_text)
{
    if (is_nobody_there(error))
        return say(MEISHI_KEYRING_UNAVAILABLE, "Nobody provides the Secret Service here.",
                   ret_text);
    if (is_timeout(error))
        return say(MEISHI_KEYRING_TIMEOUT, "The desktop's keyring did not answer.", ret_text);
    if (g_error_matches(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
        return say_locked(ret_text);
    *ret_text = g_strdup_printf("The desktop's keyring failed: %s.",
                                error != NULL ? error->message : "no reason given");
    return MEISHI_KEYRING_FAILED;
}

/* GIO would start a bus of its own where a display is there and no bus: dbus-launch, which nobody
 * would end. */
static gboolean
has_bus(void)
{
    const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS");
    g_autofree char *path = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);

    return (address != NULL && *address != '\0') || g_file_test(path, G_FILE_TEST_EXISTS);
}

static int
connect_service(SecretServiceFlags flags, SecretService **ret_service, char **ret_text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDBusConnection) bus = NULL;

    if (has_bus())
        bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
    if (bus == NULL)
        return say(MEISHI_KEYRING_UNAVAILABLE, "There is no session bus here.", ret_text);
    *ret_service = secret_service_get_sync(flags, NULL, &error);
    return *ret_service != NULL ? MEISHI_KEYRING_OK : say_error(error, ret_text);
}

/* Whether every part of the keyring is open, so that what is not seen is not there. */
static gboolean
is_all_open(SecretService *service)
{
    g_autoptr(ItemList) collections = NULL;
    gboolean has_default = FALSE;

    if (!secret_service_load_collections_sync(service, NULL, NULL))
        return FALSE;
    collections = secret_service_get_collections(service);
    for (GList *link = collections; link != NULL; link = link->next) {
        const char *path = g_dbus_proxy_get_object_path(link->data);

        if (secret_collection_get_locked(link->data))
            return FALSE;
        has_default |= !g_str_has_suffix(path, "/collection/session");
    }
    return has_default;
}

/* The items called @item, unlocked or not; NOT_FOUND where there surely is none. */
static int
find_items(SecretService *service, const MeishiSecretItem *item, ItemList **ret_items,
           char **ret_text)
{
    g_autoptr(GHashTable) attributes = attributes_of(item);
    g_autoptr(GError) error = NULL;

    *ret_items = secret_service_search_sync(service, schema_of(item), attributes, SECRET_SEARCH_ALL,
                                            NULL, &error);
    if (error != NULL)
        return say_error(error, ret_text);
    if (*ret_items != NULL)
        return MEISHI_KEYRING_OK;
    if (!is_all_open(service))
        return say_locked(ret_text);
    return say(MEISHI_KEYRING_NOT_FOUND,
               item->is_pin ? "The desktop's keyring does not have the token's PIN."
                            : "The desktop's keyring does not have the vault's key.",
               ret_text);
}

/* Unlocks @object (an item or a collection) where that may be done; a prompt that was dismissed is
 * no error to libsecret, only an object that is still locked. */
static int
unlock(SecretService *service, gpointer object, gboolean is_locked, gboolean interactive,
       char **ret_text)
{
    g_autoptr(GError) error = NULL;
    GList objects = {object, NULL, NULL};
    g_autoptr(ItemList) unlocked = NULL;

    if (!is_locked)
        return MEISHI_KEYRING_OK;
    if (!interactive)
        return say_locked(ret_text);
    (void)secret_service_unlock_sync(service, &objects, NULL, &unlocked, &error);
    if (error != NULL)
        return say_error(error, ret_text);
    return unlocked != NULL ? MEISHI_KEYRING_OK : say_locked(ret_text);
}

static gboolean
is_length(const MeishiSecretItem *item, gsize len)
{
    return item->is_pin ? len > 0 && len <= MEISHI_KEYRING_MAX_PIN
                        : len == MEISHI_KEYRING_SECRET_LEN;
}

static int
read_item(const MeishiSecretItem *item, SecretItem *found, MeishiSecret **ret_secret,
          char **ret_text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SecretValue) value = NULL;
    const char *data;
    gsize len;

    if (!secret_item_load_secret_sync(found, NULL, &error))
        return say_error(error, ret_text);
    value = secret_item_get_secret(found);
    if (value == NULL)
        return say_locked(ret_text);
    data = secret_value_get(value, &len);
    if (!is_length(item, len))
        return say(MEISHI_KEYRING_FAILED,
                   "The desktop's keyring gave something that is not what was stored in it.",
                   ret_text);
    *ret_secret = meishi_secret_new_copy(data, len);
    return MEISHI_KEYRING_OK;
}

int
meishi_secret_service_lookup(const MeishiSecretItem *item, gboolean interactive,
                             MeishiSecret **ret_secret, char **ret_text)
{
    g_autoptr(SecretService) service = NULL;
    g_autoptr(ItemList) items = NULL;
    int status = connect_service(SECRET_SERVICE_OPEN_SESSION, &service, ret_text);

    if (status == MEISHI_KEYRING_OK)
        status = find_items(service, item, &items, ret_text);
    if (status == MEISHI_KEYRING_OK)
        status = unlock(service, items->data, secret_item_get_locked(items->data), interactive,
                        ret_text);
    if (status == MEISHI_KEYRING_OK)
        status = read_item(item, items->data, ret_secret, ret_text);
    return status;
}

static int
open_default(SecretService *service, gboolean interactive, char **ret_text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SecretCollection) collection = secret_collection_for_alias_sync(
        service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, NULL, &error);

    if (error != NULL)
        return say_error(error, ret_text);
    if (collection == NULL)
        return say(MEISHI_KEYRING_LOCKED,
                   "The desktop's keyring is locked or has not been set up yet.", ret_text);
    return unlock(service, collection, secret_collection_get_locked(collection), interactive,
                  ret_text);
}

static int
put(SecretService *service, const MeishiSecretItem *item, const MeishiSecret *secret,
    char **ret_text)
{
    const char *title = item->is_pin ? item->title : "Meishi: key of the certificate vault";
    g_autoptr(GHashTable) attributes = attributes_of(item);
    g_autoptr(SecretValue) value =
        secret_value_new((const char *)meishi_secret_data(secret),
                         (gssize)meishi_secret_len(secret), "application/octet-stream");
    g_autoptr(GError) error = NULL;

    if (secret_service_store_sync(service, schema_of(item), attributes, SECRET_COLLECTION_DEFAULT,
                                  title, value, NULL, &error))
        return MEISHI_KEYRING_OK;
    return say_error(error, ret_text);
}

/* Reads back what was stored: a vault whose key was accepted and lost is lost. */
int
meishi_secret_service_store(const MeishiSecretItem *item, gboolean interactive,
                            MeishiSecret *secret, char **ret_text)
{
    g_autoptr(SecretService) service = NULL;
    g_autoptr(MeishiSecret) again = NULL;
    int status = connect_service(SECRET_SERVICE_OPEN_SESSION, &service, ret_text);

    if (status == MEISHI_KEYRING_OK)
        status = open_default(service, interactive, ret_text);
    if (status == MEISHI_KEYRING_OK)
        status = put(service, item, secret, ret_text);
    if (status == MEISHI_KEYRING_OK)
        status = meishi_secret_service_lookup(item, FALSE, &again, ret_text);
    if (status == MEISHI_KEYRING_OK && !meishi_secret_equal(secret, again))
        return say(MEISHI_KEYRING_FAILED,
                   "The desktop's keyring did not keep what was stored in it.", ret_text);
    return status;
}

int
meishi_secret_service_clear(const MeishiSecretItem *item, gboolean interactive, char **ret_text)
{
    g_autoptr(SecretService) service = NULL;
    g_autoptr(ItemList) items = NULL;
    g_autoptr(GError) error = NULL;
    int status = connect_service(SECRET_SERVICE_NONE, &service, ret_text);

    if (status == MEISHI_KEYRING_OK)
        status = find_items(service, item, &items, ret_text);
    for (GList *link = items; status == MEISHI_KEYRING_OK && link != NULL; link = link->next) {
        status =
            unlock(service, link->data, secret_item_get_locked(link->data), interactive, ret_text);
        if (status == MEISHI_KEYRING_OK && !secret_item_delete_sync(link->data, NULL, &error))
            status = say_error(error, ret_text);
    }
    return status;
}
