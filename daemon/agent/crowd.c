/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCrowd; see crowd.h.  Each member's cancellable is watched by a source of the task's own
 * main context, so that nobody is told anything from inside of a cancellation.
 */
#include "daemon/agent/crowd.h"

#include "daemon/base/error.h"

struct MeishiCrowd {
    GPtrArray *members; /* Member */
    void (*on_deserted)(gpointer user_data);
    gpointer user_data;
};

typedef struct {
    MeishiCrowd *crowd;
    GTask *task;
    GSource *cancel; /* NULL */
} Member;

static void
member_free(gpointer data)
{
    Member *member = data;

    if (member->cancel != NULL) {
        g_source_destroy(member->cancel);
        g_source_unref(member->cancel);
    }
    g_object_unref(member->task);
    g_free(member);
}

MeishiCrowd *
meishi_crowd_new(void (*on_deserted)(gpointer user_data), gpointer user_data)
{
    MeishiCrowd *crowd = g_new0(MeishiCrowd, 1);

    crowd->members = g_ptr_array_new_with_free_func(member_free);
    crowd->on_deserted = on_deserted;
    crowd->user_data = user_data;
    return crowd;
}

void
meishi_crowd_free(MeishiCrowd *crowd)
{
    if (crowd == NULL)
        return;
    g_ptr_array_unref(crowd->members);
    g_free(crowd);
}

static gboolean
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    Member *member = user_data;
    MeishiCrowd *crowd = member->crowd;
    g_autoptr(GTask) task = g_object_ref(member->task);

    g_ptr_array_remove(crowd->members, member);
    if (crowd->members->len == 0)
        crowd->on_deserted(crowd->user_data);
    g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_CANCELLED,
                            "The program does not wait any more.");
    return G_SOURCE_REMOVE;
}

void
meishi_crowd_join(MeishiCrowd *crowd, GTask *task)
{
    GCancellable *cancellable = g_task_get_cancellable(task);
    Member *member = g_new0(Member, 1);

    member->crowd = crowd;
    member->task = g_object_ref(task);
    g_task_set_check_cancellable(task, FALSE); /* on_cancelled() says it, once */
    g_ptr_array_add(crowd->members, member);
    if (cancellable == NULL)
        return;
    member->cancel = g_cancellable_source_new(cancellable);
    g_source_set_callback(member->cancel, G_SOURCE_FUNC(on_cancelled), member, NULL);
    g_source_attach(member->cancel, g_task_get_context(task));
}

gboolean
meishi_crowd_is_empty(const MeishiCrowd *crowd)
{
    return crowd->members->len == 0;
}

GTask *
meishi_crowd_first(const MeishiCrowd *crowd)
{
    const Member *member = crowd->members->len > 0 ? g_ptr_array_index(crowd->members, 0) : NULL;

    return member != NULL ? member->task : NULL;
}

GTask *
meishi_crowd_take(MeishiCrowd *crowd)
{
    GTask *task = meishi_crowd_first(crowd);

    if (task == NULL)
        return NULL;
    g_object_ref(task);
    g_ptr_array_remove_index(crowd->members, 0);
    return task;
}

void
meishi_crowd_tell(MeishiCrowd *crowd, const GError *error)
{
    while (crowd->members->len > 0) {
        g_autoptr(GTask) task = meishi_crowd_take(crowd);

        if (error != NULL)
            g_task_return_error(task, g_error_copy(error));
        else
            g_task_return_boolean(task, TRUE);
    }
}
