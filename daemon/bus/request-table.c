/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRequestTable.  A request leaves it before it is freed, whoever ends it first; what a caller
 * holds open is counted by the caller's name, because on a message bus one connection serves many.
 */
#include "daemon/bus/request-table.h"

#include "daemon/agent/hex.h"
#include "daemon/base/error.h"
#include "daemon/bus/request-object.h"
#include "daemon/bus/request-path.h"
#include "daemon/bus/selection-request.h"
#include "daemon/crypto/crypto.h"

struct MeishiRequestTable {
    MeishiAgent *agent;
    GPtrArray *open; /* Open */
};

typedef struct {
    MeishiRequestObject *request;
    gsize size;
} Open;

MeishiRequestTable *
meishi_request_table_new(MeishiAgent *agent)
{
    MeishiRequestTable *table = g_new0(MeishiRequestTable, 1);

    table->agent = g_object_ref(agent);
    table->open = g_ptr_array_new_with_free_func(g_free);
    return table;
}

void
meishi_request_table_free(MeishiRequestTable *table)
{
    if (table == NULL)
        return;
    for (guint i = 0; i < table->open->len; i++)
        meishi_request_object_give_up(((Open *)table->open->pdata[i])->request);
    g_ptr_array_unref(table->open);
    g_object_unref(table->agent);
    g_free(table);
}

static gboolean
check_limits(const MeishiRequestTable *table, const char *sender, gsize size, GError **error)
{
    guint n_open = 0;

    for (guint i = 0; i < table->open->len; i++) {
        const Open *open = table->open->pdata[i];

        if (g_strcmp0(meishi_request_object_sender(open->request), sender) != 0)
            continue;
        n_open++;
        size += open->size;
    }
    if (n_open < MEISHI_REQUEST_TABLE_MAX && size <= MEISHI_SELECTION_MAX_BYTES)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                "You have %u requests open: wait for an answer or cancel one", n_open);
    return FALSE;
}

static gboolean
check_token(const char *token, GError **error)
{
    if (token[0] == '\0' || meishi_request_path_is_token(token))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "A token has to be at most 64 letters, digits and underscores");
    return FALSE;
}

/* At random, so that no caller can have taken it. */
static char *
new_token(void)
{
    guint8 bytes[16];

    meishi_crypto_random(bytes, sizeof bytes);
    return meishi_hex_encode(bytes, sizeof bytes);
}

static MeishiRequestObject *
make_request(GDBusMethodInvocation *invocation, const char *token, GError **error)
{
    const char *sender = g_dbus_method_invocation_get_sender(invocation);
    g_autofree char *own = token[0] == '\0' ? new_token() : g_strdup(token);
    g_autofree char *path = meishi_request_path_format(sender, own);

    return meishi_request_object_new(invocation, path, error);
}

static void
on_over(MeishiRequestObject *request, gpointer user_data)
{
    MeishiRequestTable *table = user_data;

    for (guint i = 0; i < table->open->len; i++) {
        if (((Open *)table->open->pdata[i])->request == request) {
            g_ptr_array_remove_index_fast(table->open, i);
            return;
        }
    }
}

gboolean
meishi_request_table_open(MeishiRequestTable *table, GDBusMethodInvocation *invocation,
                          const char *token, MeishiSelectCall *call, gsize size, GError **error)
{
    const char *sender = g_dbus_method_invocation_get_sender(invocation);
    MeishiRequestObject *request;
    Open *open;

    if (!check_token(token, error) || !check_limits(table, sender, size, error))
        return FALSE;
    request = make_request(invocation, token, error);
    if (request == NULL)
        return FALSE;
    open = g_new0(Open, 1);
    open->request = request;
    open->size = size;
    g_ptr_array_add(table->open, open);
    meishi_request_object_start(request, table->agent, call, on_over, table);
    return TRUE;
}
