/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of notifications.  gettext() follows the locale of the thread (uselocale(3)), which is
 * the main loop's and changed back before anything else runs.
 */
#include "daemon/bus/notice-text.h"

#include "daemon/agent/expiry.h"
#include "daemon/base/untrusted.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

void
meishi_notice_text_clear(MeishiNoticeText *text)
{
    g_clear_pointer(&text->summary, g_free);
    g_clear_pointer(&text->body, g_free);
    g_clear_pointer(&text->choose, g_free);
    g_clear_pointer(&text->explain, g_free);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* "curl" of "exe:/usr/bin/curl", "org.gnome.Epiphany" of "flatpak:org.gnome.Epiphany" */
static char *
name_program(const MeishiRequest *request)
{
    const char *name = request->application != NULL ? request->application : "";
    const char *colon = strchr(name, ':');

    if (g_str_has_prefix(name, "exe:") && strrchr(name, '/') != NULL)
        name = strrchr(name, '/') + 1;
    else if (colon != NULL)
        name = colon + 1;
    /* Translators: whose name is not known; it begins the sentence. */
    return name[0] != '\0' ? meishi_untrusted_isolated(name) : g_strdup(_("A program"));
}

/* RFC 3986 3.2.2: the colons of an address are not the one before the port. */
static char *
with_port(const MeishiRequest *request)
{
    const char *host = request->host.text;

    if (request->port == 0)
        return g_strdup(host);
    return g_strdup_printf(request->host.kind == MEISHI_HOST_IPV6 ? "[%s]:%u" : "%s:%u", host,
                           request->port);
}

/* Names that are not ASCII in both forms; NULL where it is not to be named. */
static char *
name_server(const MeishiRequest *request)
{
    g_autofree char *plain = NULL, *isolated = NULL, *unicode = NULL, *readable = NULL;

    if (request->host.text == NULL || meishi_request_is_private(request))
        return NULL;
    plain = with_port(request);
    isolated = meishi_untrusted_isolated(plain);
    if (g_hostname_is_ascii_encoded(request->host.text))
        unicode = g_hostname_to_unicode(request->host.text);
    if (unicode == NULL)
        return g_steal_pointer(&isolated);
    readable = meishi_untrusted_isolated(unicode);
    return g_strdup_printf("%s (%s)", isolated, readable);
}

/* ---- a program that went without ------------------------------------------------------------- */

static void
say_needs_user(const MeishiNotice *notice, MeishiNoticeText *text)
{
    const MeishiRequest *request = notice->call->request;
    g_autofree char *program = name_program(request);
    g_autofree char *server = name_server(request);
    g_autofree char *what = NULL;
    const char *advice = (notice->actions & MEISHI_NOTICE_CHOOSE) != 0
                             ? _("Choose a certificate for the next time.")
                             : _("In a terminal, “meishi choices set” chooses a certificate for "
                                 "the next time.");

    if (server != NULL)
        what = g_strdup_printf(_("%s asked who you are and got no answer."), server);
    else
        what = g_strdup(_("A server asked who you are and got no answer."));
    text->summary = g_strdup_printf(_("%s needs a certificate"), program);
    /* Translators: two sentences. */
    text->body = g_strdup_printf(_("%1$s %2$s"), what, advice);
    text->choose = g_strdup(_("Choose now"));
}

/* ---- a server that refused ------------------------------------------------------------------- */

static void
say_refused(const MeishiNotice *notice, MeishiNoticeText *text)
{
    const MeishiRequest *request = notice->call->request;
    g_autofree char *label = meishi_untrusted_isolated(notice->label);
    g_autofree char *program = name_program(request);
    g_autofree char *server = name_server(request);
    const char *why = gettext(meishi_outcome_alert_text(notice->alert));

    text->summary = g_strdup_printf(_("“%s” was refused"), label);
    /* Translators: program, server and a clause: "the server cannot use the certificate" */
    if (server != NULL)
        text->body =
            g_strdup_printf(_("%1$s could not sign in at %2$s: %3$s."), program, server, why);
    else
        text->body = g_strdup_printf(_("%1$s could not sign in: %2$s."), program, why);
    text->choose = g_strdup(_("Choose another"));
}

/* ---- a certificate that ends ----------------------------------------------------------------- */

/* The day of the calendar here, as a number. */
static gint64
day_of(gint64 time)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);
    GDate day;
    int year, month, day_of_month;

    g_date_time_get_ymd(when, &year, &month, &day_of_month);
    g_date_clear(&day, 1);
    g_date_set_dmy(&day, (GDateDay)day_of_month, (GDateMonth)month, (GDateYear)year);
    return g_date_get_julian(&day);
}

static char *
say_when(const char *label, gint64 days)
{
    if (days <= 0)
        return g_strdup_printf(_("“%s” expires today"), label);
    if (days == 1)
        return g_strdup_printf(_("“%s” expires tomorrow"), label);
    return g_strdup_printf(
        ngettext("“%s” expires in %lu day", "“%s” expires in %lu days", (gulong)days), label,
        (gulong)days);
}

static void
say_expiring(const MeishiNotice *notice, gint64 now, MeishiNoticeText *text)
{
    g_autofree char *label = meishi_untrusted_isolated(notice->label);
    g_autoptr(GDateTime) end = g_date_time_new_from_unix_local(notice->not_after);
    g_autofree char *date = NULL;

    /* Translators: a date, as g_date_time_format() has it: "2 March 2027". */
    date = g_date_time_format(end, _("%-d %B %Y"));
    if (notice->step >= MEISHI_EXPIRY_ENDED) {
        text->summary = g_strdup_printf(_("“%s” has expired"), label);
        text->body =
            g_strdup_printf(_("It was valid until %s. Servers do not take it any more; ask "
                              "whoever issued it for a new one."),
                            date);
        return;
    }
    text->summary = say_when(label, day_of(notice->not_after) - day_of(now));
    text->body =
        g_strdup_printf(_("It is valid until %s. Ask whoever issued it for a new one."), date);
}

/* ---- the door -------------------------------------------------------------------------------- */

static void
say(const MeishiNotice *notice, gint64 now, MeishiNoticeText *text)
{
    switch (notice->kind) {
    case MEISHI_NOTICE_NEEDS_USER:
        say_needs_user(notice, text);
        break;
    case MEISHI_NOTICE_REFUSED:
        say_refused(notice, text);
        break;
    case MEISHI_NOTICE_EXPIRING:
        say_expiring(notice, now, text);
        break;
    }
    text->explain = g_strdup(_("Why?"));
    if ((notice->actions & MEISHI_NOTICE_CHOOSE) == 0)
        g_clear_pointer(&text->choose, g_free);
    if ((notice->actions & MEISHI_NOTICE_EXPLAIN) == 0)
        g_clear_pointer(&text->explain, g_free);
}

void
meishi_notice_text_make(const MeishiNotice *notice, gint64 now, MeishiNoticeText *ret_text)
{
    MeishiNoticeText text = {.body = NULL};
    locale_t theirs = newlocale(LC_ALL_MASK, "", (locale_t)0); /* 0: there is no such one here */
    locale_t ours = theirs != (locale_t)0 ? uselocale(theirs) : (locale_t)0;

    say(notice, now, &text);
    if (theirs != (locale_t)0) {
        uselocale(ours);
        freelocale(theirs);
    }
    *ret_text = text;
}
