/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines, groups and keys of a policy file; see scan.h.  Every line that this accepts, GKeyFile
 * accepts as well.
 */
#include "daemon/policy/scan.h"

#include "daemon/policy/lint.h"

#include <string.h>

typedef struct {
    MeishiScan *scan;
    GPtrArray *lints;
    MeishiLintPlace place;
    GHashTable *seen; /* "GROUP" and "GROUP\nKEY" */
    guint errors;
} Reader;

static void
clear_entry(gpointer data)
{
    MeishiScanEntry *entry = data;

    g_free(entry->key);
}

void
meishi_scan_free(MeishiScan *scan)
{
    if (scan == NULL)
        return;
    g_key_file_unref(scan->values);
    g_array_unref(scan->entries);
    g_ptr_array_unref(scan->groups);
    g_free(scan);
}

static void
complain(Reader *reader, const char *message)
{
    meishi_lint_add(reader->lints, MEISHI_LINT_ERROR, &reader->place, "%s", message);
    reader->errors++;
}

/* TRUE the first time. */
static gboolean
is_new(Reader *reader, const char *group, const char *key)
{
    return g_hash_table_add(reader->seen, g_strdup_printf("%s\n%s", group, key ? key : ""));
}

static void
add_entry(Reader *reader, const char *key)
{
    MeishiScanEntry entry = {
        .line = reader->place.line, .group = reader->place.group, .key = g_strdup(key)};

    g_array_append_val(reader->scan->entries, entry);
}

static gboolean
is_group_name(const char *name)
{
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '[' || *p == ']' || g_ascii_iscntrl(*p))
            return FALSE;
    }
    return *name != '\0';
}

static void
read_group(Reader *reader, char *line)
{
    gsize len = strlen(line);
    gboolean is_closed = len > 2 && line[len - 1] == ']';
    char *name = g_strndup(line + 1, is_closed ? len - 2 : len - 1);

    reader->place.key = NULL;
    g_ptr_array_add(reader->scan->groups, name);
    reader->place.group = name;
    if (!is_closed || !is_group_name(name)) {
        complain(reader, "a group is written [Name], without brackets in its name");
        return;
    }
    if (!is_new(reader, name, NULL))
        complain(reader, "this group stands in the file already; put its keys together");
    add_entry(reader, NULL);
}

static void
read_key(Reader *reader, char *line)
{
    char *equals = strchr(line, '=');
    g_autofree char *key = NULL;
    gsize len;

    reader->place.key = NULL;
    if (equals == NULL || equals == line) {
        complain(reader, "expected [Group], Key=value or a comment that begins with #");
        return;
    }
    key = g_strchomp(g_strndup(line, (gsize)(equals - line)));
    len = strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
    reader->place.key = key;
    if (key[len] != '\0' || len == 0)
        complain(reader, "a key has only letters, digits and hyphens");
    else if (reader->place.group == NULL)
        complain(reader, "this key stands before the first group");
    else if (!is_new(reader, reader->place.group, key))
        complain(reader, "this key stands in the group already; only one value can count");
    else
        add_entry(reader, key);
    reader->place.key = NULL;
}

static void
read_line(Reader *reader, char *line)
{
    g_strstrip(line);
    if (*line == '\0' || *line == '#')
        return;
    if (*line == '[')
        read_group(reader, line);
    else
        read_key(reader, line);
}

/* The text without byte order mark and carriage returns, with a warning for either. */
static char *
clean(Reader *reader, const char *text)
{
    g_auto(GStrv) lines = NULL;

    if (g_str_has_prefix(text, "\xef\xbb\xbf")) {
        meishi_lint_add(reader->lints, MEISHI_LINT_WARNING, &reader->place,
                        "the file begins with a byte order mark; save it as plain UTF-8");
        text += 3;
    }
    if (strchr(text, '\r') == NULL)
        return g_strdup(text);
    meishi_lint_add(reader->lints, MEISHI_LINT_WARNING, &reader->place,
                    "the file has Windows line ends; save it with Unix line ends");
    lines = g_strsplit(text, "\r", -1);
    return g_strjoinv("", lines);
}

static guint
count_lines(const char *text)
{
    guint n = 1;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* Checks what must hold before anything is read; returns the text with its terminator. */
static char *
check_text(Reader *reader, GBytes *bytes)
{
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(data ? data : "", len);

    if (len > MEISHI_SCAN_MAX_BYTES)
        complain(reader, "the file is larger than 1 MiB");
    else if (strlen(text) != len || !g_utf8_validate(text, -1, NULL))
        complain(reader, "the file is not UTF-8 text");
    else if (count_lines(text) > MEISHI_SCAN_MAX_LINES)
        complain(reader, "the file has more than 50000 lines");
    return reader->errors > 0 ? NULL : g_steal_pointer(&text);
}

static gboolean
read_text(Reader *reader, GBytes *bytes)
{
    g_autofree char *raw = check_text(reader, bytes);
    g_autofree char *text = raw ? clean(reader, raw) : NULL;
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; lines && lines[i]; i++) {
        reader->place.line = i + 1;
        read_line(reader, lines[i]);
    }
    if (reader->errors > 0)
        return FALSE;
    reader->place = (MeishiLintPlace){.file = reader->place.file};
    if (!g_key_file_load_from_data(reader->scan->values, text, strlen(text), G_KEY_FILE_NONE,
                                   &error)) {
        complain(reader, error->message);
        return FALSE;
    }
    return TRUE;
}

MeishiScan *
meishi_scan_new(GBytes *text, const char *file, GPtrArray *lints)
{
    g_autoptr(MeishiScan) scan = g_new0(MeishiScan, 1);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Reader reader = {.scan = scan, .lints = lints, .place = {.file = file}, .seen = seen};

    scan->values = g_key_file_new();
    scan->groups = g_ptr_array_new_with_free_func(g_free);
    scan->entries = g_array_new(FALSE, FALSE, sizeof(MeishiScanEntry));
    g_array_set_clear_func(scan->entries, clear_entry);
    if (!read_text(&reader, text))
        return NULL;
    return g_steal_pointer(&scan);
}
