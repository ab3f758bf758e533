/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What cards and tokens say of themselves is outside text: it is cleaned where it is shown.
 */
#include "cli/tokens.h"

#include "cli/date.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/prompt.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/token-inspect.h"
#include "daemon/asking/dict.h"

#include <string.h>
#include <unistd.h>

/* ---- words ----------------------------------------------------------------------------------- */

static const struct {
    const char *pin;
    const char *words;
    MeishiStyle style;
} pin_states[] = {
    {"few", "few tries left", MEISHI_STYLE_WARN},
    {"last", "one try left", MEISHI_STYLE_WARN},
    {"locked", "blocked", MEISHI_STYLE_BAD},
    {"none", "not needed", MEISHI_STYLE_FAINT},
    {"uninitialized", "not set up", MEISHI_STYLE_FAINT},
};

/* "not inserted, last 2026-11-20"; NULL: it is there. */
static char *
describe_absence(GVariant *token)
{
    g_autofree char *day = meishi_date_day(meishi_dict_number(token, "LastSeen"));

    if (meishi_dict_flag(token, "Present"))
        return NULL;
    return g_strdup_printf("not inserted, last %s", day);
}

/* That it was given says nothing of how many tries are left, and those matter more. */
static const char *
describe_pin(GVariant *token, MeishiStyle *ret_style)
{
    const char *pin = meishi_dict_text(token, "Pin");

    for (gsize i = 0; i < G_N_ELEMENTS(pin_states); i++) {
        if (strcmp(pin_states[i].pin, pin) == 0) {
            *ret_style = pin_states[i].style;
            return pin_states[i].words;
        }
    }
    *ret_style = MEISHI_STYLE_PLAIN;
    return meishi_dict_flag(token, "LoggedIn") ? "given" : "asked when needed";
}

static int
compare(gconstpointer a, gconstpointer b)
{
    return g_utf8_collate(meishi_dict_text(*(GVariant *const *)a, "Label"),
                          meishi_dict_text(*(GVariant *const *)b, "Label"));
}

void
meishi_tokens_sort(GPtrArray *tokens)
{
    g_ptr_array_sort(tokens, compare);
}

/* ---- for people ------------------------------------------------------------------------------ */

static const MeishiColumn columns[] = {
    {"LABEL", 8, 2}, {"KIND", 0, 0}, {"MODEL", 8, 0}, {"READER", 8, 1}, {"PIN", 0, 0}, {NULL, 0, 0},
};

static void
add_row(MeishiTable *table, GVariant *token)
{
    static const char *const properties[] = {"Label", "Kind", "Model", "Reader"};
    g_autofree char *absence = describe_absence(token);
    MeishiStyle style;
    const char *pin = describe_pin(token, &style);

    meishi_table_add_row(table);
    for (gsize i = 0; i < G_N_ELEMENTS(properties); i++)
        meishi_table_add_cell(table, meishi_dict_text(token, properties[i]), MEISHI_STYLE_PLAIN);
    if (absence != NULL)
        meishi_table_add_cell(table, absence, MEISHI_STYLE_FAINT);
    else
        meishi_table_add_cell(table, pin, style);
}

void
meishi_tokens_print(GPtrArray *tokens)
{
    g_autoptr(MeishiTable) table = meishi_table_new(columns);

    for (guint i = 0; i < tokens->len; i++)
        add_row(table, tokens->pdata[i]);
    meishi_table_print(table);
}

static void
print_keep(const char *name, GVariant *token)
{
    static const char *const sentences[][2] = {
        {"never", "asked for each time"},
        {"removal", "holds until removal"},
        {"keyring", "holds until removal, stored in the desktop's keyring"},
    };
    const char *keep = meishi_dict_text(token, "PinKeep");
    g_autofree char *minutes =
        g_strdup_printf("holds for %u min", (guint)meishi_dict_number(token, "PinMinutes"));

    if (strcmp(keep, "minutes") == 0)
        meishi_table_print_fact(name, minutes);
    for (gsize i = 0; i < G_N_ELEMENTS(sentences); i++) {
        if (strcmp(keep, sentences[i][0]) == 0)
            meishi_table_print_fact(name, sentences[i][1]);
    }
}

void
meishi_tokens_print_one(GVariant *token, GPtrArray *labels, GVariant *inspected)
{
    static const char *const lines[][2] = {
        {"Kind", "Kind"},
        {"Calls itself", "OwnLabel"},
        {"Maker", "Manufacturer"},
        {"Model", "Model"},
        {"Serial number", "SerialNumber"},
        {"Reader", "Reader"},
        {"Module", "Module"},
        {"PKCS#11 URI", "Uri"},
    };
    g_autofree char *label = meishi_text_clean(meishi_dict_text(token, "Label"));
    g_autofree char *absence = describe_absence(token);
    MeishiStyle style;

    g_print("%s%s%s\n", meishi_style_on(MEISHI_STYLE_STRONG, STDOUT_FILENO), label,
            meishi_style_off(MEISHI_STYLE_STRONG, STDOUT_FILENO));
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        meishi_table_print_fact(lines[i][0], meishi_dict_text(token, lines[i][1]));
    meishi_table_print_fact(absence != NULL ? "State" : "PIN",
                            absence != NULL ? absence : describe_pin(token, &style));
    if (meishi_dict_flag(token, "PinPad"))
        meishi_table_print_fact("", "typed at its own keys");
    print_keep(absence != NULL ? "PIN" : "", token);
    for (guint i = 0; i < labels->len; i++)
        meishi_table_print_fact(i == 0 ? "Identities" : "", labels->pdata[i]);
    if (inspected != NULL) {
        g_autofree char *more = meishi_token_inspect_format(inspected, MEISHI_TABLE_NAME_WIDTH);

        g_print("%s", more);
    }
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void
add_flag(JsonBuilder *json, const char *name, gboolean flag)
{
    json_builder_set_member_name(json, name);
    json_builder_add_boolean_value(json, flag);
}

void
meishi_tokens_one_to_json(GVariant *token, GVariant *inspected, JsonBuilder *json)
{
    static const char *const keys[][2] = {
        {"label", "Label"},
        {"kind", "Kind"},
        {"own_label", "OwnLabel"},
        {"maker", "Manufacturer"},
        {"model", "Model"},
        {"serial_number", "SerialNumber"},
        {"reader", "Reader"},
        {"module", "Module"},
        {"uri", "Uri"},
        {"pin", "Pin"},
        {"pin_keep", "PinKeep"},
    };

    json_builder_begin_object(json);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        meishi_json_member(json, keys[i][0], meishi_dict_text(token, keys[i][1]));
    add_flag(json, "present", meishi_dict_flag(token, "Present"));
    json_builder_set_member_name(json, "last_seen");
    meishi_json_date(json, meishi_dict_number(token, "LastSeen"));
    meishi_json_number_member(json, "pin_minutes", meishi_dict_number(token, "PinMinutes"));
    add_flag(json, "pin_pad", meishi_dict_flag(token, "PinPad"));
    add_flag(json, "logged_in", meishi_dict_flag(token, "LoggedIn"));
    if (inspected != NULL)
        meishi_token_inspect_to_json(inspected, json);
    json_builder_end_object(json);
}

void
meishi_tokens_to_json(GPtrArray *tokens, JsonBuilder *json)
{
    json_builder_begin_array(json);
    for (guint i = 0; i < tokens->len; i++)
        meishi_tokens_one_to_json(tokens->pdata[i], NULL, json);
    json_builder_end_array(json);
}

/* ---- names ----------------------------------------------------------------------------------- */

typedef gboolean (*Fits)(GVariant *token, const char *name);

static gboolean
has_label(GVariant *token, const char *name)
{
    return strcmp(meishi_dict_text(token, "Label"), name) == 0;
}

static gboolean
has_label_in_other_case(GVariant *token, const char *name)
{
    g_autofree char *label = g_utf8_casefold(meishi_dict_text(token, "Label"), -1);
    g_autofree char *wanted = g_utf8_casefold(name, -1);

    return strcmp(label, wanted) == 0;
}

static gboolean
has_serial(GVariant *token, const char *name)
{
    return name[0] != '\0' && strcmp(meishi_dict_text(token, "SerialNumber"), name) == 0;
}

static GVariant *
find(GPtrArray *tokens, const char *name, Fits fits, guint *ret_n)
{
    GVariant *found = NULL;

    *ret_n = 0;
    for (guint i = 0; i < tokens->len; i++) {
        if (!fits(tokens->pdata[i], name))
            continue;
        found = tokens->pdata[i];
        ++*ret_n;
    }
    return found;
}

GVariant *
meishi_tokens_resolve(GPtrArray *tokens, const char *name, GError **error)
{
    static const Fits ways[] = {has_label, has_label_in_other_case, has_serial};

    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        guint n;
        GVariant *found = find(tokens, name, ways[i], &n);

        if (n == 1)
            return found;
        if (n > 1) {
            g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME,
                        "“%s” is the name of %u tokens. `meishi token list` shows labels that "
                        "differ.",
                        name, n);
            return NULL;
        }
    }
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME,
                "There is no card and no token “%s”. `meishi token list` shows all that are known.",
                name);
    return NULL;
}

/* ---- care ------------------------------------------------------------------------------------ */

gboolean
meishi_tokens_agree_to_last_try(GVariant *token, GError **error)
{
    g_autofree char *question = NULL;

    if (strcmp(meishi_dict_text(token, "Pin"), "last") != 0)
        return TRUE;
    question = g_strdup_printf("One try is left: a wrong PIN blocks “%s”. Go on?",
                               meishi_dict_text(token, "Label"));
    return meishi_prompt_confirm(question, error);
}
