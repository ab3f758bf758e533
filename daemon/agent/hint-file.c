/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One group for each hint, named by what names a process for good: its number and its start time.
 */
#include "daemon/agent/hint-file.h"

#include "daemon/base/error.h"
#include "daemon/base/paths.h"

#include <errno.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <unistd.h>

static char *
file_path(void)
{
    g_autofree char *dir = meishi_paths_runtime_dir();

    return g_build_filename(dir, "bound", NULL);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void
add_hint(const MeishiHint *hint, gpointer user_data)
{
    GKeyFile *file = user_data;
    g_autofree char *group = g_strdup_printf("%d %" G_GUINT64_FORMAT, (int)hint->process->pid,
                                             hint->process->start_time);

    if (hint->kind != MEISHI_HINT_BOUND)
        return;
    g_key_file_set_string(file, group, "Protocol", hint->protocol != NULL ? hint->protocol : "");
    g_key_file_set_string(file, group, "Host", hint->host.text != NULL ? hint->host.text : "");
    g_key_file_set_integer(file, group, "Port", (int)hint->port);
    g_key_file_set_string(file, group, "Identity", hint->id != NULL ? hint->id : "");
}

gboolean
meishi_hint_file_save(const MeishiHints *hints, GError **error)
{
    g_autofree char *dir = meishi_paths_runtime_dir();
    g_autofree char *path = file_path();
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;
    gsize len;

    meishi_hints_foreach(hints, add_hint, file);
    text = g_key_file_to_data(file, &len, NULL);
    if (!meishi_paths_ensure_private_dir(dir, error))
        return FALSE;
    errno = 0;
    if (g_file_set_contents_full(path, text, (gssize)len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                 NULL))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(errno),
                "What the program is bound to cannot be written to %s: %s", path,
                g_strerror(errno));
    return FALSE;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The process of that group, if it is the same one still. */
static MeishiApplication *
find_process(const char *group)
{
    g_autoptr(MeishiApplication) application = NULL;
    guint64 start_time;
    int pid, pidfd;

    if (sscanf(group, "%d %" G_GUINT64_FORMAT, &pid, &start_time) != 2 || pid <= 0)
        return NULL;
    pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return NULL;
    application = meishi_application_new(pid, pidfd, NULL);
    close(pidfd);
    return application != NULL && application->start_time == start_time
               ? g_steal_pointer(&application)
               : NULL;
}

static void
load_group(MeishiHints *hints, GKeyFile *file, const char *group, gint64 now)
{
    g_autoptr(MeishiApplication) process = find_process(group);
    g_autoptr(MeishiRequest) request = meishi_request_new();
    g_autofree char *host = g_key_file_get_string(file, group, "Host", NULL);
    g_autofree char *id = g_key_file_get_string(file, group, "Identity", NULL);
    int port = g_key_file_get_integer(file, group, "Port", NULL);

    request->protocol = g_key_file_get_string(file, group, "Protocol", NULL);
    request->port = (guint)CLAMP(port, 0, G_MAXUINT16);
    if (process == NULL || host == NULL || id == NULL || request->protocol == NULL ||
        !meishi_host_parse(host, &request->host, NULL))
        return;
    (void)meishi_hints_add(hints, MEISHI_HINT_BOUND, process, request, id[0] != '\0' ? id : NULL,
                           now);
}

void
meishi_hint_file_load(MeishiHints *hints, gint64 now)
{
    g_autofree char *path = file_path();
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) groups = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return;
    groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group != NULL; group++)
        load_group(hints, file, *group, now);
}
