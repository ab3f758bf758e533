/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first of each list is the narrowest, and always there: what is not remembered needs nobody's
 * consent.
 */
#include "daemon/prompter/words/remember-options.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/program.h"

#include <glib/gi18n.h>

static void
clear_option(gpointer data)
{
    g_free(((MeishiOption *)data)->label);
}

/* Takes @label. */
static void
add_option(GArray *options, const char *word, char *label)
{
    MeishiOption option = {word, label};

    g_array_append_val(options, option);
}

static GArray *
new_options(void)
{
    GArray *options = g_array_new(FALSE, FALSE, sizeof(MeishiOption));

    g_array_set_clear_func(options, clear_option);
    return options;
}

GArray *
meishi_remember_options_scopes(const MeishiQuestion *question)
{
    GArray *scopes = new_options();

    add_option(scopes, "once", g_strdup(_("Once, do not remember")));
    if (meishi_question_allows_scope(question, "session"))
        add_option(scopes, "session", g_strdup(_("For this session")));
    if (meishi_question_allows_scope(question, "always"))
        add_option(scopes, "always", g_strdup(_("Always")));
    return scopes;
}

GArray *
meishi_remember_options_reaches(const MeishiQuestion *question)
{
    GArray *reaches = new_options();
    g_autofree char *host = meishi_untrusted_isolated(question->host);
    g_autofree char *domain = meishi_untrusted_isolated(question->domain);
    g_autofree char *target = meishi_program_target(question);

    add_option(reaches, "host-port",
               target != NULL ? g_steal_pointer(&target) : g_strdup(_("This server")));
    if (meishi_question_allows_reach(question, "host"))
        add_option(reaches, "host", g_strdup_printf(_("%s, every port"), host));
    if (meishi_question_allows_reach(question, "domain") && domain[0] != '\0')
        add_option(reaches, "domain", g_strdup_printf(_("All of %s"), domain));
    return reaches;
}

GArray *
meishi_remember_options_programs(const MeishiQuestion *question)
{
    GArray *programs = new_options();

    add_option(programs, "this", g_strdup(_("This program only")));
    if (question->any_application)
        add_option(programs, "any", g_strdup(_("Every program")));
    return programs;
}

guint
meishi_remember_options_first(const MeishiQuestion *question, const GArray *scopes)
{
    for (guint i = 0; i < scopes->len; i++) {
        if (g_str_equal(g_array_index(scopes, MeishiOption, i).word, question->scope))
            return i;
    }
    return 0;
}
