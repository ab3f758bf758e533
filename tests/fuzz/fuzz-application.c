/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The texts by which processes and sandboxes are described.  The first byte says which one it is;
 * what is made of it is a name that can stand in a rule, in a log and in a question, or none.
 */
#include "daemon/agent/proc-text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 255

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Printable ASCII without blanks, wildcards and list separators. */
static void
check_name(const char *name)
{
    if (name == NULL)
        return;
    if (name[0] == '\0' || strlen(name) > NAME_MAX_LEN)
        abort();
    for (const char *p = name; *p != '\0'; p++) {
        if (!g_ascii_isgraph(*p) || strchr("*?;!/[]\"'", *p) != NULL)
            abort();
    }
}

static void
read_stat(const char *text, size_t len)
{
    MeishiProcStat stat;

    if (meishi_proc_text_stat(text, &stat) && (stat.state == '\0' || stat.parent < 0))
        abort();
}

static void
read_cgroup(const char *text, size_t len)
{
    g_autofree char *unit = meishi_proc_text_unit(text);
    g_autofree char *snap = unit != NULL ? meishi_proc_text_snap_unit(unit) : NULL;

    check_name(unit);
    check_name(snap);
}

static void
read_flatpak(const char *text, size_t len)
{
    g_autofree char *id = meishi_proc_text_flatpak(text, len);

    check_name(id);
}

static void
read_label(const char *text, size_t len)
{
    gboolean is_confined;
    g_autofree char *snap = meishi_proc_text_snap_label(text, &is_confined);

    check_name(snap);
}

static void
read_mounts(const char *text, size_t len)
{
    if (meishi_proc_text_has_mount(text, "/.flatpak-info") &&
        strstr(text, " /.flatpak-info ") == NULL)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, size_t len) = {
        read_stat, read_cgroup, read_flatpak, read_label, read_mounts,
    };
    static const char kinds[] = "scflm";
    const char *kind = size > 0 && data[0] != '\0' ? strchr(kinds, data[0]) : NULL;
    g_autofree char *text = NULL;

    if (kind == NULL)
        return 0;
    text = g_strndup((const char *)data + 1, size - 1); /* what is read from /proc ends so */
    readers[kind - kinds](text, strlen(text));
    return 0;
}
