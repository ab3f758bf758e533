/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi policy import and export: between our rules and the policies of browsers.  What the other
 * side cannot say is refused, unless --lossy; then it is said what was lost.
 */
#include "config.h"

#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/out-file.h"
#include "cli/policy-chromium.h"
#include "cli/policy-firefox.h"
#include "cli/policy-input.h"
#include "cli/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct {
    gboolean lossy;
    gboolean force;
    gboolean automatic;
    char *output;
} options;

static const GOptionEntry import_entries[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Write FILE, not standard output",
     "FILE"},
    {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "Replace FILE", NULL},
    {"lossy", 0, 0, G_OPTION_ARG_NONE, &options.lossy,
     "Convert what can be converted, and list the rest", NULL},
    G_OPTION_ENTRY_NULL,
};

static const GOptionEntry export_entries[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "Write FILE, not standard output",
     "FILE"},
    {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "Replace FILE", NULL},
    {"lossy", 0, 0, G_OPTION_ARG_NONE, &options.lossy,
     "Convert what can be converted, and list the rest", NULL},
    {"select-automatically", 0, 0, G_OPTION_ARG_NONE, &options.automatic,
     "Have Firefox take the first certificate that fits", NULL},
    G_OPTION_ENTRY_NULL,
};

typedef struct {
    char *text;
    GPtrArray *losses; /* char * */
    GPtrArray *notes;  /* char * */
} Conversion;

static void
conversion_init(Conversion *conversion)
{
    *conversion = (Conversion){.losses = g_ptr_array_new_with_free_func(g_free),
                               .notes = g_ptr_array_new_with_free_func(g_free)};
}

static void
conversion_clear(Conversion *conversion)
{
    g_free(conversion->text);
    g_ptr_array_unref(conversion->losses);
    g_ptr_array_unref(conversion->notes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Conversion, conversion_clear)

/* ---- output -----------------------------------------------------------------------------------
 */

static void
print_sentences(GPtrArray *sentences, const char *lead)
{
    for (guint i = 0; i < sentences->len; i++) {
        g_autofree char *clean = meishi_text_clean(sentences->pdata[i]);

        g_printerr("%s%s\n", lead, clean);
    }
}

static gboolean
check_losses(const Conversion *conversion, GError **error)
{
    print_sentences(conversion->losses, options.lossy ? "lost: " : "cannot be converted: ");
    if (conversion->losses->len == 0 || options.lossy)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "Something would be lost. With --lossy the rest is converted all the same.");
    return FALSE;
}

/* Readable by others, because the daemon of each user has to read what lies in /etc. */
static gboolean
write_file(const char *text, GError **error)
{
    g_autoptr(MeishiOutFile) file = meishi_out_file_new(options.output, options.force, error);

    return file != NULL && meishi_out_file_write(file, text, strlen(text), error) &&
           fchmod(meishi_out_file_fd(file), 0644) == 0 && meishi_out_file_commit(file, error);
}

static void
add_list(JsonBuilder *json, const char *name, GPtrArray *list)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_array(json);
    for (guint i = 0; i < list->len; i++)
        json_builder_add_string_value(json, list->pdata[i]);
    json_builder_end_array(json);
}

static void
print_json(const Conversion *conversion)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_member(json, "text", options.output == NULL ? conversion->text : NULL);
    add_list(json, "lost", conversion->losses);
    add_list(json, "notes", conversion->notes);
    json_builder_end_object(json);
    meishi_json_print(json);
}

static gboolean
deliver(const Conversion *conversion, GError **error)
{
    if (!check_losses(conversion, error))
        return FALSE;
    print_sentences(conversion->notes, "");
    if (options.output != NULL && !write_file(conversion->text, error))
        return FALSE;
    if (meishi_command_json())
        print_json(conversion);
    else if (options.output == NULL)
        fputs(conversion->text, stdout);
    return TRUE;
}

/* ---- import -----------------------------------------------------------------------------------
 */

static gboolean
fail_kind(const char *kind, GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "“%s” is neither chromium nor firefox.", kind);
    return FALSE;
}

static gboolean
run_import(char **args, GError **error)
{
    gboolean is_chromium = g_str_equal(args[0], "chromium");
    g_autofree char *name = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_auto(Conversion) conversion;
    const char *text;
    gsize len;

    conversion_init(&conversion);
    if (!is_chromium && !g_str_equal(args[0], "firefox"))
        return fail_kind(args[0], error);
    bytes = meishi_policy_input_read(args[1], &name, error);
    if (bytes == NULL)
        return FALSE;
    text = g_bytes_get_data(bytes, &len);
    conversion.text =
        is_chromium
            ? meishi_policy_chromium_import(text, len, conversion.losses, error)
            : meishi_policy_firefox_import(text, len, conversion.losses, conversion.notes, error);
    if (conversion.text == NULL) {
        g_prefix_error(error, "%s: ", name);
        return FALSE;
    }
    return deliver(&conversion, error);
}

const MeishiCommand meishi_command_policy_import = {
    .name = "import",
    .usage = "chromium|firefox FILE",
    .summary = "Make rules of a browser's policy",
    .text = "Converts the policy of a browser into a policy file: Chromium's "
            "AutoSelectCertificateForUrls (a policy file, what chrome://policy exports, or the "
            "list alone), or Firefox's policies.json. What has no equal is refused, or left out "
            "and listed with --lossy.",
    .example = "meishi policy import chromium /etc/chromium/policies/managed/certs.json\n"
               "meishi policy import firefox policies.json -o 50-firefox.conf",
    .options = import_entries,
    .min_args = 2,
    .max_args = 2,
    .argument = MEISHI_ARGUMENT_BROWSER,
    .run = run_import,
};

/* ---- export -----------------------------------------------------------------------------------
 */

static gboolean
run_export(char **args, GError **error)
{
    gboolean is_chromium = g_str_equal(args[0], "chromium");
    g_autoptr(MeishiPolicySet) set = NULL;
    g_auto(Conversion) conversion;

    conversion_init(&conversion);
    if (!is_chromium && !g_str_equal(args[0], "firefox"))
        return fail_kind(args[0], error);
    set = meishi_policy_input_set(args + 1, error);
    if (set == NULL)
        return FALSE;
    conversion.text = is_chromium ? meishi_policy_chromium_export(set, conversion.losses)
                                  : meishi_policy_firefox_export(
                                        set, MEISHI_MODULE, options.automatic, conversion.losses);
    return deliver(&conversion, error);
}

const MeishiCommand meishi_command_policy_export = {
    .name = "export",
    .usage = "chromium|firefox [FILE|DIR...]",
    .summary = "Make a browser's policy of rules",
    .text =
        "Converts policy files, or what is installed, into a policy of Chromium (the rules that "
        "select, as AutoSelectCertificateForUrls) or of Firefox (which loads the module, and "
        "has no rules of its own). What has no equal is refused, or widened and listed with "
        "--lossy. Constraints are not lost: the daemon holds the browser to them.",
    .example = "meishi policy export chromium -o certs.json\n"
               "meishi policy export firefox --select-automatically --lossy",
    .options = export_entries,
    .min_args = 1,
    .max_args = G_MAXUINT,
    .argument = MEISHI_ARGUMENT_BROWSER,
    .run = run_export,
};
