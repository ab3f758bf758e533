/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: import onto a token.  The plan is made twice: with what anybody sees of the token,
 * so that files that are of no use cost nobody a PIN; and once more with what is seen after the
 * login. Nothing of it goes into the vault.
 */
#include "daemon/agent/import-private.h"

#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"

/* ---- what is there --------------------------------------------------------------------------- */

typedef struct {
    GPtrArray *objects;
    gboolean is_open;
    GPtrArray *identities; /* MeishiIdentity */
    GPtrArray *others;     /* MeishiCert */
} Inventory;

static void
inventory_clear(Inventory *inventory)
{
    g_ptr_array_unref(inventory->identities);
    g_ptr_array_unref(inventory->others);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Inventory, inventory_clear)

static MeishiIdentity *
add_identity(Inventory *inventory, const char *label)
{
    MeishiIdentity *identity = g_new0(MeishiIdentity, 1);

    identity->refs = 1;
    identity->cert_id = identity->key_id = (gint64)inventory->identities->len + 1;
    identity->label = g_strdup(label);
    g_ptr_array_add(inventory->identities, identity);
    return identity;
}

/* Before a login its key may be there all the same.  @ret_label: what the token calls the key,
 * borrowed; NULL. */
static gboolean
has_key(const Inventory *inventory, MeishiCert *cert, const char **ret_label)
{
    const MeishiTokenIdentity identity = {.cert = cert};
    g_autoptr(GPtrArray) keys = meishi_pairing_sure_keys(inventory->objects, &identity);

    *ret_label = keys->len > 0 ? ((const MeishiTokenObject *)keys->pdata[0])->label : NULL;
    return keys->len > 0 ||
           (!inventory->is_open && meishi_pairing_has_public_key(inventory->objects, cert->key));
}

static void
add_cert(Inventory *inventory, const MeishiTokenObject *object)
{
    g_autoptr(MeishiCert) cert = meishi_x509_parse(object->value, NULL);
    const char *label;
    MeishiIdentity *identity;

    if (cert == NULL)
        return;
    if (!has_key(inventory, cert, &label)) {
        g_ptr_array_add(inventory->others, g_steal_pointer(&cert));
        return;
    }
    identity = add_identity(inventory, object->label != NULL ? object->label : cert->subject_text);
    identity->key = cert->key;
    identity->cert = g_steal_pointer(&cert);
}

static gboolean
knows_key(const Inventory *inventory, const MeishiPublicKey *key)
{
    for (guint i = 0; i < inventory->identities->len; i++) {
        const MeishiIdentity *identity = inventory->identities->pdata[i];

        if (g_bytes_equal(identity->key->spki, key->spki))
            return TRUE;
    }
    return FALSE;
}

/* A key that was made on the token waits for its certificate, which may be the one in @bundle. */
static void
add_waiting_keys(Inventory *inventory, const MeishiBundle *bundle)
{
    for (guint i = 0; i < bundle->certs->len; i++) {
        MeishiCert *cert = ((MeishiBundleCert *)bundle->certs->pdata[i])->cert;
        g_autofree char *made_up = g_strdup_printf("%s key", cert->key->text);
        MeishiPublicKey *key = NULL;
        const char *label;

        if (has_key(inventory, cert, &label) && !knows_key(inventory, cert->key))
            key = meishi_public_key_parse(cert->key->spki, NULL);
        if (key != NULL)
            add_identity(inventory, label != NULL ? label : made_up)->key = key;
    }
}

static void
inventory_init(Inventory *inventory, const MeishiImport *import)
{
    inventory->objects = import->objects;
    inventory->is_open = import->is_open;
    inventory->identities = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    inventory->others = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    for (guint i = 0; i < import->objects->len; i++) {
        const MeishiTokenObject *object = import->objects->pdata[i];

        if (object->class == CKO_CERTIFICATE && object->value != NULL)
            add_cert(inventory, object);
    }
    for (guint i = 0; i < import->bundles->len; i++)
        add_waiting_keys(inventory, import->bundles->pdata[i]);
}

/* ---- planning -------------------------------------------------------------------------------- */

/* What has no certificate would be shown by nobody, and could not be proven. */
static gboolean
check_bare_keys(const MeishiImportPlan *plan, GError **error)
{
    for (guint i = 0; i < plan->items->len; i++) {
        const MeishiImportItem *item = plan->items->pdata[i];

        if (item->outcome != MEISHI_IMPORT_KEY_ADDED)
            continue;
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                    "%s holds a private key without its certificate. A token takes the two "
                    "together; import both files in one go.",
                    item->file);
        return FALSE;
    }
    return TRUE;
}

/* They are left out; see token-piece.c. */
static void
drop_roots(MeishiImportPlan *plan)
{
    for (guint i = 0; i < plan->items->len;) {
        const MeishiImportItem *item = plan->items->pdata[i];

        if (item->outcome == MEISHI_IMPORT_ISSUER && g_strcmp0(item->subject, item->issuer) == 0)
            g_ptr_array_remove_index(plan->items, i);
        else
            i++;
    }
}

static gboolean
plan(GTask *task, GError **error)
{
    MeishiImport *import = g_task_get_task_data(task);
    g_auto(Inventory) inventory = {0};
    g_autoptr(MeishiImportPlan) made = NULL;

    inventory_init(&inventory, import);
    made = meishi_import_make_plan(task, inventory.identities, inventory.others, error);
    if (made == NULL || !check_bare_keys(made, error))
        return FALSE;
    drop_roots(made);
    meishi_import_plan_free(import->plan);
    import->plan = g_steal_pointer(&made);
    return TRUE;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
on_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiImport *import = g_task_get_task_data(task);
    GError *error = NULL;
    guint n_left_out;

    if (!meishi_token_writer_write_finish(result, &n_left_out, &error)) {
        g_task_return_error(task, error);
        return;
    }
    if (n_left_out > 0)
        g_ptr_array_add(import->plan->notes,
                        g_strdup("The token did not take the issuer certificates, or a copy of the "
                                 "public key. Meishi does without them where it finds the issuers "
                                 "in the vault."));
    meishi_import_return(task, import->plan);
}

static void
on_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiImport *import = g_task_get_task_data(task);
    GPtrArray *objects;
    GError *error = NULL;

    objects = meishi_token_writer_open_finish(result, &error);
    if (objects != NULL) {
        g_ptr_array_unref(import->objects);
        import->objects = objects;
        import->is_open = TRUE;
    }
    if (objects != NULL && plan(task, &error))
        import->pieces = meishi_token_pieces_new(import->plan, objects, &error);
    if (import->pieces == NULL)
        g_task_return_error(task, error);
    else
        meishi_token_writer_write_async(import->writer, import->pieces,
                                        g_task_get_cancellable(task), on_written,
                                        g_object_ref(task));
}

void
meishi_import_token_go_on(GTask *task)
{
    MeishiImport *import = g_task_get_task_data(task);
    GError *error = NULL;

    if (!plan(task, &error) || !meishi_token_writer_check(import->writer, &error))
        g_task_return_error(task, error);
    else if (import->dry_run || !meishi_import_plan_stores(import->plan))
        meishi_import_return(task, import->plan);
    else
        meishi_token_writer_open_async(import->writer, g_task_get_cancellable(task), on_opened,
                                       g_object_ref(task));
}

gboolean
meishi_import_token_begin(MeishiAgent *agent, MeishiImport *import,
                          const MeishiImportOptions *options, GError **error)
{
    MeishiTokenLock *lock = meishi_token_lock_find(agent, options->token, error);

    if (lock == NULL)
        return FALSE;
    import->token = g_strdup(options->token);
    import->writer = meishi_token_writer_new(lock, options->application, options->pin);
    import->objects = g_ptr_array_ref(meishi_token_use_token(lock->use)->objects);
    return TRUE;
}
