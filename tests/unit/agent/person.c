/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The person before an agent's questions; see person.h.
 */
#include "tests/unit/agent/person.h"

#include "tests/unit/agent/world.h"

static void
begin(gpointer data, const char *cookie, const char *kind, GVariant *question)
{
    Person *person = data;

    g_assert_cmpstr(kind, ==, person->kind);
    person->n_asked++;
    g_free(person->cookie);
    person->cookie = g_strdup(cookie);
    g_clear_pointer(&person->question, g_variant_unref);
    person->question = g_variant_ref(question);
}

static void
cancel(gpointer data, const char *cookie, const char *reason)
{
    Person *person = data;

    g_string_append_printf(person->ended, "%s ", reason);
    g_clear_pointer(&person->cookie, g_free);
}

static const MeishiPrompterClass person_class = {.begin = begin, .cancel = cancel};

void
person_come_as(Person *person, gpointer owner)
{
    g_assert_true(
        meishi_prompters_add(person->prompters, owner, NULL, &person_class, person, NULL));
}

void
person_come(Person *person)
{
    person_come_as(person, person);
}

void
person_leave(Person *person)
{
    meishi_prompters_remove(person->prompters, person);
    g_clear_pointer(&person->cookie, g_free);
}

Person *
person_new(MeishiPrompters *prompters, const char *kind)
{
    Person *person = g_new0(Person, 1);

    person->prompters = prompters;
    person->kind = kind;
    person->ended = g_string_new(NULL);
    person_come(person);
    return person;
}

void
person_free(Person *person)
{
    person_leave(person);
    world_settle();
    g_clear_pointer(&person->question, g_variant_unref);
    g_string_free(person->ended, TRUE);
    g_free(person);
}

static void
respond(Person *person, MeishiReply reply, GVariant *answer)
{
    g_autofree char *cookie = g_steal_pointer(&person->cookie);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(cookie);
    g_assert_true(
        meishi_prompters_respond(person->prompters, person, cookie, reply, answer, &error));
    g_assert_no_error(error);
    world_settle();
}

void
person_dismiss(Person *person)
{
    respond(person, MEISHI_REPLY_DISMISSED, NULL);
}

void
person_answer(Person *person, const char *allow)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GVariant) answer = NULL;

    if (allow != NULL)
        g_variant_dict_insert(&dict, "allow", "s", allow);
    answer = g_variant_ref_sink(g_variant_dict_end(&dict));
    respond(person, MEISHI_REPLY_ANSWERED, answer);
}
