/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decisions as dictionaries; names in it are interface.  What is not known stands not in it: an
 * empty value would be another thing.
 */
#include "daemon/bus/decision-report.h"

#include "daemon/bus/identity-object.h"
#include "daemon/bus/question-paths.h"
#include "daemon/bus/report.h"
#include "daemon/policy/explain.h"

static const char *const scopes[] = {
    [MEISHI_SCOPE_ONCE] = "once",
    [MEISHI_SCOPE_SESSION] = "session",
    [MEISHI_SCOPE_ALWAYS] = "always",
};

const char *
meishi_decision_report_scope(MeishiScope scope)
{
    return scopes[scope];
}

gboolean
meishi_decision_report_parse_scope(const char *text, MeishiScope *ret_scope)
{
    for (gsize i = 0; i < G_N_ELEMENTS(scopes); i++) {
        if (g_str_equal(scopes[i], text)) {
            *ret_scope = (MeishiScope)i;
            return TRUE;
        }
    }
    return FALSE;
}

static void
add(GVariantDict *dict, const char *name, GVariant *value)
{
    g_variant_dict_insert_value(dict, name, value);
}

static void
add_path(GVariantDict *dict, MeishiAgent *agent, const char *id)
{
    g_autofree char *path = meishi_identity_object_path_of(agent, id);

    add(dict, "identity", g_variant_new_object_path(path));
}

static GVariant *
new_chain(GPtrArray *chain)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aay"));

    for (guint i = 0; chain != NULL && i < chain->len; i++) {
        const MeishiCert *cert = chain->pdata[i];

        g_variant_builder_add_value(
            &builder, g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, cert->der, TRUE));
    }
    return g_variant_builder_end(&builder);
}

static GVariant *
new_schemes(GArray *schemes)
{
    return g_variant_new_fixed_array(G_VARIANT_TYPE_UINT16, schemes->data, schemes->len,
                                     sizeof(guint16));
}

/* The identity's URI names certificate and key alike (RFC 7512: without type=). */
static void
add_selected(GVariantDict *dict, MeishiAgent *agent, const MeishiAnswer *answer)
{
    const MeishiIdentity *identity = answer->identity;
    g_autofree char *id = meishi_identity_id(identity);
    g_autofree char *key_uri = g_strconcat(identity->uri, ";type=private", NULL);

    add_path(dict, agent, id);
    meishi_report_add_text(dict, "id", id);
    meishi_report_add_text(dict, "label", identity->label);
    meishi_report_add_text(dict, "uri", identity->uri);
    meishi_report_add_text(dict, "key-uri", key_uri);
    add(dict, "chain", new_chain(answer->chain));
    if (answer->schemes != NULL)
        add(dict, "schemes", new_schemes(answer->schemes));
    meishi_report_add_text(dict, "scope", scopes[answer->scope]);
    add(dict, "will-confirm", g_variant_new_boolean(answer->will_confirm));
}

GVariant *
meishi_decision_report(MeishiAgent *agent, const MeishiAnswer *answer)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    add(&dict, "result", g_variant_new_uint32(answer->result));
    meishi_report_add_text(&dict, "result-name", meishi_result_name(answer->result));
    meishi_report_add_text(&dict, "code", meishi_code_info(answer->code)->name);
    meishi_report_add_text(&dict, "row", answer->row);
    meishi_report_add_text(&dict, "rule", answer->rule);
    if (answer->choice_id != 0)
        add(&dict, "choice", g_variant_new_int64(answer->choice_id));
    if (answer->identity != NULL)
        add_selected(&dict, agent, answer);
    meishi_report_add_text(&dict, "selection-id", answer->selection_id);
    if (answer->question != NULL)
        add(&dict, "question", meishi_question_paths_add(agent, answer->question));
    return g_variant_dict_end(&dict);
}

/* ---- Explain --------------------------------------------------------------------------------- */

static GVariant *
report_verdict(MeishiAgent *agent, const MeishiExplanation *explanation)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    add_path(&dict, agent, explanation->id);
    meishi_report_add_text(&dict, "id", explanation->id);
    meishi_report_add_text(&dict, "label", explanation->label);
    meishi_report_add_text(&dict, "code", explanation->code);
    add(&dict, "step", g_variant_new_uint32(explanation->step));
    meishi_report_add_text(&dict, "kind", explanation->kind);
    meishi_report_add_text(&dict, "clause", explanation->clause);
    meishi_report_add_text(&dict, "facts", explanation->facts);
    meishi_report_add_text(&dict, "detail", explanation->detail);
    meishi_report_add_text(&dict, "rank", explanation->rank);
    add(&dict, "place", g_variant_new_uint32(explanation->place));
    return g_variant_dict_end(&dict);
}

GVariant *
meishi_decision_report_verdicts(MeishiAgent *agent, GPtrArray *explanations)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (guint i = 0; i < explanations->len; i++)
        g_variant_builder_add_value(&builder, report_verdict(agent, explanations->pdata[i]));
    return g_variant_builder_end(&builder);
}
