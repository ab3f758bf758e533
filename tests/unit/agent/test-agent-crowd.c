/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A crowd: who comes, who leaves, who is told what.
 */
#include "daemon/agent/crowd.h"
#include "daemon/base/error.h"

typedef struct {
    MeishiCrowd *crowd;
    GString *told; /* a letter and an outcome for each: a+ told, b- an error, cc cancelled */
    guint n_deserted;
} Fixture;

static void
on_deserted(gpointer data)
{
    Fixture *f = data;

    f->n_deserted++;
    g_assert_true(meishi_crowd_is_empty(f->crowd));
}

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->crowd = meishi_crowd_new(on_deserted, f);
    f->told = g_string_new(NULL);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    meishi_crowd_free(f->crowd);
    g_string_free(f->told, TRUE);
}

typedef struct {
    Fixture *f;
    char name;
    GCancellable *cancellable;
} Person;

static void
on_told(GObject *source, GAsyncResult *result, gpointer data)
{
    Person *person = data;
    g_autoptr(GError) error = NULL;
    gboolean ok = g_task_propagate_boolean(G_TASK(result), &error);
    gboolean was_cancelled = g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED);

    g_string_append_printf(person->f->told, "%c%c", person->name,
                           ok              ? '+'
                           : was_cancelled ? 'c'
                                           : '-');
    g_clear_object(&person->cancellable);
}

static void
come(Fixture *f, Person *person, char name)
{
    g_autoptr(GTask) task = NULL;

    *person = (Person){f, name, g_cancellable_new()};
    task = g_task_new(NULL, person->cancellable, on_told, person);
    meishi_crowd_join(f->crowd, task);
}

static void
settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void
test_tells_all(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = g_error_new(MEISHI_ERROR, MEISHI_ERROR_LOCKED, "no");
    Person a, b, c;

    come(f, &a, 'a');
    come(f, &b, 'b');
    meishi_crowd_tell(f->crowd, NULL);
    settle();
    g_assert_cmpstr(f->told->str, ==, "a+b+");
    come(f, &c, 'c');
    meishi_crowd_tell(f->crowd, error);
    settle();
    g_assert_cmpstr(f->told->str, ==, "a+b+c-");
    g_assert_cmpuint(f->n_deserted, ==, 0);
}

static void
test_leaving(Fixture *f, gconstpointer unused)
{
    Person a, b;

    come(f, &a, 'a');
    come(f, &b, 'b');
    g_cancellable_cancel(a.cancellable);
    g_assert_cmpstr(f->told->str, ==, ""); /* nobody is told from inside of that */
    settle();
    g_assert_cmpstr(f->told->str, ==, "ac");
    g_assert_cmpuint(f->n_deserted, ==, 0);
    g_cancellable_cancel(b.cancellable);
    settle();
    g_assert_cmpstr(f->told->str, ==, "acbc");
    g_assert_cmpuint(f->n_deserted, ==, 1);
}

/* Told while the cancellation was under way: once. */
static void
test_told_and_cancelled(Fixture *f, gconstpointer unused)
{
    Person a;
    g_autoptr(GCancellable) cancellable = NULL;

    come(f, &a, 'a');
    cancellable = g_object_ref(a.cancellable);
    g_cancellable_cancel(cancellable);
    meishi_crowd_tell(f->crowd, NULL);
    settle();
    g_assert_cmpstr(f->told->str, ==, "a+");
    g_assert_cmpuint(f->n_deserted, ==, 0);
}

static void
test_taking(Fixture *f, gconstpointer unused)
{
    g_autoptr(GTask) first = NULL;
    Person a, b;

    g_assert_null(meishi_crowd_take(f->crowd));
    come(f, &a, 'a');
    come(f, &b, 'b');
    first = meishi_crowd_take(f->crowd);
    g_assert_true(g_task_get_cancellable(first) == a.cancellable);
    g_assert_true(g_task_get_cancellable(meishi_crowd_first(f->crowd)) == b.cancellable);
    g_cancellable_cancel(a.cancellable); /* nobody's affair any more */
    settle();
    g_assert_cmpstr(f->told->str, ==, "");
    g_task_return_boolean(first, TRUE);
    meishi_crowd_tell(f->crowd, NULL);
    settle();
    g_assert_cmpuint(f->told->len, ==, 4);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/agent/crowd/tells-all", test_tells_all);
    ADD("/agent/crowd/leaving", test_leaving);
    ADD("/agent/crowd/told-and-cancelled", test_told_and_cancelled);
    ADD("/agent/crowd/taking", test_taking);
    return g_test_run();
}
