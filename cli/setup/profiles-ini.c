/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the sections [ProfileN] of profiles.ini (nsToolkitProfileService): Name, Path, and whether
 * that is relative.  Whether a profile is there is for the caller to see.
 */
#include "cli/setup/profiles-ini.h"

#include "cli/setup/text-lines.h"

#include <string.h>

void
meishi_profile_free(MeishiProfile *profile)
{
    g_free(profile->name);
    g_free(profile->path);
    g_free(profile);
}

typedef struct {
    gboolean is_profile; /* else another section, or none yet */
    gboolean is_relative;
    char *name, *path;
} Section;

static void
section_clear(Section *section)
{
    g_free(section->name);
    g_free(section->path);
    *section = (Section){.is_relative = TRUE};
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Section, section_clear)

static void
finish_section(Section *section, const char *dir, GPtrArray *profiles)
{
    MeishiProfile *profile;

    if (section->path != NULL && section->path[0] != '\0' &&
        profiles->len < MEISHI_PROFILES_INI_MAX) {
        profile = g_new0(MeishiProfile, 1);
        profile->name = g_strdup(section->name != NULL ? section->name : "");
        profile->path = section->is_relative || !g_path_is_absolute(section->path)
                            ? g_build_filename(dir, section->path, NULL)
                            : g_strdup(section->path);
        g_ptr_array_add(profiles, profile);
    }
    section_clear(section);
}

/* "[Profile0]"; not "[Profiles]". */
static gboolean
is_profile_header(const MeishiTextLine *line)
{
    gsize lead = strlen("[Profile");

    return line->len > lead && strncmp(line->start, "[Profile", lead) == 0 &&
           g_ascii_isdigit(line->start[lead]);
}

static void
take_value(char **text, char *value)
{
    if (value == NULL)
        return;
    g_free(*text);
    *text = value;
}

static void
take_line(Section *section, const MeishiTextLine *line)
{
    g_autofree char *relative = meishi_text_line_value(line, "IsRelative", '=');

    if (!section->is_profile)
        return;
    if (relative != NULL)
        section->is_relative = strcmp(relative, "0") != 0;
    take_value(&section->name, meishi_text_line_value(line, "Name", '='));
    take_value(&section->path, meishi_text_line_value(line, "Path", '='));
}

GPtrArray *
meishi_profiles_ini_parse(const char *text, const char *dir)
{
    GPtrArray *profiles = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_profile_free);
    g_auto(Section) section = {.is_relative = TRUE};
    MeishiTextLine line = {.next = text};

    while (meishi_text_line_read(line.next, &line)) {
        if (line.len > 0 && line.start[0] == '[') {
            finish_section(&section, dir, profiles);
            section.is_profile = is_profile_header(&line);
        } else {
            take_line(&section, &line);
        }
    }
    finish_section(&section, dir, profiles);
    return profiles;
}
