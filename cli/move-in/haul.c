/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See haul.h.
 */
#include "cli/move-in/haul.h"

static void
place_free(MeishiHaulPlace *place)
{
    g_free(place->title);
    g_free(place->path);
    g_clear_error(&place->trouble);
    g_free(place);
}

static void
item_free(MeishiHaulItem *item)
{
    g_free(item->name);
    g_clear_pointer(&item->file, meishi_input_file_free);
    g_clear_error(&item->trouble);
    g_free(item);
}

MeishiHaul *
meishi_haul_new(void)
{
    MeishiHaul *haul = g_new0(MeishiHaul, 1);

    haul->places = g_ptr_array_new_with_free_func((GDestroyNotify)place_free);
    haul->items = g_ptr_array_new_with_free_func((GDestroyNotify)item_free);
    return haul;
}

void
meishi_haul_free(MeishiHaul *haul)
{
    if (haul == NULL)
        return;
    g_ptr_array_unref(haul->items);
    g_ptr_array_unref(haul->places);
    meishi_secret_unref(haul->seal);
    g_free(haul);
}

MeishiHaulPlace *
meishi_haul_add_place(MeishiHaul *haul, const char *title, const char *path)
{
    MeishiHaulPlace *place = g_new0(MeishiHaulPlace, 1);

    place->title = g_strdup(title);
    place->path = g_strdup(path);
    g_ptr_array_add(haul->places, place);
    return place;
}

static MeishiHaulItem *
add_item(MeishiHaul *haul, MeishiHaulPlace *place, const char *name)
{
    MeishiHaulItem *item = g_new0(MeishiHaulItem, 1);

    item->place = place;
    item->name = g_strdup(name);
    g_ptr_array_add(haul->items, item);
    return item;
}

MeishiHaulItem *
meishi_haul_add_item(MeishiHaul *haul, MeishiHaulPlace *place, MeishiInputFile *file)
{
    MeishiHaulItem *item = add_item(haul, place, file->name);

    item->file = file;
    return item;
}

void
meishi_haul_add_refused(MeishiHaul *haul, MeishiHaulPlace *place, const char *name, GError *trouble)
{
    add_item(haul, place, name)->trouble = trouble;
}

GPtrArray *
meishi_haul_files(const MeishiHaul *haul)
{
    GPtrArray *files = g_ptr_array_new();

    for (guint i = 0; i < haul->items->len; i++) {
        const MeishiHaulItem *item = haul->items->pdata[i];

        if (item->trouble == NULL && !item->is_put_by)
            g_ptr_array_add(files, item->file);
    }
    return files;
}

gboolean
meishi_haul_has_files(const MeishiHaul *haul)
{
    g_autoptr(GPtrArray) files = meishi_haul_files(haul);

    return files->len > 0;
}

static const GError *
first_trouble(const MeishiHaul *haul)
{
    for (guint i = 0; i < haul->places->len; i++) {
        const MeishiHaulPlace *place = haul->places->pdata[i];

        if (place->trouble != NULL)
            return place->trouble;
    }
    for (guint i = 0; i < haul->items->len; i++) {
        const MeishiHaulItem *item = haul->items->pdata[i];

        if (item->trouble != NULL)
            return item->trouble;
    }
    return NULL;
}

gboolean
meishi_haul_verdict(const MeishiHaul *haul, GError **error)
{
    const GError *trouble = first_trouble(haul);

    if (trouble != NULL)
        g_set_error_literal(error, trouble->domain, trouble->code, "");
    return trouble == NULL;
}
