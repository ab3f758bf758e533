/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What gpg-agent says to a pinentry, as far as it is of use here.  Strangers' texts come cleaned
 * from permit-text.c; what is escaped here is what the protocol itself needs.
 */
#include "cli/pinentry-script.h"

#include "cli/permit-text.h"

#include <string.h>
#include <unistd.h>

/* Of the 1000 bytes of a line, its end among them. */
#define MAX_LINE 960

/* @text with what would end the line as %XX, whole characters of it, until the line is full. */
static void
append_escaped(GString *line, const char *text)
{
    for (const char *p = text; *p != '\0' && line->len < MAX_LINE; p = g_utf8_next_char(p)) {
        if (*p == '%' || *p == '\n' || *p == '\r')
            g_string_append_printf(line, "%%%02X", (guint)*p);
        else
            g_string_append_len(line, p, g_utf8_next_char(p) - p);
    }
}

static void
say(GPtrArray *lines, const char *command, const char *text)
{
    GString *line = g_string_new(command);
    g_autofree char *stripped = g_strchomp(g_utf8_make_valid(text, -1));

    g_string_append_c(line, ' ');
    append_escaped(line, stripped);
    g_ptr_array_add(lines, g_string_free(line, FALSE));
}

/* Options have no escapes: a value that would need one is left out. */
static void
say_option(GPtrArray *lines, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0' && strpbrk(value, "\r\n") == NULL &&
        strlen(name) + strlen(value) < MAX_LINE - strlen("OPTION ="))
        g_ptr_array_add(lines, g_strdup_printf("OPTION %s=%s", name, value));
}

/* Whose need it is, as gpg-agent says it: "4711/1000 host". */
static void
say_owner(GPtrArray *lines, const MeishiQuestion *question)
{
    g_autofree char *owner =
        g_strdup_printf("%u/%u %s", question->pid, (guint)getuid(), g_get_host_name());

    if (question->pid != 0)
        say_option(lines, "owner", owner);
}

static void
say_place(GPtrArray *lines, const MeishiPinentryPlace *place)
{
    say_option(lines, "ttyname", place->tty);
    say_option(lines, "ttytype", place->tty_type);
    say_option(lines, "lc-ctype", place->lc_ctype);
    say_option(lines, "lc-messages", place->lc_messages);
    say_option(lines, "display", place->display);
}

static void
say_problem(GPtrArray *lines, const MeishiQuestion *question, const char *problem)
{
    g_autofree char *before = meishi_permit_text_problem(question);

    if (problem != NULL || before[0] != '\0')
        say(lines, "SETERROR", problem != NULL ? problem : before);
}

static void
say_answers(GPtrArray *lines, const MeishiQuestion *question)
{
    if (question->asks == MEISHI_ASKS_CONFIRM) {
        say(lines, "SETOK", "Allow once");
        say(lines, "SETNOTOK", "Deny");
    } else {
        say(lines, "SETPROMPT", question->asks == MEISHI_ASKS_PIN ? "PIN:" : "Passphrase:");
    }
    say(lines, "SETCANCEL", "Not now");
}

static void
say_time(GPtrArray *lines, const MeishiQuestion *question, gint64 now)
{
    if (question->deadline > now)
        g_ptr_array_add(
            lines, g_strdup_printf("SETTIMEOUT %u", (guint)MIN(question->deadline - now, 3600)));
}

char **
meishi_pinentry_script_new(const MeishiQuestion *question, const MeishiPinentryPlace *place,
                           const char *problem, gint64 now)
{
    GPtrArray *lines = g_ptr_array_new();
    g_autofree char *wish = meishi_permit_text_wish(question);

    say_place(lines, place);
    say_owner(lines, question);
    say(lines, "SETTITLE", "Meishi");
    say(lines, "SETDESC", wish);
    say_problem(lines, question, problem);
    say_answers(lines, question);
    say_time(lines, question, now);
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}
