/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nothing in, nothing out.
 */
#include "daemon/prompter/void-buffer.h"

struct _MeishiVoidBuffer {
    GtkEntryBuffer parent_instance;
};

G_DEFINE_TYPE(MeishiVoidBuffer, meishi_void_buffer, GTK_TYPE_ENTRY_BUFFER)

static const char *
get_nothing(GtkEntryBuffer *buffer, gsize *ret_len)
{
    if (ret_len != NULL)
        *ret_len = 0;
    return "";
}

static guint
get_no_length(GtkEntryBuffer *buffer)
{
    return 0;
}

static guint
insert_nothing(GtkEntryBuffer *buffer, guint position, const char *chars, guint n_chars)
{
    return 0;
}

static guint
delete_nothing(GtkEntryBuffer *buffer, guint position, guint n_chars)
{
    return 0;
}

static void
meishi_void_buffer_class_init(MeishiVoidBufferClass *class)
{
    GtkEntryBufferClass *buffer_class = GTK_ENTRY_BUFFER_CLASS(class);

    buffer_class->get_text = get_nothing;
    buffer_class->get_length = get_no_length;
    buffer_class->insert_text = insert_nothing;
    buffer_class->delete_text = delete_nothing;
}

static void
meishi_void_buffer_init(MeishiVoidBuffer *buffer)
{
}

GtkEntryBuffer *
meishi_void_buffer_new(void)
{
    return g_object_new(MEISHI_TYPE_VOID_BUFFER, NULL);
}
