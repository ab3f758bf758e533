/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names on the command line.  Pure: cards in, a card or an explanation out.  Never picks one of
 * several: the next command may be "remove".
 */
#include "cli/name.h"

#include "cli/date.h"
#include "cli/error.h"
#include "cli/suggest.h"
#include "cli/text.h"

#include <string.h>

#define MIN_ID_PREFIX  4
#define MAX_CANDIDATES 10

typedef gboolean (*Match)(const MeishiCard *card, const char *name);

static gboolean
is_id(const MeishiCard *card, const char *name)
{
    return name[0] != '\0' && g_ascii_strcasecmp(meishi_card_text(card, "Id"), name) == 0;
}

static gboolean
is_label(const MeishiCard *card, const char *name)
{
    return g_str_equal(meishi_card_text(card, "Label"), name);
}

static char *
fold(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *normal = g_utf8_normalize(valid, -1, G_NORMALIZE_ALL);

    return g_utf8_casefold(normal, -1);
}

static gboolean
is_label_in_other_case(const MeishiCard *card, const char *name)
{
    g_autofree char *label = fold(meishi_card_text(card, "Label"));
    g_autofree char *wanted = fold(name);

    return g_str_equal(label, wanted);
}

static gboolean
begins_id(const MeishiCard *card, const char *name)
{
    gsize len = strlen(name);

    return len >= MIN_ID_PREFIX &&
           g_ascii_strncasecmp(meishi_card_text(card, "Id"), name, len) == 0;
}

static gboolean
has_part(const char *text, const char *folded)
{
    g_autofree char *whole = fold(text);

    return strstr(whole, folded) != NULL;
}

static gboolean
is_part(const MeishiCard *card, const char *name)
{
    g_autofree char *wanted = fold(name);
    g_autofree const char **names = meishi_card_list(card, "AlternativeNames");

    if (wanted[0] == '\0')
        return FALSE;
    for (gsize i = 0; names[i] != NULL; i++) {
        if (has_part(names[i], wanted))
            return TRUE;
    }
    return has_part(meishi_card_text(card, "Label"), wanted) ||
           has_part(meishi_card_text(card, "Subject"), wanted);
}

/* ---- PKCS#11 URIs --------------------------------------------------------------------------- */

/* The percent-decoded value of the path attribute @name (RFC 7512 section 2.3), as bytes; NULL
 * where the URI has none or it is malformed. */
static GBytes *
uri_attribute(const char *uri, const char *name)
{
    g_autofree char *path = g_strndup(uri, strcspn(uri, "?"));
    g_auto(GStrv) attributes = g_strsplit(path + strlen("pkcs11:"), ";", -1);
    gsize len = strlen(name);

    for (char **attribute = attributes; *attribute != NULL; attribute++) {
        if (strncmp(*attribute, name, len) == 0 && (*attribute)[len] == '=')
            return g_uri_unescape_bytes(*attribute + len + 1, -1, NULL, NULL);
    }
    return NULL;
}

static gboolean
is_hex_of(const char *hex, GBytes *bytes)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);

    if (strlen(hex) != 2 * len)
        return FALSE;
    for (gsize i = 0; i < len; i++) {
        if (g_ascii_xdigit_value(hex[2 * i]) != data[i] >> 4 ||
            g_ascii_xdigit_value(hex[2 * i + 1]) != (data[i] & 0xf))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_text(const char *text, GBytes *bytes)
{
    gsize len;
    const void *data = g_bytes_get_data(bytes, &len);

    return strlen(text) == len && (len == 0 || memcmp(text, data, len) == 0);
}

/* What the URI says has to fit; a URI that names neither key nor object names nobody. */
static gboolean
is_uri(const MeishiCard *card, const char *name)
{
    g_autoptr(GBytes) id = NULL;
    g_autoptr(GBytes) object = NULL;
    g_autoptr(GBytes) token = NULL;

    if (!g_str_has_prefix(name, "pkcs11:"))
        return FALSE;
    id = uri_attribute(name, "id");
    object = uri_attribute(name, "object");
    token = uri_attribute(name, "token");
    return (id != NULL || object != NULL) &&
           (id == NULL || is_hex_of(meishi_card_text(card, "KeyId"), id)) &&
           (object == NULL || is_text(meishi_card_text(card, "Label"), object)) &&
           (token == NULL || is_text(meishi_card_text(card, "Token"), token));
}

/* ---- errors --------------------------------------------------------------------------------- */

static void
describe_candidate(GString *message, const MeishiCard *card)
{
    g_autofree char *label = meishi_text_clean(meishi_card_text(card, "Label"));
    g_autofree char *subject = meishi_text_clean(meishi_card_text(card, "Subject"));
    gint64 not_after = meishi_card_number(card, "NotAfter");

    g_string_append_printf(message, "\n  %.8s  %s", meishi_card_text(card, "Id"), label);
    if (subject[0] != '\0')
        g_string_append_printf(message, "  (%s)", subject);
    if (not_after != 0) {
        g_autofree char *day = meishi_date_day(not_after);

        g_string_append_printf(message, "  until %s", day);
    }
}

static MeishiCard *
fail_ambiguous(GPtrArray *candidates, const char *name, GError **error)
{
    g_autoptr(GString) message = g_string_new(NULL);

    g_string_printf(message, "“%s” fits %u identities. Give more of the name, or an id:", name,
                    candidates->len);
    for (guint i = 0; i < MIN(candidates->len, MAX_CANDIDATES); i++)
        describe_candidate(message, candidates->pdata[i]);
    if (candidates->len > MAX_CANDIDATES)
        g_string_append_printf(message, "\n  and %u more", candidates->len - MAX_CANDIDATES);
    g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME, message->str);
    return NULL;
}

/* The label, or the word of one, that is most like @name; new, NULL where none is. */
static char *
find_meant(GPtrArray *cards, const char *name)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    const char *meant;

    for (guint i = 0; i < cards->len; i++) {
        const char *label = meishi_card_text(cards->pdata[i], "Label");
        g_auto(GStrv) parts = g_strsplit(label, " ", -1);

        g_ptr_array_add(words, g_strdup(label));
        for (char **part = parts; *part != NULL && parts[1] != NULL; part++)
            g_ptr_array_add(words, g_strdup(*part));
    }
    g_ptr_array_add(words, NULL);
    meant = meishi_suggest_word(name, (const char *const *)words->pdata);
    return meant != NULL && meant[0] != '\0' ? g_strdup(meant) : NULL;
}

static MeishiCard *
fail_unknown(GPtrArray *cards, const char *name, GError **error)
{
    g_autofree char *meant = find_meant(cards, name);

    if (cards->len == 0)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME,
                    "There is no identity “%s”: there are none at all. Import one with `meishi "
                    "import FILE`.",
                    name);
    else if (meant != NULL)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME,
                    "There is no identity “%s”. Did you mean “%s”?", name, meant);
    else
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME,
                    "There is no identity “%s”. `meishi list` shows all.", name);
    return NULL;
}

MeishiCard *
meishi_name_resolve(GPtrArray *cards, const char *name, GError **error)
{
    static const Match matches[] = {is_id,     is_uri, is_label, is_label_in_other_case,
                                    begins_id, is_part};

    for (gsize m = 0; m < G_N_ELEMENTS(matches); m++) {
        g_autoptr(GPtrArray) found = g_ptr_array_new();

        for (guint i = 0; i < cards->len; i++) {
            if (matches[m](cards->pdata[i], name))
                g_ptr_array_add(found, cards->pdata[i]);
        }
        if (found->len == 1)
            return found->pdata[0];
        if (found->len > 1)
            return fail_ambiguous(found, name, error);
    }
    return fail_unknown(cards, name, error);
}
