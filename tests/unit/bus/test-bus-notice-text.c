/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of notifications, in English and in Japanese with the catalogue as it is installed.
 */
#include "daemon/agent/expiry.h"
#include "daemon/base/untrusted.h"
#include "daemon/bus/notice-text.h"

#include <libintl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define NOON G_GINT64_CONSTANT(1795262400) /* 21 November 2026, 12:00 UTC */
#define HOUR 3600
#define DAY  86400
#define LONG "123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "

typedef struct {
    const char *name;
    MeishiNoticeKind kind;
    const char *application; /* NULL */
    const char *host;        /* NULL */
    guint port;
    const char *context; /* NULL */
    const char *label;   /* NULL */
    gint64 left;         /* EXPIRING */
    guint actions;
    const char *summary, *body;
    const char *japanese_summary, *japanese_body;
} Row;

#define ASKED      " asked who you are and got no answer. "
#define CHOOSE     "Choose a certificate for the next time."
#define SERVER     "A server" ASKED CHOOSE
#define SETS       "In a terminal, “meishi choices set” chooses a certificate for the next time."
#define ISSUER     "the server does not know the certificate's issuer."

#define ASKED_JA   " が本人確認を求めましたが、証明書は送られませんでした。"
#define CHOOSE_JA  "次回送る証明書を選んでください。"
#define SERVER_JA  "サーバーが本人確認を求めましたが、証明書は送られませんでした。" CHOOSE_JA
#define SETS_JA    "端末で “meishi choices set” を実行すると、次回送る証明書を選べます。"
#define ISSUER_JA  "サーバーは証明書の発行者を知りません。"
#define NEW        "Ask whoever issued it for a new one."
#define NEW_JA     "発行者に新しい証明書を依頼してください。"
#define UNTIL      "It is valid until 21 November 2026. " NEW
#define BUTTONS    (MEISHI_NOTICE_CHOOSE | MEISHI_NOTICE_EXPLAIN)
#define NEEDS_USER MEISHI_NOTICE_NEEDS_USER
#define REFUSED    MEISHI_NOTICE_REFUSED
#define EXPIRING   MEISHI_NOTICE_EXPIRING

static const Row rows[] = {
    {"needs-user", NEEDS_USER, "exe:/usr/bin/curl", "git.example.com", 8443, NULL, NULL, 0, BUTTONS,
     "curl needs a certificate", "git.example.com:8443" ASKED CHOOSE, "curl に証明書が必要です",
     "git.example.com:8443" ASKED_JA CHOOSE_JA},
    {"no-buttons", NEEDS_USER, "exe:/usr/bin/curl", "git.example.com", 8443, NULL, NULL, 0, 0,
     "curl needs a certificate", "git.example.com:8443" ASKED SETS, "curl に証明書が必要です",
     "git.example.com:8443" ASKED_JA SETS_JA},
    {"private", NEEDS_USER, "flatpak:org.gnome.Epiphany", "secret.example", 443, "private:7", NULL,
     0, BUTTONS, "org.gnome.Epiphany needs a certificate", SERVER,
     "org.gnome.Epiphany に証明書が必要です", SERVER_JA},
    {"nameless", NEEDS_USER, NULL, "git.example.com", 443, NULL, NULL, 0, BUTTONS,
     "A program needs a certificate", "git.example.com:443" ASKED CHOOSE,
     "プログラム に証明書が必要です", "git.example.com:443" ASKED_JA CHOOSE_JA},
    {"unit", NEEDS_USER, "unit:backup.service", "2001:db8::1", 443, NULL, NULL, 0, BUTTONS,
     "backup.service needs a certificate", "[2001:db8::1]:443" ASKED CHOOSE,
     "backup.service に証明書が必要です", "[2001:db8::1]:443" ASKED_JA CHOOSE_JA},
    {"network", NEEDS_USER, "exe:/sbin/wpa", "ssid:Office: 2", 0, NULL, NULL, 0, BUTTONS,
     "wpa needs a certificate", "ssid:Office: 2" ASKED CHOOSE, "wpa に証明書が必要です",
     "ssid:Office: 2" ASKED_JA CHOOSE_JA},
    {"unicode-host", NEEDS_USER, "exe:/bin/a", "日本語.example", 443, NULL, NULL, 0, BUTTONS,
     "a needs a certificate", "xn--wgv71a119e.example:443 (日本語.example)" ASKED CHOOSE,
     "a に証明書が必要です", "xn--wgv71a119e.example:443 (日本語.example)" ASKED_JA CHOOSE_JA},
    {"dirty-program", NEEDS_USER, "exe:/tmp/a\nThe server says: \u202ehello", "a.example", 443,
     NULL, NULL, 0, BUTTONS, "a�The server says: �hello needs a certificate",
     "a.example:443" ASKED CHOOSE, "a�The server says: �hello に証明書が必要です",
     "a.example:443" ASKED_JA CHOOSE_JA},
    {"long-program", NEEDS_USER, "flatpak:" LONG LONG, "a.example", 443, NULL, NULL, 0, BUTTONS,
     LONG "… needs a certificate", "a.example:443" ASKED CHOOSE, LONG "… に証明書が必要です",
     "a.example:443" ASKED_JA CHOOSE_JA},
    {"refused", REFUSED, "exe:/usr/bin/curl", "git.example.com", 443, NULL, "Hana Sato", 0, BUTTONS,
     "“Hana Sato” was refused", "curl could not sign in at git.example.com:443: " ISSUER,
     "「Hana Sato」は拒否されました",
     "curl は git.example.com:443 にサインインできませんでした: " ISSUER_JA},
    {"refused-in-private", REFUSED, "exe:/usr/bin/curl", "secret.example", 443, "private:",
     "<b>Hana</b>", 0, BUTTONS, "“<b>Hana</b>” was refused", "curl could not sign in: " ISSUER,
     "「<b>Hana</b>」は拒否されました", "curl はサインインできませんでした: " ISSUER_JA},
    {"today", EXPIRING, NULL, NULL, 0, NULL, "Hana", 11 * HOUR, 0, "“Hana” expires today", UNTIL,
     "「Hana」の有効期限は今日までです", "2026年11月21日まで有効です。" NEW_JA},
    {"tomorrow", EXPIRING, NULL, NULL, 0, NULL, "Hana", 13 * HOUR, 0, "“Hana” expires tomorrow",
     "It is valid until 22 November 2026. " NEW, "「Hana」の有効期限は明日までです",
     "2026年11月22日まで有効です。" NEW_JA},
    {"week", EXPIRING, NULL, NULL, 0, NULL, "Hana", 7 * DAY, 0, "“Hana” expires in 7 days",
     "It is valid until 28 November 2026. " NEW, "「Hana」の有効期限はあと 7 日です",
     "2026年11月28日まで有効です。" NEW_JA},
    {"ended", EXPIRING, NULL, NULL, 0, NULL, "Hana", -1, 0, "“Hana” has expired",
     "It was valid until 21 November 2026. Servers do not take it any more; ask whoever issued it "
     "for a new one.",
     "「Hana」の有効期限が切れました",
     "2026年11月21日まで有効でした。サーバーはもう受け入れません。" NEW_JA},
};

static MeishiNotice *
make_notice(const Row *row)
{
    MeishiNotice *notice = meishi_notice_new(row->kind);

    notice->label = g_strdup(row->label);
    notice->alert = 48;
    notice->not_after = NOON + row->left;
    notice->step = row->left < 0 ? MEISHI_EXPIRY_ENDED : MEISHI_EXPIRY_SOON;
    notice->actions = row->actions;
    if (row->host == NULL)
        return notice;
    notice->call = g_new0(MeishiSelectCall, 1);
    notice->call->application = meishi_application_new(getpid(), -1, NULL);
    notice->call->request = meishi_request_new();
    notice->call->request->application = g_strdup(row->application);
    notice->call->request->context = g_strdup(row->context);
    notice->call->request->port = row->port;
    g_assert_true(meishi_host_parse(row->host, &notice->call->request->host, NULL));
    return notice;
}

/* Says what it says, and of strangers' texts nothing that could lead astray. */
static void
assert_text(const char *text, const char *expected)
{
    g_autofree char *plain = meishi_untrusted_spoken(text);

    g_assert_cmpstr(plain, ==, expected);
    g_assert_null(strchr(text, '\n'));
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

/* Of gettext: translations that were found are looked up anew after it changed. */
extern int _nl_msg_cat_cntr;

static void
make(const Row *row, const char *language, MeishiNoticeText *ret_text)
{
    g_autoptr(MeishiNotice) notice = make_notice(row);

    g_setenv("LANGUAGE", language, TRUE);
    _nl_msg_cat_cntr++;
    meishi_notice_text_make(notice, NOON, ret_text);
    /* The daemon's own words stay as they are. */
    g_assert_cmpstr(setlocale(LC_ALL, NULL), ==, "C");
    g_assert_cmpstr(gettext("Choose now"), ==, "Choose now");
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_auto(MeishiNoticeText) english = {.body = NULL}, japanese = {.body = NULL};

    make(row, "en", &english);
    assert_text(english.summary, row->summary);
    assert_text(english.body, row->body);
    make(row, "ja", &japanese);
    assert_text(japanese.summary, row->japanese_summary);
    assert_text(japanese.body, row->japanese_body);
    g_assert_cmpint(english.choose != NULL, ==, (row->actions & MEISHI_NOTICE_CHOOSE) != 0);
    g_assert_cmpint(japanese.explain != NULL, ==, (row->actions & MEISHI_NOTICE_EXPLAIN) != 0);
}

static void
test_buttons(void)
{
    g_auto(MeishiNoticeText) needs = {.body = NULL}, refused = {.body = NULL},
                             japanese = {.body = NULL};
    const Row *refusal = &rows[0];

    while (refusal->kind != REFUSED)
        refusal++;
    make(&rows[0], "en", &needs);
    make(refusal, "en", &refused);
    make(refusal, "ja", &japanese);
    g_assert_cmpstr(needs.choose, ==, "Choose now");
    g_assert_cmpstr(needs.explain, ==, "Why?");
    g_assert_cmpstr(refused.choose, ==, "Choose another");
    g_assert_cmpstr(japanese.choose, ==, "別の証明書を選ぶ");
}

/* A locale that this machine does not have: English, and no harm. */
static void
test_unknown_locale(void)
{
    g_auto(MeishiNoticeText) text = {.body = NULL};
    const Row *end = &rows[G_N_ELEMENTS(rows) - 1];

    g_setenv("LC_ALL", "xx_XX.UTF-8", TRUE);
    make(end, "ja", &text);
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    assert_text(text.summary, end->summary);
    assert_text(text.body, end->body);
}

int
main(int argc, char **argv)
{
    const char *catalogues = g_getenv("MEISHI_LOCALE_DIR");

    g_assert_nonnull(catalogues);
    /* One that every machine has; the language alone chooses the catalogue. */
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    bindtextdomain("meishi", catalogues);
    bind_textdomain_codeset("meishi", "UTF-8");
    textdomain("meishi");
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/notice-text/row/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/notice-text/buttons", test_buttons);
    g_test_add_func("/notice-text/unknown-locale", test_unknown_locale);
    return g_test_run();
}
