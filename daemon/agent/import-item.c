/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines of an import's report.  Values for whoever shows them; nothing is decided here.
 */
#include "daemon/agent/import-item.h"

#include "daemon/agent/hex.h"
#include "daemon/policy/check.h"

MeishiImportItem *
meishi_import_item_new(MeishiImportOutcome outcome, const char *file, const MeishiCert *cert,
                       const MeishiPublicKey *key)
{
    MeishiImportItem *item = g_new0(MeishiImportItem, 1);

    item->outcome = outcome;
    item->file = g_strdup(file);
    item->id = meishi_hex_encode(cert != NULL ? cert->sha256 : key->spki_sha256, MEISHI_SHA256_LEN);
    item->subject = cert != NULL ? g_strdup(cert->subject_text) : NULL;
    item->issuer = cert != NULL ? g_strdup(cert->issuer_text) : NULL;
    item->key_text = key != NULL ? g_strdup(key->text) : NULL;
    item->not_before = cert != NULL ? cert->not_before : 0;
    item->not_after = cert != NULL ? cert->not_after : 0;
    item->messages = g_new0(char *, 1);
    return item;
}

void
meishi_import_item_free(MeishiImportItem *item)
{
    if (item == NULL)
        return;
    g_free(item->file);
    g_free(item->id);
    g_free(item->label);
    g_free(item->key_of);
    g_free(item->subject);
    g_free(item->issuer);
    g_strfreev(item->chain);
    g_free(item->renews);
    g_free(item->may_renew);
    g_free(item->key_text);
    g_strfreev(item->messages);
    g_free(item);
}

void
meishi_import_item_set_chain(MeishiImportItem *item, const GPtrArray *chain)
{
    item->chain = g_new0(char *, chain->len + 1);
    for (guint i = 0; i < chain->len; i++) {
        const MeishiCert *issuer = g_ptr_array_index(chain, i);

        item->chain[i] = g_strdup(issuer->subject_text != NULL ? issuer->subject_text : "");
    }
}

void
meishi_import_item_say(MeishiImportItem *item, char *message)
{
    guint n = g_strv_length(item->messages);

    item->messages = g_renew(char *, item->messages, n + 2);
    item->messages[n] = message;
    item->messages[n + 1] = NULL;
}

void
meishi_import_item_warn(MeishiImportItem *item, guint warnings, const MeishiCert *cert)
{
    item->warnings = warnings;
    for (guint bit = 1; bit <= warnings; bit <<= 1) {
        if ((warnings & bit) != 0)
            meishi_import_item_say(item, meishi_check_warning_text(bit, cert));
    }
}
