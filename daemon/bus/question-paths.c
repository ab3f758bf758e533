/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ids to paths and back; see question-paths.h.  Everything else in the dictionaries passes through
 * untouched: what may stand there is the agent's and the prompter's affair.
 */
#include "daemon/bus/question-paths.h"

#include "daemon/base/error.h"
#include "daemon/bus/identity-object.h"

static GVariant *
new_path(MeishiAgent *agent, const char *id)
{
    g_autofree char *path = meishi_identity_object_path_of(agent, id);

    return g_variant_new_object_path(path);
}

static GVariant *
add_identity(MeishiAgent *agent, GVariant *dictionary)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(dictionary);
    const char *id;

    if (g_variant_lookup(dictionary, "id", "&s", &id))
        g_variant_dict_insert_value(&dict, "identity", new_path(agent, id));
    return g_variant_dict_end(&dict);
}

static GVariant *
add_identities(MeishiAgent *agent, GVariant *candidates)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (gsize i = 0; i < g_variant_n_children(candidates); i++) {
        g_autoptr(GVariant) candidate = g_variant_get_child_value(candidates, i);

        g_variant_builder_add_value(&builder, add_identity(agent, candidate));
    }
    return g_variant_builder_end(&builder);
}

GVariant *
meishi_question_paths_add(MeishiAgent *agent, GVariant *question)
{
    g_autoptr(GVariant) whole = g_variant_ref_sink(add_identity(agent, question));
    g_autoptr(GVariant) candidates =
        g_variant_lookup_value(question, "candidates", G_VARIANT_TYPE("aa{sv}"));
    GVariantDict dict = G_VARIANT_DICT_INIT(whole);
    const char *id;

    if (candidates != NULL)
        g_variant_dict_insert_value(&dict, "candidates", add_identities(agent, candidates));
    if (g_variant_lookup(question, "preselected", "&s", &id))
        g_variant_dict_insert_value(&dict, "preselected", new_path(agent, id));
    return g_variant_dict_end(&dict);
}

GVariant *
meishi_question_paths_remove(MeishiAgent *agent, GVariant *answer, GError **error)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(answer);
    g_autofree char *id = NULL;
    const char *path;

    if (!g_variant_lookup(answer, "identity", "&o", &path))
        return g_variant_dict_end(&dict);
    if (!meishi_identity_object_id_at(agent, path, &id, error)) {
        g_variant_dict_clear(&dict);
        return NULL;
    }
    g_variant_dict_insert(&dict, "identity", "s", id != NULL ? id : "");
    return g_variant_dict_end(&dict);
}
