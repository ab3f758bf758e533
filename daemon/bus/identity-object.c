/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Identity interface.  An object knows the row ids of its identity, not the identity: each
 * call looks it up anew, so that a value which changed or went away meanwhile is never acted on.
 */
#include "daemon/bus/identity-object.h"

#include "daemon/agent/hex.h"
#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/caller.h"
#include "daemon/bus/door.h"
#include "daemon/bus/options.h"
#include "daemon/bus/receive.h"
#include "daemon/bus/report.h"
#include "daemon/policy/check.h"

#include <string.h>

#define OBJECT_DATA "meishi-identity"
#define IDENTITIES  MEISHI_BUS_PATH "/identity/"
#define BARE        "key"

typedef struct {
    MeishiAgent *agent;
    gint64 cert_id;
    gint64 key_id;
} Object;

static const MeishiOption export_options[] = {{"proof", "h"}, {NULL, NULL}};

/* ---- paths ------------------------------------------------------------------------------------
 */

char *
meishi_identity_object_path(const MeishiIdentity *identity)
{
    if (identity->cert_id == 0)
        return meishi_identity_object_bare_path(identity);
    return g_strdup_printf(IDENTITIES "%" G_GINT64_FORMAT, identity->cert_id);
}

char *
meishi_identity_object_bare_path(const MeishiIdentity *identity)
{
    return g_strdup_printf(IDENTITIES BARE "%" G_GINT64_FORMAT, identity->key_id);
}

char *
meishi_identity_object_path_of(MeishiAgent *agent, const char *id)
{
    g_autoptr(MeishiIdentity) identity = meishi_agent_find_id(agent, id);

    return identity != NULL ? meishi_identity_object_path(identity) : g_strdup("/");
}

/* The row's number at the end of @path after @prefix; 0 for anything else. */
static gint64
parse_row(const char *path, const char *prefix)
{
    guint64 row;

    if (g_str_has_prefix(path, prefix) &&
        g_ascii_string_to_unsigned(path + strlen(prefix), 10, 1, G_MAXINT64, &row, NULL))
        return (gint64)row;
    return 0;
}

MeishiIdentity *
meishi_identity_object_find(MeishiAgent *agent, const char *path, GError **error)
{
    gint64 cert_id = parse_row(path, IDENTITIES);
    gint64 key_id = parse_row(path, IDENTITIES BARE);
    MeishiIdentity *identity = NULL;

    if (cert_id != 0 || key_id != 0)
        identity = meishi_agent_find(agent, cert_id, key_id);
    if (identity == NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "There is no identity at %s",
                    path);
    return identity;
}

gboolean
meishi_identity_object_id_at(MeishiAgent *agent, const char *path, char **ret_id, GError **error)
{
    g_autoptr(MeishiIdentity) identity = NULL;

    if (g_str_equal(path, "/")) {
        *ret_id = NULL;
        return TRUE;
    }
    identity = meishi_identity_object_find(agent, path, error);
    if (identity == NULL)
        return FALSE;
    *ret_id = meishi_identity_id(identity);
    return TRUE;
}

/* ---- properties -------------------------------------------------------------------------------
 */

/* RFC 4648 section 5 without padding, as RFC 8705 section 3.1 wants x5t#S256. */
static char *
to_base64url(const guint8 *bytes, gsize len)
{
    char *text = g_base64_encode(bytes, len);

    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

static char **
chain_subjects(GPtrArray *chain)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < chain->len; i++)
        g_strv_builder_add(builder, ((MeishiCert *)chain->pdata[i])->subject_text);
    return g_strv_builder_end(builder);
}

static char **
warning_sentences(const MeishiIdentity *identity)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint bit = 1; bit != 0 && bit <= identity->warnings; bit <<= 1) {
        g_autofree char *text = NULL;

        if ((identity->warnings & bit) == 0)
            continue;
        text = meishi_check_warning_text(bit, identity->cert);
        g_strv_builder_add(builder, text);
    }
    return g_strv_builder_end(builder);
}

static const char *
or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *
first_of(const char *name, const char *whole)
{
    return name != NULL && name[0] != '\0' ? name : or_empty(whole);
}

static void
set_certificate(MeishiBusIdentity *skeleton, const MeishiCert *cert)
{
    static const char *const none[] = {NULL};
    g_autofree char *sha256 = meishi_hex_encode(cert->sha256, sizeof cert->sha256);
    g_autofree char *x5t = to_base64url(cert->sha256, sizeof cert->sha256);
    g_auto(GStrv) usage = meishi_cert_key_usage_names(cert);

    g_object_set(skeleton, "subject", or_empty(cert->subject_text), "issuer",
                 or_empty(cert->issuer_text), "subject-name",
                 first_of(cert->subject_cn, cert->subject_text), "issuer-name",
                 first_of(cert->issuer_cn, cert->issuer_text), "serial-number",
                 or_empty(cert->serial_hex), "not-before", cert->not_before, "not-after",
                 cert->not_after, "certificate-sha256", sha256, "x5t-s256", x5t, "key-usage", usage,
                 "extended-key-usage", cert->ekus != NULL ? cert->ekus : (char **)none,
                 "alternative-names", cert->sans != NULL ? cert->sans : (char **)none,
                 "signature-algorithm", or_empty(cert->signature_algorithm), NULL);
}

static void
set_key(MeishiBusIdentity *skeleton, const MeishiPublicKey *key)
{
    g_autofree char *sha256 = meishi_hex_encode(key->spki_sha256, sizeof key->spki_sha256);
    g_autofree char *key_id = meishi_hex_encode(key->key_id, sizeof key->key_id);

    g_object_set(skeleton, "key", or_empty(key->text), "key-id", key_id, "spki-sha256", sha256,
                 NULL);
}

/* A key without certificate leaves the certificate's properties empty, never absent: GDBus will
 * not send a NULL string or array. */
static void
set_no_certificate(MeishiBusIdentity *skeleton)
{
    static const char *const none[] = {NULL};

    g_object_set(skeleton, "subject", "", "issuer", "", "subject-name", "", "issuer-name", "",
                 "serial-number", "", "certificate-sha256", "", "x5t-s256", "", "key-usage", none,
                 "extended-key-usage", none, "alternative-names", none, "signature-algorithm", "",
                 NULL);
}

static void
set_lineage(MeishiBusIdentity *skeleton, MeishiAgent *agent, MeishiIdentity *identity)
{
    g_autoptr(MeishiIdentity) renewal = meishi_agent_superseded_by(agent, identity);
    g_autofree char *path = renewal != NULL ? meishi_identity_object_path(renewal) : g_strdup("/");

    g_object_set(skeleton, "lineage", meishi_agent_lineage(agent, identity), "superseded-by", path,
                 NULL);
}

static void
set_all(MeishiBusIdentity *skeleton, MeishiAgent *agent, MeishiIdentity *identity)
{
    g_autofree char *id = meishi_identity_id(identity);
    g_autoptr(GPtrArray) warnings = meishi_report_warnings(identity->warnings);
    g_auto(GStrv) messages = warning_sentences(identity);
    g_auto(GStrv) chain = chain_subjects(identity->chain);

    g_ptr_array_add(warnings, NULL);
    g_object_set(skeleton, "id", id, "label", or_empty(identity->label), "location",
                 identity->is_in_vault ? "vault" : "token", "key-token",
                 identity->place != NULL ? identity->place->slot_label : "", "token",
                 or_empty(identity->token_label), "uri", or_empty(identity->uri), "created",
                 identity->created, "present", meishi_identity_is_present(identity), "chain", chain,
                 "warnings", warnings->pdata, "messages", messages, "allow-raw",
                 identity->allow_raw, NULL);
    set_key(skeleton, identity->key);
    set_lineage(skeleton, agent, identity);
    if (identity->cert != NULL)
        set_certificate(skeleton, identity->cert);
    else
        set_no_certificate(skeleton);
}

/* ---- methods ----------------------------------------------------------------------------------
 */

static MeishiIdentity *
find(Object *object, GError **error)
{
    MeishiIdentity *identity = meishi_agent_find(object->agent, object->cert_id, object->key_id);

    if (identity == NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "This identity has been removed meanwhile");
    return identity;
}

static gboolean
on_rename(MeishiBusIdentity *skeleton, GDBusMethodInvocation *invocation, const char *label,
          gpointer user_data)
{
    Object *object = user_data;
    GError *error = NULL;
    g_autoptr(MeishiIdentity) identity = find(object, &error);
    gboolean ok = identity != NULL && meishi_agent_rename(object->agent, identity, label, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

static gboolean
on_set_allow_raw(MeishiBusIdentity *skeleton, GDBusMethodInvocation *invocation, gboolean allow,
                 gpointer user_data)
{
    Object *object = user_data;
    GError *error = NULL;
    g_autoptr(MeishiIdentity) identity = find(object, &error);
    gboolean ok =
        identity != NULL && meishi_agent_set_allow_raw(object->agent, identity, allow, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

static gboolean
set_renews(Object *object, const char *older_path, GError **error)
{
    g_autoptr(MeishiIdentity) newer = find(object, error);
    g_autoptr(MeishiIdentity) older = NULL;

    if (newer == NULL)
        return FALSE;
    if (!g_str_equal(older_path, "/")) {
        older = meishi_identity_object_find(object->agent, older_path, error);
        if (older == NULL)
            return FALSE;
    }
    return meishi_agent_set_renews(object->agent, newer, older, error);
}

static gboolean
on_set_renews(MeishiBusIdentity *skeleton, GDBusMethodInvocation *invocation, const char *older,
              gpointer user_data)
{
    GError *error = NULL;
    gboolean ok = set_renews(user_data, older, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

/* Removal takes this object off its connection before the answer is sent, which does not need
 * it. */
static gboolean
on_remove(MeishiBusIdentity *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    Object *object = user_data;
    GError *error = NULL;
    g_autoptr(MeishiIdentity) identity = find(object, &error);
    gboolean ok = identity != NULL && meishi_agent_remove(object->agent, identity, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

static gboolean
on_export_certificates(MeishiBusIdentity *skeleton, GDBusMethodInvocation *invocation,
                       gpointer user_data)
{
    Object *object = user_data;
    GError *error = NULL;
    g_autoptr(MeishiIdentity) identity = find(object, &error);
    g_autofree char *pem =
        identity != NULL ? meishi_agent_export_certificates(object->agent, identity, &error) : NULL;

    if (pem != NULL)
        meishi_bus_identity_complete_export_certificates(skeleton, invocation, pem);
    else
        meishi_call_answer(invocation, FALSE, error);
    return TRUE;
}

static void
on_key_exported(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiCall *call = user_data;
    GError *error = NULL;
    g_autoptr(GBytes) pkcs12 = meishi_agent_export_key_finish(MEISHI_AGENT(source), result, &error);

    if (pkcs12 != NULL)
        meishi_call_return(
            call, g_variant_new("(@ay)",
                                g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, pkcs12, TRUE)));
    else
        meishi_call_fail(call, error);
}

static void
export_key_received(MeishiCall *call)
{
    meishi_agent_export_key_async(
        meishi_call_agent(call), meishi_call_data(call), meishi_call_secret(call, "proof"),
        meishi_call_secret(call, "password"), meishi_call_cancellable(call), on_key_exported, call);
}

static gboolean
expect_export(MeishiCall *call, GVariant *password, GVariant *options, GError **error)
{
    gint proof;

    if (!meishi_options_check(options, export_options, error) ||
        !meishi_call_expect(call, "password", g_variant_get_handle(password),
                            MEISHI_RECEIVE_MAX_SECRET, error))
        return FALSE;
    return !g_variant_lookup(options, "proof", "h", &proof) ||
           meishi_call_expect(call, "proof", proof, MEISHI_RECEIVE_MAX_SECRET, error);
}

static gboolean
on_export_key(MeishiBusIdentity *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds,
              GVariant *password, GVariant *options, gpointer user_data)
{
    Object *object = user_data;
    MeishiCall *call = meishi_call_new(object->agent, invocation, fds);
    GError *error = NULL;
    MeishiIdentity *identity = find(object, &error);

    if (identity != NULL)
        meishi_call_set_data(call, identity, (GDestroyNotify)meishi_identity_unref);
    if (identity != NULL && expect_export(call, password, options, &error))
        meishi_call_receive(call, export_key_received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

/* ---- the object -------------------------------------------------------------------------------
 */

static void
free_object(Object *object)
{
    g_object_unref(object->agent);
    g_free(object);
}

static void
connect_handlers(MeishiBusIdentity *skeleton, Object *object)
{
    const struct {
        const char *signal;
        GCallback handler;
    } handlers[] = {
        {"handle-rename", G_CALLBACK(on_rename)},
        {"handle-set-allow-raw", G_CALLBACK(on_set_allow_raw)},
        {"handle-set-renews", G_CALLBACK(on_set_renews)},
        {"handle-remove", G_CALLBACK(on_remove)},
        {"handle-export-certificates", G_CALLBACK(on_export_certificates)},
        {"handle-export-key", G_CALLBACK(on_export_key)},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++)
        g_signal_connect(skeleton, handlers[i].signal, handlers[i].handler, object);
}

GDBusObjectSkeleton *
meishi_identity_object_new(MeishiAgent *agent, MeishiIdentity *identity, const char *path)
{
    g_autoptr(MeishiBusIdentity) skeleton = meishi_bus_identity_skeleton_new();
    MeishiBusObjectSkeleton *shown = meishi_bus_object_skeleton_new(path);
    Object *object = g_new0(Object, 1);

    object->agent = g_object_ref(agent);
    object->cert_id = identity->cert_id;
    object->key_id = identity->key_id;
    g_object_set_data_full(G_OBJECT(skeleton), OBJECT_DATA, object, (GDestroyNotify)free_object);
    set_all(skeleton, agent, identity);
    connect_handlers(skeleton, object);
    meishi_caller_guard(G_DBUS_INTERFACE_SKELETON(skeleton));
    meishi_bus_object_skeleton_set_identity(shown, skeleton);
    return G_DBUS_OBJECT_SKELETON(shown);
}

void
meishi_identity_object_update(GDBusObjectSkeleton *object, MeishiAgent *agent,
                              MeishiIdentity *identity)
{
    g_autoptr(MeishiBusIdentity) skeleton =
        meishi_bus_object_get_identity(MEISHI_BUS_OBJECT(object));

    set_all(skeleton, agent, identity);
}
