/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who owns what facts point to.
 */
#include "cli/doctor/judge/facts.h"

typedef struct {
    gpointer thing;
    GDestroyNotify free;
} Kept;

static void
kept_free(Kept *kept)
{
    kept->free(kept->thing);
    g_free(kept);
}

MeishiFacts *
meishi_facts_new(void)
{
    MeishiFacts *facts = g_new0(MeishiFacts, 1);

    facts->kept = g_ptr_array_new_with_free_func((GDestroyNotify)kept_free);
    return facts;
}

void
meishi_facts_free(MeishiFacts *facts)
{
    if (facts == NULL)
        return;
    g_clear_pointer(&facts->kept, g_ptr_array_unref);
    g_free(facts);
}

static gpointer
keep(MeishiFacts *facts, gpointer thing, GDestroyNotify destroy)
{
    Kept *kept;

    if (thing == NULL)
        return NULL;
    kept = g_new0(Kept, 1);
    kept->thing = thing;
    kept->free = destroy;
    g_ptr_array_add(facts->kept, kept);
    return thing;
}

const char *
meishi_facts_keep(MeishiFacts *facts, char *text)
{
    return keep(facts, text, g_free);
}

const char *
meishi_facts_copy(MeishiFacts *facts, const char *text)
{
    return meishi_facts_keep(facts, g_strdup(text));
}

const char *const *
meishi_facts_keep_list(MeishiFacts *facts, char **list)
{
    return keep(facts, list, (GDestroyNotify)g_strfreev);
}

gpointer
meishi_facts_keep_array(MeishiFacts *facts, GArray *array, guint *ret_n)
{
    *ret_n = array->len;
    return keep(facts, g_array_free(array, array->len == 0), g_free);
}
