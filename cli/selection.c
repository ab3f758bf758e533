/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A decision in the words of an error, an exit status, and JSON.  Choosing none is no failure of
 * ours, but a script has to tell it from an identity, so it ends like one.
 */
#include "cli/selection.h"

#include "daemon/asking/dict.h"
#include "cli/error.h"
#include "cli/text.h"
#include "daemon/policy/code.h"

MeishiSelection *
meishi_selection_new(GVariant *details)
{
    MeishiSelection *selection = g_new0(MeishiSelection, 1);
    guint32 result = MEISHI_SELECTION_NONE;

    selection->details = g_variant_ref_sink(details);
    g_variant_lookup(details, "result", "u", &result);
    selection->result = result;
    return selection;
}

MeishiSelection *
meishi_selection_new_unasked(void)
{
    GVariantDict details;

    g_variant_dict_init(&details, NULL);
    g_variant_dict_insert(&details, "result", "u", (guint32)MEISHI_SELECTION_NONE);
    g_variant_dict_insert(&details, "result-name", "s", "none");
    g_variant_dict_insert(&details, "code", "s", "NOT_ASKED");
    g_variant_dict_insert(&details, "row", "s", "it does not ask for one here");
    return meishi_selection_new(g_variant_dict_end(&details));
}

void
meishi_selection_free(MeishiSelection *selection)
{
    if (selection == NULL)
        return;
    g_variant_unref(selection->details);
    g_free(selection);
}

const char *
meishi_selection_text(const MeishiSelection *selection, const char *name)
{
    return meishi_dict_text(selection->details, name);
}

/* ---- where nothing was selected -------------------------------------------------------------- */

static void
add_label(GPtrArray *labels, GVariant *candidate)
{
    const char *label;
    const char *kind = "";

    g_variant_lookup(candidate, "kind", "&s", &kind);
    if (!g_str_equal(kind, "soft") && g_variant_lookup(candidate, "label", "&s", &label))
        g_ptr_array_add(labels, g_strdup(label));
}

char **
meishi_selection_labels(const MeishiSelection *selection)
{
    g_autoptr(GPtrArray) labels = g_ptr_array_new();
    g_autoptr(GVariant) question =
        g_variant_lookup_value(selection->details, "question", G_VARIANT_TYPE_VARDICT);
    g_autoptr(GVariant) candidates =
        question != NULL ? g_variant_lookup_value(question, "candidates", G_VARIANT_TYPE("aa{sv}"))
                         : NULL;

    for (gsize i = 0; candidates != NULL && i < g_variant_n_children(candidates); i++) {
        g_autoptr(GVariant) candidate = g_variant_get_child_value(candidates, i);

        add_label(labels, candidate);
    }
    g_ptr_array_add(labels, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&labels), FALSE);
}

/* What can be typed as it is shown, for a shell. */
static char *
quote_for_shell(const char *label)
{
    g_autofree char *clean = meishi_text_clean(label);

    return g_str_equal(clean, label) ? g_shell_quote(label) : g_strdup("NAME");
}

/* The command that settles the question for good, with the first identity that fits. */
static char *
advise(const MeishiSelection *selection, const MeishiTarget *target)
{
    g_autofree char *name = meishi_target_name(target);
    g_auto(GStrv) labels = meishi_selection_labels(selection);
    g_autofree char *first = labels[0] != NULL ? quote_for_shell(labels[0]) : g_strdup("NAME");
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "Settle it with:\n  meishi choices set %s --use %s", name, first);
    for (char **label = labels; label[0] != NULL && label[1] != NULL; label++) {
        g_autofree char *quoted = quote_for_shell(label[1]);

        g_string_append_printf(text, "%s%s", label == labels ? "\nor --use " : ", ", quoted);
    }
    g_string_append_printf(text, "\nor send none:\n  meishi choices set %s --none", name);
    return g_string_free(text, FALSE);
}

static const char *
rule_of(const MeishiSelection *selection)
{
    const char *rule = meishi_selection_text(selection, "rule");

    return g_str_equal(rule, "none") ? "" : rule;
}

/* What the code says is nearer to the person than the row of the decision table. */
static const char *
reason_of(const MeishiSelection *selection)
{
    const char *code = meishi_selection_text(selection, "code");

    for (MeishiCode i = MEISHI_CODE_OK + 1; i < MEISHI_N_CODES; i++) {
        if (g_str_equal(code, meishi_code_info(i)->name))
            return meishi_code_info(i)->text;
    }
    return meishi_selection_text(selection, "row");
}

static gboolean
fail_none(const MeishiSelection *selection, const MeishiTarget *target, GError **error)
{
    g_autofree char *name = meishi_target_name(target);
    const char *rule = rule_of(selection);

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NONE,
                "No certificate is to be sent to %s: %s%s%s. `meishi why %s` tells more.", name,
                reason_of(selection), rule[0] != '\0' ? "; " : "", rule, name);
    return FALSE;
}

static gboolean
fail_policy(const MeishiSelection *selection, const MeishiTarget *target, GError **error)
{
    g_autofree char *name = meishi_target_name(target);
    const char *rule = rule_of(selection);

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_POLICY,
                "Policy forbids a certificate for %s: %s.", name,
                rule[0] != '\0' ? rule : meishi_selection_text(selection, "row"));
    return FALSE;
}

/* The question is not which one, but where the card is. */
static gboolean
is_for_card(const MeishiSelection *selection)
{
    g_autoptr(GVariant) question =
        g_variant_lookup_value(selection->details, "question", G_VARIANT_TYPE_VARDICT);

    return question != NULL && g_str_equal(meishi_dict_text(question, "kind"), "insert");
}

static gboolean
fail_card(const MeishiTarget *target, GError **error)
{
    g_autofree char *name = meishi_target_name(target);

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_PERSON,
                "What fits %s is on a card or token that is not inserted; `meishi token list` "
                "shows which are away. Insert it and try again.",
                name);
    return FALSE;
}

static gboolean
fail_person(const MeishiSelection *selection, const MeishiTarget *target, const char *how,
            GError **error)
{
    g_autofree char *name = meishi_target_name(target);
    g_autofree char *advice = advise(selection, target);

    if (is_for_card(selection))
        return fail_card(target, error);
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_PERSON,
                "Which certificate %s gets is for a person to say%s. %s", name, how, advice);
    return FALSE;
}

static gboolean
fail_undecided(const char *message, GError **error)
{
    g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_PERSON, message);
    return FALSE;
}

gboolean
meishi_selection_check(const MeishiSelection *selection, const MeishiTarget *target, GError **error)
{
    switch (selection->result) {
    case MEISHI_SELECTION_SELECTED:
        return TRUE;
    case MEISHI_SELECTION_NONE:
        if (g_str_equal(meishi_selection_text(selection, "code"), "NEEDS_USER"))
            return fail_person(selection, target, "", error);
        return fail_none(selection, target, error);
    case MEISHI_SELECTION_DENIED:
        return fail_policy(selection, target, error);
    case MEISHI_SELECTION_DISMISSED:
        return fail_undecided("Nothing was chosen.", error);
    case MEISHI_SELECTION_CANCELLED:
        return fail_undecided("The choice was broken off.", error);
    case MEISHI_SELECTION_DEFERRED:
        return fail_undecided("Nothing is decided before the connection is really made.", error);
    case MEISHI_SELECTION_TIMED_OUT:
        return fail_person(selection, target, ", and nobody answered in time", error);
    case MEISHI_SELECTION_NOBODY:
        return fail_person(selection, target, ", and there is nobody to ask", error);
    case MEISHI_SELECTION_PROMPT:
        return fail_person(selection, target, "", error);
    }
    return fail_undecided("The daemon decided something that this version does not know.", error);
}

gboolean
meishi_selection_check_quietly(const MeishiSelection *selection, const MeishiTarget *target,
                               GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (meishi_selection_check(selection, target, &cause))
        return TRUE;
    g_set_error_literal(error, cause->domain, cause->code, "");
    return FALSE;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* DER in base64, leaf first. */
static void
add_chain(const MeishiSelection *selection, JsonBuilder *json)
{
    g_autoptr(GVariant) chain =
        g_variant_lookup_value(selection->details, "chain", G_VARIANT_TYPE("aay"));

    json_builder_set_member_name(json, "chain");
    json_builder_begin_array(json);
    for (gsize i = 0; chain != NULL && i < g_variant_n_children(chain); i++) {
        g_autoptr(GVariant) certificate = g_variant_get_child_value(chain, i);
        g_autofree char *text =
            g_base64_encode(g_variant_get_data(certificate), g_variant_get_size(certificate));

        json_builder_add_string_value(json, text);
    }
    json_builder_end_array(json);
}

static void
add_schemes(const MeishiSelection *selection, JsonBuilder *json)
{
    g_autoptr(GVariant) schemes =
        g_variant_lookup_value(selection->details, "schemes", G_VARIANT_TYPE("aq"));

    json_builder_set_member_name(json, "schemes");
    json_builder_begin_array(json);
    for (gsize i = 0; schemes != NULL && i < g_variant_n_children(schemes); i++) {
        g_autoptr(GVariant) scheme = g_variant_get_child_value(schemes, i);
        g_autofree char *text = g_strdup_printf("0x%04x", g_variant_get_uint16(scheme));

        json_builder_add_string_value(json, text);
    }
    json_builder_end_array(json);
}

static void
add_candidates(const MeishiSelection *selection, JsonBuilder *json)
{
    g_auto(GStrv) labels = meishi_selection_labels(selection);

    json_builder_set_member_name(json, "candidates");
    meishi_json_list(json, (const char *const *)labels);
}

static void
add_numbers(const MeishiSelection *selection, JsonBuilder *json)
{
    gint64 choice = 0;
    gboolean will_confirm = FALSE;

    g_variant_lookup(selection->details, "choice", "x", &choice);
    json_builder_set_member_name(json, "choice");
    if (choice != 0)
        json_builder_add_int_value(json, choice);
    else
        json_builder_add_null_value(json);
    g_variant_lookup(selection->details, "will-confirm", "b", &will_confirm);
    json_builder_set_member_name(json, "will_confirm");
    json_builder_add_boolean_value(json, will_confirm);
}

void
meishi_selection_to_json(const MeishiSelection *selection, const MeishiTarget *target,
                         JsonBuilder *json)
{
    static const struct {
        const char *member, *name;
    } texts[] = {{"result", "result-name"},
                 {"code", "code"},
                 {"row", "row"},
                 {"rule", "rule"},
                 {"id", "id"},
                 {"label", "label"},
                 {"uri", "uri"},
                 {"key_uri", "key-uri"},
                 {"scope", "scope"},
                 {"selection_id", "selection-id"}};

    meishi_json_target_member(json, target->protocol, target->host, target->port);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        meishi_json_member(json, texts[i].member, meishi_selection_text(selection, texts[i].name));
    add_numbers(selection, json);
    add_chain(selection, json);
    add_schemes(selection, json);
    add_candidates(selection, json);
}
