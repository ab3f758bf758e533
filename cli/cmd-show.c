/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi show: everything about one identity.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/date.h"
#include "cli/json.h"
#include "cli/style.h"
#include "cli/table.h"
#include "cli/text.h"

#include <unistd.h>

/* ---- lines ---------------------------------------------------------------------------------- */

static void
print_property(const MeishiCard *card, const char *name, const char *property)
{
    meishi_table_print_fact(name, meishi_card_text(card, property));
}

static void
print_lines(const char *name, const char *const *values)
{
    for (; *values != NULL; values++) {
        meishi_table_print_fact(name, *values);
        name = "";
    }
}

/* ---- what needs words ------------------------------------------------------------------------ */

/* RFC 5280 section 4.2.1.12, and what Windows and Kerberos write. */
static const struct {
    const char *oid;
    const char *meaning;
} purposes[] = {
    {"1.3.6.1.5.5.7.3.1", "TLS server"},    {"1.3.6.1.5.5.7.3.2", "TLS client"},
    {"1.3.6.1.5.5.7.3.3", "code signing"},  {"1.3.6.1.5.5.7.3.4", "e-mail"},
    {"1.3.6.1.5.5.7.3.8", "time stamping"}, {"1.3.6.1.5.5.7.3.9", "OCSP signing"},
    {"1.3.6.1.5.2.3.4", "Kerberos login"},  {"1.3.6.1.4.1.311.20.2.2", "smart card logon"},
    {"2.5.29.37.0", "any purpose"},
};

static const char *
purpose(const char *oid)
{
    for (gsize i = 0; i < G_N_ELEMENTS(purposes); i++) {
        if (g_str_equal(purposes[i].oid, oid))
            return purposes[i].meaning;
    }
    return oid;
}

static void
print_purposes(const MeishiCard *card)
{
    g_autofree const char **oids = meishi_card_list(card, "ExtendedKeyUsage");
    g_autofree char *text = NULL;

    for (gsize i = 0; oids[i] != NULL; i++)
        oids[i] = purpose(oids[i]);
    text = g_strjoinv(", ", (char **)oids);
    meishi_table_print_fact("For", text);
}

static void
print_key_usage(const MeishiCard *card)
{
    g_autofree const char **names = meishi_card_list(card, "KeyUsage");
    g_autofree char *text = g_strjoinv(", ", (char **)names);

    meishi_table_print_fact("Key usage", text);
}

static void
print_list(const MeishiCard *card, const char *name, const char *property)
{
    g_autofree const char **values = meishi_card_list(card, property);

    print_lines(name, values);
}

static void
print_validity(const MeishiCard *card)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    gint64 not_before = meishi_card_number(card, "NotBefore");
    gint64 not_after = meishi_card_number(card, "NotAfter");
    g_autofree char *from = meishi_date_day(not_before);
    g_autofree char *until = meishi_date_day(not_after);
    g_autofree char *distance = meishi_date_distance(not_after, now);
    g_autofree char *text = g_strdup_printf("%s to %s (%s%s)", from, until,
                                            not_after < now ? "expired " : "", distance);

    meishi_table_print_fact("Valid", text);
}

/* Raw RSA is an exception that somebody made; elsewhere it is no news. */
static void
print_key(const MeishiCard *card)
{
    const char *token = meishi_card_text(card, "KeyToken");
    g_autofree char *text =
        token[0] == '\0'
            ? g_strdup_printf("%s, in the vault", meishi_card_text(card, "Key"))
            : g_strdup_printf("%s, on “%s”%s", meishi_card_text(card, "Key"), token,
                              meishi_card_is(card, "Present") ? "" : ", which is not inserted");

    meishi_table_print_fact("Key", text);
    if (meishi_card_is(card, "AllowRaw"))
        meishi_table_print_fact("Raw RSA", "allowed");
}

static void
print_successor(const MeishiCard *card)
{
    if (card->successor_label != NULL)
        meishi_table_print_fact("Superseded by", card->successor_label);
}

static void
print_warnings(const MeishiCard *card)
{
    g_autofree const char **messages = meishi_card_list(card, "Messages");
    guint width = meishi_table_terminal_width();

    for (const char **message = messages; *message != NULL; message++) {
        g_autofree char *clean = meishi_text_clean(*message);
        g_autofree char *wrapped = meishi_text_wrap(clean, width > 24 ? width - 2 : G_MAXINT, 2);

        g_print("%s  %s%s%s\n", message == messages ? "\n" : "",
                meishi_style_on(MEISHI_STYLE_WARN, STDOUT_FILENO), wrapped,
                meishi_style_off(MEISHI_STYLE_WARN, STDOUT_FILENO));
    }
}

static void
print_certificate(const MeishiCard *card)
{
    print_property(card, "Subject", "Subject");
    print_property(card, "Issuer", "Issuer");
    print_list(card, "Chain", "Chain");
    print_validity(card);
    print_successor(card);
    print_list(card, "Names", "AlternativeNames");
    print_purposes(card);
    print_key_usage(card);
    print_property(card, "Signed with", "SignatureAlgorithm");
    print_property(card, "Serial number", "SerialNumber");
}

static void
print_card(const MeishiCard *card)
{
    gboolean has_certificate = meishi_card_text(card, "CertificateSha256")[0] != '\0';
    g_autofree char *label = meishi_text_clean(meishi_card_text(card, "Label"));
    g_autofree char *created = meishi_date_day(meishi_card_number(card, "Created"));

    g_print("%s%s%s\n", meishi_style_on(MEISHI_STYLE_STRONG, STDOUT_FILENO), label,
            meishi_style_off(MEISHI_STYLE_STRONG, STDOUT_FILENO));
    if (has_certificate)
        print_certificate(card);
    print_key(card);
    meishi_table_print_fact("Imported", created);
    print_property(card, has_certificate ? "Id, SHA-256" : "Id", "Id");
    print_property(card, "SPKI SHA-256", "SpkiSha256");
    print_property(card, "x5t#S256", "X5tS256");
    print_property(card, "Key id", "KeyId");
    print_property(card, "PKCS#11 URI", "Uri");
    print_warnings(card);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card =
        client != NULL ? meishi_client_find(client, args[0], &object, error) : NULL;

    if (card == NULL)
        return FALSE;
    if (meishi_command_json()) {
        g_autoptr(JsonBuilder) json = json_builder_new();

        meishi_card_to_json(card, json);
        meishi_json_print(json);
    } else {
        print_card(card);
    }
    return TRUE;
}

const MeishiCommand meishi_command_show = {
    .name = "show",
    .usage = "NAME",
    .summary = "Show everything about an identity",
    .text = "Shows everything about one identity, its PKCS#11 URI and fingerprints included. NAME "
            "is a label, the beginning of an id, a part of the subject, or a PKCS#11 URI.",
    .example = "meishi show alice",
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_IDENTITY,
    .run = run,
};
