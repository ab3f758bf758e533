/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prompters and askers without an agent; see prompting.h.
 */
#include "tests/unit/agent/prompting.h"

#include "daemon/base/error.h"

/* ---- somebody who shows questions ---- */

static void
on_begin(gpointer data, const char *cookie, const char *kind, GVariant *question)
{
    Fake *fake = data;
    gboolean is_awaited;
    const char *name;

    g_assert_null(fake->cookie);
    g_assert_true(g_variant_lookup(question, "name", "&s", &name));
    fake->cookie = g_strdup(cookie);
    g_string_append_printf(fake->seen, "begin:%s:%s ", kind, name);
    if (g_variant_lookup(question, "awaited", "b", &is_awaited) && !is_awaited)
        g_string_append(fake->seen, "(not awaited) ");
}

static void
on_cancel(gpointer data, const char *cookie, const char *reason)
{
    Fake *fake = data;

    g_assert_cmpstr(cookie, ==, fake->cookie);
    g_clear_pointer(&fake->cookie, g_free);
    g_string_append_printf(fake->seen, "cancel:%s ", reason);
}

/* "update:deadline+SECONDS" from now, "update:awaited" or "update:not-awaited". */
static void
on_update(gpointer data, const char *cookie, GVariant *changes)
{
    Fake *fake = data;
    gboolean is_awaited;
    gint64 deadline;

    g_assert_cmpstr(cookie, ==, fake->cookie);
    if (g_variant_lookup(changes, "awaited", "b", &is_awaited))
        g_string_append(fake->seen, is_awaited ? "update:awaited " : "update:not-awaited ");
    if (g_variant_lookup(changes, "deadline", "x", &deadline))
        g_string_append_printf(fake->seen, "update:deadline%+d ",
                               (int)(deadline - g_get_real_time() / G_USEC_PER_SEC));
}

static const MeishiPrompterClass fake_class = {
    .begin = on_begin,
    .cancel = on_cancel,
    .update = on_update,
};

Fake *
fake_new_at(MeishiPrompters *prompters, const MeishiPrompterPlace *place)
{
    Fake *fake = g_new0(Fake, 1);

    fake->prompters = prompters;
    fake->seen = g_string_new(NULL);
    g_assert_true(meishi_prompters_add(prompters, fake, place, &fake_class, fake, NULL));
    return fake;
}

Fake *
fake_new(MeishiPrompters *prompters)
{
    return fake_new_at(prompters, NULL);
}

void
fake_free(Fake *fake)
{
    meishi_prompters_remove(fake->prompters, fake);
    g_free(fake->cookie);
    g_string_free(fake->seen, TRUE);
    g_free(fake);
}

void
fake_answer(Fake *fake, const char *text)
{
    g_autofree char *cookie = g_steal_pointer(&fake->cookie);
    g_autoptr(GVariant) answer = NULL;
    GVariantDict dict;

    g_assert_nonnull(cookie);
    g_variant_dict_init(&dict, NULL);
    if (text != NULL)
        g_variant_dict_insert(&dict, "text", "s", text);
    answer = g_variant_ref_sink(g_variant_dict_end(&dict));
    g_assert_true(meishi_prompters_respond(
        fake->prompters, fake, cookie,
        text != NULL ? MEISHI_REPLY_ANSWERED : MEISHI_REPLY_DISMISSED, answer, NULL));
}

/* ---- somebody who asks ---- */

void
asker_clear(Asker *asker)
{
    g_clear_pointer(&asker->end, g_free);
    g_clear_object(&asker->cancellable);
}

static char *
end_of_reply(MeishiReply reply, GVariant *answer)
{
    const char *text = "";

    if (reply == MEISHI_REPLY_NOBODY)
        return g_strdup("nobody");
    if (reply == MEISHI_REPLY_DISMISSED)
        return g_strdup("dismissed");
    g_assert_true(g_variant_lookup(answer, "text", "&s", &text));
    return g_strconcat("answered:", text, NULL);
}

void
asker_take(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Asker *asker = user_data;
    g_autoptr(GVariant) answer = NULL;
    g_autoptr(GError) error = NULL;
    MeishiReply reply;

    asker->n_ends++;
    g_free(asker->end);
    if (meishi_prompters_ask_finish(result, &reply, &answer, &error)) {
        asker->end = end_of_reply(reply, answer);
        return;
    }
    g_assert_cmpint(error->domain, ==, MEISHI_ERROR);
    asker->end = g_strdup(error->code == MEISHI_ERROR_TIMEOUT     ? "timeout"
                          : error->code == MEISHI_ERROR_CANCELLED ? "cancelled"
                                                                  : "?");
}

static void
on_begun(gpointer user_data)
{
    ((Asker *)user_data)->n_begun++;
}

static void
on_extend(gint64 deadline, gpointer user_data)
{
    ((Asker *)user_data)->deadline = deadline;
}

void
ask_within(MeishiPrompters *prompters, Asker *asker, const char *name, guint timeout_ms)
{
    const MeishiAsker who = {
        .owner = asker->owner,
        .application = asker->application,
        .has_window = asker->has_window,
        .has_acted = asker->has_acted,
        .begun = on_begun,
        .extend = asker->sees_to_time ? on_extend : NULL,
    };
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, "name", "s", name);
    asker->cancellable = g_cancellable_new();
    meishi_prompters_ask_async(prompters, &who, "choose", g_variant_dict_end(&dict), timeout_ms,
                               asker->cancellable, asker_take, asker);
}

void
ask(MeishiPrompters *prompters, Asker *asker, const char *name)
{
    ask_within(prompters, asker, name, 60000);
}

void
settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

void
assert_end(const Asker *asker, const char *end)
{
    g_assert_cmpstr(asker->end, ==, end);
    g_assert_cmpuint(asker->n_ends, ==, end != NULL ? 1 : 0);
}
