/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the texts of /proc mean; see proc-text.h.  A text that is not as documented says nothing:
 * the answer is then "no", never a guess.
 */
#include "daemon/agent/proc-text.h"

#include <string.h>
#include <sys/sysmacros.h>

#define NAME_MAX_LEN 255 /* systemd's, Flatpak's and AppArmor's names are shorter */

/* ---- stat ------------------------------------------------------------------------------------ */

/* Fields after the name, of which field 3 is the first. */
enum {
    FIELD_STATE = 3 - 3,
    FIELD_PARENT = 4 - 3,
    FIELD_TTY = 7 - 3,
    FIELD_START_TIME = 22 - 3,
};

static gboolean
parse_number(const char *text, guint64 max, guint64 *ret_number)
{
    return g_ascii_string_to_unsigned(text, 10, 0, max, ret_number, NULL);
}

/* The device as the kernel packs it into an int: 12 bits of the minor number, 12 of the major, 8 of
 * the minor. */
static dev_t
parse_tty(const char *text)
{
    gint64 number;
    guint32 packed;

    if (!g_ascii_string_to_signed(text, 10, G_MININT32, G_MAXINT32, &number, NULL) || number == 0)
        return 0;
    packed = (guint32)number;
    return makedev((packed >> 8) & 0xfff, (packed & 0xff) | ((packed >> 12) & 0xfff00));
}

/* The name is in parentheses and may hold any character, these included; the last ")" ends it,
 * since nothing but numbers follows. */
gboolean
meishi_proc_text_stat(const char *stat, MeishiProcStat *ret_stat)
{
    const char *end = strrchr(stat, ')');
    g_auto(GStrv) fields = NULL;
    guint64 parent, start_time;

    if (end == NULL || end[1] != ' ')
        return FALSE;
    fields = g_strsplit(end + 2, " ", FIELD_START_TIME + 2);
    if (g_strv_length(fields) <= FIELD_START_TIME || strlen(fields[FIELD_STATE]) != 1 ||
        !parse_number(fields[FIELD_PARENT], G_MAXINT32, &parent) ||
        !parse_number(g_strchomp(fields[FIELD_START_TIME]), G_MAXUINT64, &start_time))
        return FALSE;
    *ret_stat = (MeishiProcStat){.state = fields[FIELD_STATE][0],
                                 .parent = (pid_t)parent,
                                 .start_time = start_time,
                                 .tty = parse_tty(fields[FIELD_TTY])};
    return TRUE;
}

/* ---- cgroup ---------------------------------------------------------------------------------- */

/* The path in systemd's own hierarchy: name=systemd of version 1 where it says something, since
 * the unified one may stand idle beside it, else the unified one.  cgroups(7). */
static char *
find_path(const char *cgroup)
{
    g_auto(GStrv) lines = g_strsplit(cgroup, "\n", -1);
    const char *unified = NULL;

    for (char **line = lines; *line != NULL; line++) {
        const char *named = strstr(*line, ":name=systemd:");

        if (named != NULL && strchr(*line, ':') == named && !g_str_equal(named, ":name=systemd:/"))
            return g_strdup(named + strlen(":name=systemd:"));
        if (g_str_has_prefix(*line, "0::"))
            unified = *line + strlen("0::");
    }
    return g_strdup(unified);
}

/* Characters of systemd.unit(5). */
static gboolean
is_unit_of(const char *name, const char *suffix)
{
    gsize len = strlen(name);

    return len > strlen(suffix) && len <= NAME_MAX_LEN && g_str_has_suffix(name, suffix) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        ":-_.\\@") == len;
}

static gboolean
is_program_unit(const char *name)
{
    return is_unit_of(name, ".service") || is_unit_of(name, ".scope");
}

static gboolean
is_user_manager(const char *name)
{
    return g_str_has_prefix(name, "user@") && is_unit_of(name, ".service");
}

/* Everything of one login is in there, so it says nothing about a program. */
static gboolean
is_login_session(const char *name)
{
    return g_str_has_prefix(name, "session-") && is_unit_of(name, ".scope");
}

static char **
skip_slices(char **parts)
{
    while (*parts != NULL && is_unit_of(*parts, ".slice"))
        parts++;
    return parts;
}

/* /SLICE.../UNIT/what the unit made of itself, or, below the manager of a user,
 * /SLICE.../user@UID.service/SLICE.../UNIT/... */
char *
meishi_proc_text_unit(const char *cgroup)
{
    g_autofree char *path = find_path(cgroup);
    g_auto(GStrv) parts = NULL;
    char **part;

    if (path == NULL || path[0] != '/')
        return NULL;
    parts = g_strsplit(path + 1, "/", -1);
    part = skip_slices(parts);
    if (*part != NULL && is_user_manager(*part))
        part = skip_slices(part + 1);
    if (*part == NULL || !is_program_unit(*part) || is_login_session(*part))
        return NULL;
    return g_strdup(*part);
}

/* ---- login session --------------------------------------------------------------------------- */

/* /user.slice/user-UID.slice/session-ID.scope/... */
static char *
session_of_cgroup(const char *cgroup)
{
    g_autofree char *path = find_path(cgroup);
    g_auto(GStrv) parts = NULL;
    const char *id;
    char **part;

    if (path == NULL || path[0] != '/')
        return NULL;
    parts = g_strsplit(path + 1, "/", -1);
    part = skip_slices(parts);
    if (*part == NULL || !is_login_session(*part))
        return NULL;
    id = *part + strlen("session-");
    return g_strndup(id, strlen(id) - strlen(".scope"));
}

char *
meishi_proc_text_session(const char *cgroup, const char *sessionid)
{
    char *session = cgroup != NULL ? session_of_cgroup(cgroup) : NULL;
    guint64 number;

    if (session != NULL || sessionid == NULL)
        return session;
    if (!parse_number(sessionid, G_MAXUINT32 - 1, &number)) /* the last one stands for none */
        return NULL;
    return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

/* ---- snap ------------------------------------------------------------------------------------ */

/* NAME of "snap.NAME.", an instance key included. */
static char *
parse_snap(const char *text)
{
    const char *name = text + strlen("snap.");
    gsize len;

    if (!g_str_has_prefix(text, "snap."))
        return NULL;
    len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    if (len == 0 || len > NAME_MAX_LEN || name[len] != '.')
        return NULL;
    return g_strndup(name, len);
}

char *
meishi_proc_text_snap_label(const char *label, gboolean *ret_is_confined)
{
    g_autofree char *line = g_strchomp(g_strdup(label));
    char *name = parse_snap(line);

    if (name != NULL)
        *ret_is_confined = g_str_has_suffix(line, " (enforce)");
    return name;
}

char *
meishi_proc_text_snap_unit(const char *unit)
{
    return parse_snap(unit);
}

/* ---- Flatpak --------------------------------------------------------------------------------- */

/* As D-Bus wants names, which Flatpak's are made from. */
static gboolean
is_flatpak_id(const char *id)
{
    gsize len = strlen(id);

    return len > 0 && len <= NAME_MAX_LEN && strchr(id, '.') != NULL && id[0] != '.' &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

char *
meishi_proc_text_flatpak(const char *info, gsize len)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *id = NULL;

    if (!g_key_file_load_from_data(file, info, len, G_KEY_FILE_NONE, NULL))
        return NULL;
    id = g_key_file_get_string(file, "Application", "name", NULL);
    return id != NULL && is_flatpak_id(id) ? g_steal_pointer(&id) : NULL;
}

/* ---- mountinfo ------------------------------------------------------------------------------- */

/* The fifth field; blanks in it are escaped.  proc(5). */
gboolean
meishi_proc_text_has_mount(const char *mountinfo, const char *point)
{
    g_auto(GStrv) lines = g_strsplit(mountinfo, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, " ", 6);

        if (g_strv_length(fields) == 6 && g_str_equal(fields[4], point))
            return TRUE;
    }
    return FALSE;
}
