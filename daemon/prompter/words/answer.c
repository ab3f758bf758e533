/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers as the daemon reads them.
 */
#include "daemon/prompter/words/answer.h"

GVariant *
meishi_answer_choice(const MeishiQuestion *question, guint index,
                     const MeishiRemembering *remembering)
{
    const char *path =
        index < question->candidates->len ? meishi_question_candidate(question, index)->path : "/";
    GVariantDict answer;

    g_variant_dict_init(&answer, NULL);
    g_variant_dict_insert(&answer, "identity", "o", path);
    g_variant_dict_insert(&answer, "scope", "s", remembering->scope);
    g_variant_dict_insert(&answer, "reach", "s", remembering->reach);
    g_variant_dict_insert(&answer, "any-application", "b", remembering->any_application);
    return g_variant_dict_end(&answer);
}

GVariant *
meishi_answer_allow(const char *allow)
{
    GVariantDict answer;

    g_variant_dict_init(&answer, NULL);
    g_variant_dict_insert(&answer, "allow", "s", allow);
    return g_variant_dict_end(&answer);
}

GVariant *
meishi_answer_secret(gboolean is_last_try)
{
    GVariantDict answer;

    g_variant_dict_init(&answer, NULL);
    if (is_last_try)
        g_variant_dict_insert(&answer, "last-try", "b", TRUE);
    return g_variant_dict_end(&answer);
}
