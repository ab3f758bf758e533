/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the constraints come from.  What a CertificateRequest means is probe.c's, and who is named
 * in a file of certificates is policy-input.c's.
 */
#include "cli/inquiry.h"

#include "cli/error.h"
#include "cli/policy-input.h"
#include "cli/probe.h"
#include "cli/text.h"

/* ---- where it comes from --------------------------------------------------------------------- */

static void
tell_untrusted(const MeishiTarget *target, const MeishiTlsReport *report)
{
    g_autofree char *name = meishi_target_name(target);
    g_autofree char *why =
        meishi_text_clean(report->trust_text != NULL ? report->trust_text : "no reason given");

    g_printerr("meishi: The certificate of %s is not trusted: %s\n"
               "        --ca-file=FILE names its authority, --no-probe asks the server nothing.\n",
               name, why);
}

static gboolean
ask_server(const MeishiInquiry *inquiry, const MeishiTarget *target, GVariant **ret_constraints,
           gboolean *ret_asked, GError **error)
{
    const MeishiTlsCall call = {
        .target = target, .timeout_ms = MEISHI_TLS_TIMEOUT_MS, .ca_file = inquiry->ca_file};
    g_autoptr(MeishiTlsReport) report = meishi_tls_run(&call, error);

    if (report == NULL) {
        g_prefix_error(error, "What the server wants is not known (--no-probe does without): ");
        return FALSE;
    }
    if (!meishi_probe_check_spoken(report, target, error))
        return FALSE;
    *ret_asked = report->request != NULL;
    /* One that asks for nothing yet may ask later: whether it is trusted counts all the same. */
    if (!report->is_trusted)
        tell_untrusted(target, report);
    *ret_constraints = g_variant_ref_sink(meishi_probe_constraints(report, FALSE));
    return TRUE;
}

/* @name: one that was read from a certificate, which has its DER. */
static gboolean
add_name(GVariantBuilder *list, const MeishiName *name)
{
    if (name->der == NULL)
        return FALSE;
    g_variant_builder_add_value(
        list, g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, name->der, TRUE));
    return TRUE;
}

static gboolean
fail_no_file(const char *path, GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "--cas is a file with the certificates of authorities, and “%s” is none.", path);
    return FALSE;
}

static gboolean
read_file(char *path, GVariant **ret_constraints, GError **error)
{
    char *paths[] = {path, NULL};
    g_autoptr(GPtrArray) names = meishi_policy_input_names(paths, error);
    g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aay"));
    GVariantDict dict;

    if (names == NULL)
        return FALSE;
    if (names->len == 0)
        return fail_no_file(path, error);
    for (guint i = 0; i < names->len; i++) {
        if (!add_name(&list, g_ptr_array_index(names, i)))
            return fail_no_file(path, error);
    }
    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert_value(&dict, "ca-names", g_variant_builder_end(&list));
    *ret_constraints = g_variant_ref_sink(g_variant_dict_end(&dict));
    return TRUE;
}

gboolean
meishi_inquiry_run(const MeishiInquiry *inquiry, const MeishiTarget *target,
                   GVariant **ret_constraints, gboolean *ret_asked, GError **error)
{
    *ret_asked = TRUE;
    if (inquiry->cas != NULL)
        return read_file(inquiry->cas, ret_constraints, error);
    if (inquiry->probe)
        return ask_server(inquiry, target, ret_constraints, ret_asked, error);
    *ret_constraints = g_variant_ref_sink(g_variant_new("a{sv}", NULL));
    return TRUE;
}
