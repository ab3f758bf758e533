/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Three formats with three ways to quote: SunPKCS11's configuration ("PKCS#11 Reference Guide"),
 * properties (java.util.Properties), and argument files of java(1).
 */
#include "cli/setup/java-text.h"

#include "cli/setup/text-lines.h"

#include <string.h>

#define HEAD "# Written by `meishi setup java`; `meishi setup --undo` takes it away.\n"

/* More than any JDK has; a number beyond it is a mistake. */
#define MAX_PROVIDERS 100

char *
meishi_java_text_configuration(const char *module)
{
    g_autoptr(GString) quoted = g_string_new(NULL);

    for (const char *at = module; *at != '\0'; at++) {
        if (!g_ascii_isprint(*at) || *at == '$')
            return NULL;
        if (*at == '"' || *at == '\\')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *at);
    }
    /* The first slot is the vault's. */
    return g_strdup_printf(HEAD "name = Meishi\nlibrary = \"%s\"\nslotListIndex = 0\n",
                           quoted->str);
}

/* The number of "security.provider.N=NAME"; 0 for any other line. */
static guint
read_provider(const MeishiTextLine *line, gboolean *ret_is_pkcs11)
{
    static const char lead[] = "security.provider.";
    g_autofree char *whole = g_strndup(line->start, line->len);
    char *text = g_strstrip(whole);
    char *rest;
    guint64 number;

    if (!g_str_has_prefix(text, lead))
        return 0;
    number = g_ascii_strtoull(text + strlen(lead), &rest, 10);
    g_strchug(rest);
    if (*rest != '=' || number == 0 || number > MAX_PROVIDERS)
        return 0;
    g_strchug(++rest);
    *ret_is_pkcs11 = g_str_has_prefix(rest, "SunPKCS11");
    return (guint)number;
}

guint
meishi_java_text_provider(const char *master)
{
    MeishiTextLine line = {.next = master};
    guint last = 0;

    while (meishi_text_line_read(line.next, &line)) {
        gboolean is_pkcs11 = FALSE;
        guint number = read_provider(&line, &is_pkcs11);

        if (is_pkcs11)
            return number;
        last = MAX(last, number);
    }
    return last + 1;
}

/* Properties are Latin-1, with \uXXXX for the rest. */
static void
append_property(GString *text, const char *value)
{
    g_autofree gunichar2 *units = g_utf8_to_utf16(value, -1, NULL, NULL, NULL);

    for (const gunichar2 *unit = units; unit != NULL && *unit != 0; unit++) {
        if (*unit == '\\')
            g_string_append(text, "\\\\");
        else if (*unit >= 0x20 && *unit < 0x7f)
            g_string_append_c(text, (char)*unit);
        else
            g_string_append_printf(text, "\\u%04X", *unit);
    }
}

char *
meishi_java_text_security(guint number, const char *path)
{
    GString *text = g_string_new(HEAD);

    g_string_append_printf(text, "security.provider.%u=SunPKCS11 ", number);
    append_property(text, path);
    g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}

/* java(1), "@argfiles": inside of quotes a backslash escapes. */
static void
append_quoted(GString *text, const char *argument)
{
    g_string_append_c(text, '"');
    for (; *argument != '\0'; argument++) {
        if (*argument == '"' || *argument == '\\')
            g_string_append_c(text, '\\');
        g_string_append_c(text, *argument);
    }
    g_string_append(text, "\"\n");
}

char *
meishi_java_text_arguments(const char *path)
{
    g_autofree char *property = g_strconcat("-Djava.security.properties=", path, NULL);
    GString *text = g_string_new(HEAD);

    append_quoted(text, property);
    g_string_append(text, "-Djavax.net.ssl.keyStore=NONE\n-Djavax.net.ssl.keyStoreType=PKCS11\n");
    return g_string_free(text, FALSE);
}
