/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Programs that ask and a person who answers; see asking.h.
 */
#include "tests/unit/agent/asking.h"

#include "daemon/base/error.h"
#include "daemon/policy/sigalg.h"

#include <string.h>
#include <unistd.h>

/* ---- the prompter ---- */

static void
on_begin(gpointer prompter, const char *cookie, const char *kind, GVariant *question)
{
    Asking *asking = prompter;

    g_assert_null(asking->cookie); /* one question at a time */
    g_assert_cmpstr(kind, ==, asking->expects != NULL ? asking->expects : "choose");
    asking->n_begun++;
    asking->cookie = g_strdup(cookie);
    g_clear_pointer(&asking->question, g_variant_unref);
    asking->question = g_variant_ref(question);
}

static void
on_cancel(gpointer prompter, const char *cookie, const char *reason)
{
    Asking *asking = prompter;

    g_assert_cmpstr(cookie, ==, asking->cookie);
    g_clear_pointer(&asking->cookie, g_free);
    g_string_append_printf(asking->cancelled, "%s ", reason);
}

static void
on_update(gpointer prompter, const char *cookie, GVariant *changes)
{
    Asking *asking = prompter;
    gboolean is_awaited;

    g_assert_cmpstr(cookie, ==, asking->cookie);
    g_assert_true(g_variant_lookup(changes, "awaited", "b", &is_awaited));
    g_assert_true(g_variant_lookup(changes, "deadline", "x", &asking->deadline));
    g_string_append(asking->updates, is_awaited ? "awaited " : "deserted ");
}

void
asking_register_as(Asking *asking, gpointer owner)
{
    static const MeishiPrompterClass class = {
        .begin = on_begin,
        .cancel = on_cancel,
        .update = on_update,
    };

    g_assert_true(meishi_prompters_add(meishi_agent_prompters(asking->agent), owner, NULL, &class,
                                       asking, NULL));
}

void
asking_register(Asking *asking)
{
    asking_register_as(asking, asking);
    asking->is_registered = TRUE;
}

void
asking_unregister(Asking *asking)
{
    meishi_prompters_remove(meishi_agent_prompters(asking->agent), asking);
    g_clear_pointer(&asking->cookie, g_free);
    asking->is_registered = FALSE;
}

static void
respond(Asking *asking, MeishiReply reply, GVariant *answer)
{
    g_autofree char *cookie = g_steal_pointer(&asking->cookie);
    g_autoptr(GVariant) sunk = g_variant_ref_sink(answer);

    g_assert_nonnull(cookie);
    g_assert_true(meishi_prompters_respond(meishi_agent_prompters(asking->agent), asking, cookie,
                                           reply, sunk, NULL));
    world_settle();
}

char *
asking_id(Asking *asking, const char *label)
{
    g_autoptr(MeishiIdentity) identity = world_identity(asking->world, label);

    return meishi_identity_id(identity);
}

void
asking_answer(Asking *asking, const char *label, const char *scope, const char *reach,
              gboolean any_application)
{
    g_autofree char *id = label != NULL ? asking_id(asking, label) : g_strdup("");
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, "identity", "s", id);
    g_variant_dict_insert(&dict, "scope", "s", scope);
    g_variant_dict_insert(&dict, "reach", "s", reach);
    g_variant_dict_insert(&dict, "any-application", "b", any_application);
    respond(asking, MEISHI_REPLY_ANSWERED, g_variant_dict_end(&dict));
}

void
asking_dismiss(Asking *asking)
{
    respond(asking, MEISHI_REPLY_DISMISSED, g_variant_new("a{sv}", NULL));
}

/* ---- the world ---- */

static void
on_changed(Asking *asking)
{
    asking->n_changed++;
}

static void
on_flush(Asking *asking, const MeishiFlush *flush)
{
    g_string_append_printf(asking->flushed, "%s:%u ", flush->host, flush->port);
}

static void
name_alice(Asking *asking)
{
    g_autoptr(MeishiIdentity) alice = world_identity(asking->world, "Alice at work");

    g_assert_true(meishi_agent_rename(asking->agent, alice, "Alice", NULL));
}

Asking *
asking_new(void)
{
    Asking *asking = g_new0(Asking, 1);
    g_autofree char *outcomes = NULL;
    g_autoptr(GError) error = NULL;

    asking->world = world_new();
    asking->agent = asking->world->agent;
    asking->cancelled = g_string_new(NULL);
    asking->flushed = g_string_new(NULL);
    asking->updates = g_string_new(NULL);
    outcomes = world_import_outcomes(asking->world, "alice.p12,bob.pem,stranger.key,stranger.crt",
                                     "secret");
    name_alice(asking);
    asking->me = meishi_application_new(getpid(), -1, &error);
    g_assert_no_error(error);
    asking_register(asking);
    g_signal_connect_swapped(asking->agent, "choices-changed", G_CALLBACK(on_changed), asking);
    g_signal_connect_swapped(asking->agent, "flush-connections", G_CALLBACK(on_flush), asking);
    world_settle();
    return asking;
}

void
asking_free(Asking *asking)
{
    if (asking->is_registered)
        asking_unregister(asking);
    meishi_application_unref(asking->me);
    g_clear_pointer(&asking->question, g_variant_unref);
    world_free(asking->world);
    g_string_free(asking->cancelled, TRUE);
    g_string_free(asking->flushed, TRUE);
    g_string_free(asking->updates, TRUE);
    g_free(asking);
}

/* ---- calls ---- */

static void
name_authority(MeishiRequest *request, const char *file)
{
    g_autoptr(GBytes) pem = world_pki(file);
    g_autoptr(GPtrArray) no_passwords = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = meishi_bundle_read(pem, file, no_passwords, &error);
    const MeishiBundleCert *authority;

    g_assert_no_error(error);
    authority = g_ptr_array_index(bundle->certs, 0);
    request->ca_names = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_name_unref);
    g_ptr_array_add(request->ca_names, meishi_name_ref(authority->cert->subject_name));
}

MeishiSelectCall *
asking_call_naming(Asking *asking, const char *host, const char *authority)
{
    MeishiSelectCall *call = g_new0(MeishiSelectCall, 1);
    MeishiRequest *request = meishi_request_new();

    g_assert_true(meishi_host_parse(host, &request->host, NULL));
    request->protocol = g_strdup("https");
    request->port = 443;
    request->tls_version = MEISHI_TLS_1_3;
    meishi_application_describe(asking->me, request);
    if (authority != NULL) {
        g_autofree char *lower = g_ascii_strdown(authority, -1);
        g_autofree char *file = g_strconcat(lower, ".crt", NULL);

        name_authority(request, file);
    }
    call->request = request;
    call->application = meishi_application_ref(asking->me);
    return call;
}

MeishiSelectCall *
asking_call(Asking *asking, const char *host)
{
    return asking_call_naming(asking, host, "Sub");
}

MeishiSelectCall *
asking_call_in(Asking *asking, const char *host, const char *group)
{
    MeishiSelectCall *call = asking_call(asking, host);

    call->connection_group = g_strdup(group);
    return call;
}

static void
on_selected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Call *call = user_data;

    g_assert_cmpuint(call->n_ends++, ==, 0);
    call->answer = meishi_agent_select_finish(MEISHI_AGENT(source), result, &call->error);
}

void
asking_start_with(Asking *asking, MeishiSelectCall *select_call, GCancellable *cancellable,
                  Call *call)
{
    meishi_agent_select_async(asking->agent, select_call, cancellable, on_selected, call);
    world_settle();
}

Call *
asking_start(Asking *asking, MeishiSelectCall *select_call)
{
    Call *call = g_new0(Call, 1);

    call->cancellable = g_cancellable_new();
    asking_start_with(asking, select_call, call->cancellable, call);
    return call;
}

/* One that is still open ends before what it writes to is gone. */
void
call_free(Call *call)
{
    g_cancellable_cancel(call->cancellable);
    asking_wait(call);
    meishi_answer_free(call->answer);
    g_clear_error(&call->error);
    g_object_unref(call->cancellable);
    g_free(call);
}

void
asking_wait(const Call *call)
{
    while (call->n_ends == 0)
        g_main_context_iteration(NULL, TRUE);
    world_settle();
}

static const char *const scope_names[] = {"once", "session", "always"};

void
assert_call(const Call *call, const char *expected)
{
    g_autofree char *text = NULL;

    if (call->n_ends == 0)
        text = g_strdup("waiting");
    else if (call->error != NULL)
        text = g_strdup_printf("error %d", call->error->code);
    else
        text = g_strdup_printf("%s %s %s", meishi_result_name(call->answer->result),
                               call->answer->identity != NULL ? call->answer->identity->label : "-",
                               scope_names[call->answer->scope]);
    g_assert_cmpstr(text, ==, expected);
}

/* ---- looking ---- */

/* Soft ones last; the order among equals is a matter of their dates of issue. */
static int
compare_offered(gconstpointer a, gconstpointer b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;

    return (*x == '(') != (*y == '(') ? (*x == '(') - (*y == '(') : strcmp(x, y);
}

void
assert_offered(const Asking *asking, const char *expected)
{
    g_autoptr(GVariant) list =
        g_variant_lookup_value(asking->question, "candidates", G_VARIANT_TYPE("aa{sv}"));
    g_autoptr(GPtrArray) labels = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;

    for (gsize i = 0; i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) one = g_variant_get_child_value(list, i);
        const char *label, *kind;

        g_assert_true(g_variant_lookup(one, "label", "&s", &label));
        g_assert_true(g_variant_lookup(one, "kind", "&s", &kind));
        if (strcmp(kind, "soft") == 0)
            g_ptr_array_add(labels, g_strdup_printf("(%s)", label));
        else
            g_ptr_array_add(labels, g_strdup(label));
    }
    g_ptr_array_sort(labels, compare_offered);
    g_ptr_array_add(labels, NULL);
    text = g_strjoinv(" ", (char **)labels->pdata);
    g_assert_cmpstr(text, ==, expected);
}

void
assert_asked(const Asking *asking, const char *key, const char *expected)
{
    const char *text;

    g_assert_true(g_variant_lookup(asking->question, key, "&s", &text));
    g_assert_cmpstr(text, ==, expected);
}

void
assert_asked_list(const Asking *asking, const char *key, const char *expected)
{
    g_autofree const char **list = NULL;
    g_autofree char *text = NULL;

    g_assert_true(g_variant_lookup(asking->question, key, "^a&s", &list));
    text = g_strjoinv(" ", (char **)list);
    g_assert_cmpstr(text, ==, expected);
}

static char *
label_of(Asking *asking, const char *lineage)
{
    const MeishiInventory *inventory = meishi_agent_world(asking->agent)->inventory;
    GArray *found = lineage != NULL ? meishi_inventory_find_lineage(inventory, lineage) : NULL;

    if (lineage == NULL)
        return g_strdup("none");
    g_assert_nonnull(found);
    return g_strdup(
        meishi_inventory_entry(inventory, g_array_index(found, guint, 0))->candidate->label);
}

void
assert_choices(Asking *asking, const char *expected)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GPtrArray) list =
        meishi_choice_book_list(meishi_agent_choice_book(asking->agent), now);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const MeishiChoice *choice = g_ptr_array_index(list, i);
        g_autofree char *label = label_of(asking, choice->lineage);

        g_string_append_printf(
            text, "%s%s %s %s%s:%u %s", i > 0 ? ", " : "", label, scope_names[choice->scope],
            choice->reach == MEISHI_REACH_DOMAIN ? "." : "", choice->host, choice->port,
            choice->application == NULL                             ? "any"
            : g_strcmp0(choice->application, asking->me->name) == 0 ? "me"
                                                                    : choice->application);
    }
    g_assert_cmpstr(text->str, ==, expected);
}
