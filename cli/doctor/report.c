/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Paths, labels and what files say come from strangers, and are cleaned here.
 */
#include "cli/doctor/report.h"

#include "cli/doctor/judge/judges.h"
#include "cli/json.h"
#include "cli/style.h"
#include "cli/table.h"
#include "cli/text.h"

#include <unistd.h>

#define LEVEL_WIDTH 8
#define TITLE_WIDTH 19
#define INDENT      (LEVEL_WIDTH + TITLE_WIDTH)

static MeishiStyle
style_of(MeishiFindingLevel level)
{
    static const MeishiStyle styles[] = {
        [MEISHI_FINDING_OK] = MEISHI_STYLE_GOOD,
        [MEISHI_FINDING_NOTE] = MEISHI_STYLE_WARN,
        [MEISHI_FINDING_PROBLEM] = MEISHI_STYLE_BAD,
    };

    return styles[level];
}

static void
print_paragraph(const char *text, guint width)
{
    g_autofree char *clean = meishi_text_clean(text);
    g_autofree char *wrapped =
        width > INDENT ? meishi_text_wrap(clean, width, INDENT) : g_strdup(clean);

    g_print("%s\n", wrapped);
}

/* Copied from the terminal, it has to be one line. */
static void
print_command(const char *command)
{
    g_autofree char *clean = meishi_text_clean(command);

    g_print("%*s→ %s%s%s\n", INDENT, "", meishi_style_on(MEISHI_STYLE_STRONG, STDOUT_FILENO), clean,
            meishi_style_off(MEISHI_STYLE_STRONG, STDOUT_FILENO));
}

static void
print_finding(const MeishiFinding *finding, const char *title, guint width)
{
    MeishiStyle style = style_of(finding->level);

    g_print("%s%-*s%s%-*s", meishi_style_on(style, STDOUT_FILENO), LEVEL_WIDTH,
            meishi_finding_level_name(finding->level), meishi_style_off(style, STDOUT_FILENO),
            TITLE_WIDTH, title);
    print_paragraph(finding->text, width);
    if (finding->meaning != NULL) {
        g_print("%*s", INDENT, "");
        print_paragraph(finding->meaning, width);
    }
    if (finding->command != NULL)
        print_command(finding->command);
}

static void
print_sum(GPtrArray *findings)
{
    guint n_problems = meishi_finding_count(findings, MEISHI_FINDING_PROBLEM);
    guint n_notes = meishi_finding_count(findings, MEISHI_FINDING_NOTE);

    if (n_problems == 0)
        g_print("\nNothing is wrong");
    else
        g_print("\n%u problem%s", n_problems, n_problems == 1 ? "" : "s");
    if (n_notes > 0)
        g_print(", %u note%s", n_notes, n_notes == 1 ? "" : "s");
    g_print(".\n");
}

void
meishi_doctor_report_print(GPtrArray *findings)
{
    guint width = meishi_table_terminal_width();
    const char *last = NULL;

    for (guint i = 0; i < findings->len; i++) {
        const MeishiFinding *finding = findings->pdata[i];

        print_finding(finding, finding->check == last ? "" : meishi_judge_title(finding->check),
                      width);
        last = finding->check;
    }
    print_sum(findings);
}

void
meishi_doctor_report_json(GPtrArray *findings)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_number_member(json, "problems",
                              meishi_finding_count(findings, MEISHI_FINDING_PROBLEM));
    meishi_json_number_member(json, "notes", meishi_finding_count(findings, MEISHI_FINDING_NOTE));
    json_builder_set_member_name(json, "findings");
    json_builder_begin_array(json);
    for (guint i = 0; i < findings->len; i++) {
        const MeishiFinding *finding = findings->pdata[i];

        json_builder_begin_object(json);
        meishi_json_member(json, "check", finding->check);
        meishi_json_member(json, "level", meishi_finding_level_name(finding->level));
        meishi_json_member(json, "code", finding->code);
        meishi_json_member(json, "text", finding->text);
        meishi_json_member(json, "meaning", finding->meaning);
        meishi_json_member(json, "command", finding->command);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    json_builder_end_object(json);
    meishi_json_print(json);
}
