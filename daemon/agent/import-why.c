/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why an import did not keep something.  Words only.  They name what the file holds, since "no
 * identity found" sends people to their administrator with nothing to say.
 */
#include "daemon/agent/import-why.h"

/* A certificate that nobody logs in with. */
static gboolean
is_authority(const MeishiCert *cert)
{
    return cert->is_ca || (cert->version == 1 && cert->is_self_signed);
}

static const char *
name_of(const MeishiCert *cert)
{
    if (cert->subject_cn != NULL && *cert->subject_cn != '\0')
        return cert->subject_cn;
    return cert->subject_text != NULL && *cert->subject_text != '\0' ? cert->subject_text
                                                                     : "(no name)";
}

/* The end-entity certificates for which there is no key, counted; the first in @ret_first. */
static guint
count_keyless(const MeishiImportContents *contents, const MeishiFoundCert **ret_first)
{
    guint n = 0;

    for (guint i = 0; i < contents->certs->len; i++) {
        const MeishiFoundCert *found = g_ptr_array_index(contents->certs, i);

        if (found->fate != MEISHI_FATE_PASSED_OVER || is_authority(found->bag->cert))
            continue;
        if (n++ == 0)
            *ret_first = found;
    }
    return n;
}

static const MeishiFoundKey *
first_unmatched_key(const MeishiImportContents *contents)
{
    for (guint i = 0; i < contents->keys->len; i++) {
        const MeishiFoundKey *found = g_ptr_array_index(contents->keys, i);

        if (!found->is_paired)
            return found;
    }
    return NULL;
}

char *
meishi_import_why_passed_over(const MeishiFoundCert *cert, const MeishiImportContents *contents,
                              const char **ret_reason)
{
    const MeishiFoundKey *key = first_unmatched_key(contents);

    *ret_reason = "no-key";
    if (is_authority(cert->bag->cert)) {
        *ret_reason = "authority";
        return g_strdup("It is a CA certificate that issued no identity here; Meishi keeps CA "
                        "certificates only for the chains of identities.");
    }
    if (key != NULL) {
        *ret_reason = "key-mismatch";
        return g_strdup_printf("The private key in %s (%s) does not match it, and no key in the "
                               "vault does; look for the key that it was requested with.",
                               key->file, key->bag->public_key->text);
    }
    return g_strdup("Its private key is neither in what was imported nor in the vault; import the "
                    "two together, or the .p12 file that holds both.");
}

char *
meishi_import_why_unmatched(const MeishiFoundKey *key, const MeishiImportContents *contents)
{
    const MeishiFoundCert *first = NULL;
    guint n = count_keyless(contents, &first);

    if (n == 0)
        return NULL;
    if (n == 1)
        return g_strdup_printf("The private key in %s does not match the certificate “%s” in %s.",
                               key->file, name_of(first->bag->cert), first->file);
    return g_strdup_printf("The private key in %s matches none of the %u certificates that came "
                           "with it.",
                           key->file, n);
}

static void
append_count(GString *text, guint n, const char *one, const char *many)
{
    if (n == 1)
        g_string_append_printf(text, "one %s", one);
    else
        g_string_append_printf(text, "%u %s", n, many);
}

static void
append_contents(GString *text, guint n_authorities, guint n_keyless,
                const MeishiFoundCert *first_keyless)
{
    if (n_authorities > 0)
        append_count(text, n_authorities, "CA certificate", "CA certificates");
    if (n_authorities > 0 && n_keyless > 0)
        g_string_append(text, ", ");
    if (n_keyless == 1)
        g_string_append_printf(text, "the certificate “%s”", name_of(first_keyless->bag->cert));
    else if (n_keyless > 1)
        g_string_append_printf(text, "%u certificates", n_keyless);
    g_string_append(text, " and no private key");
}

static void
append_notes(GString *text, const MeishiImportInput *input)
{
    for (gsize i = 0; i < input->n_sources; i++) {
        GPtrArray *notes = input->sources[i].bundle->notes;

        for (guint j = 0; j < notes->len; j++)
            g_string_append_printf(text, " %s", (const char *)g_ptr_array_index(notes, j));
    }
}

char *
meishi_import_why_nothing(const MeishiImportInput *input, const MeishiImportContents *contents)
{
    GString *text = g_string_new(NULL);
    const MeishiFoundCert *first = NULL;
    guint n_keyless = count_keyless(contents, &first);
    guint n_authorities = contents->certs->len - n_keyless;

    if (input->n_sources == 1)
        g_string_append_printf(text, "%s holds ", input->sources[0].name);
    else
        g_string_append_printf(text, "The %" G_GSIZE_FORMAT " files hold ", input->n_sources);
    if (contents->certs->len == 0) {
        g_string_append(text, "neither a certificate nor a private key that Meishi can use.");
    } else {
        append_contents(text, n_authorities, n_keyless, first);
        g_string_append(text, n_keyless > 0
                                  ? ", and the vault holds no key that fits; import the private "
                                    "key together with the certificate."
                                  : "; Meishi keeps CA certificates only for the chains of "
                                    "identities. Import the file that holds your private key.");
    }
    append_notes(text, input);
    return g_string_free(text, FALSE);
}
