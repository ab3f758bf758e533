/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A key does not click a GtkButton, it activates it, and the click follows a quarter of a second
 * later, in which another program could change what is agreed to, or another key could have sent
 * it.  So here the click comes at once.  The class handlers run before anybody's, so that nobody
 * hears of a click that was none.
 */
#include "daemon/prompter/consent-button.h"

struct _MeishiConsentButton {
    GtkButton parent_instance;
    MeishiConsent *consent; /* NULL: not guarded */
};

G_DEFINE_TYPE(MeishiConsentButton, meishi_consent_button, GTK_TYPE_BUTTON)

enum {
    REFUSED,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

static gboolean
is_person(MeishiConsentButton *button)
{
    return button->consent == NULL ||
           (meishi_consent_is_armed(button->consent) && meishi_consent_is_input(button->consent));
}

/* clicked() says whether it is one. */
static void
activate(GtkButton *button)
{
    g_signal_emit_by_name(button, "clicked");
}

static void
clicked(GtkButton *parent)
{
    MeishiConsentButton *button = MEISHI_CONSENT_BUTTON(parent);

    if (is_person(button))
        return;
    g_signal_stop_emission_by_name(button, "clicked");
    g_signal_emit(button, signals[REFUSED], 0);
}

static void
meishi_consent_button_class_init(MeishiConsentButtonClass *class)
{
    GtkButtonClass *button_class = GTK_BUTTON_CLASS(class);

    button_class->activate = activate;
    button_class->clicked = clicked;
    signals[REFUSED] = g_signal_new("refused", MEISHI_TYPE_CONSENT_BUTTON, G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
meishi_consent_button_init(MeishiConsentButton *button)
{
}

GtkWidget *
meishi_consent_button_new(void)
{
    return g_object_new(MEISHI_TYPE_CONSENT_BUTTON, NULL);
}

void
meishi_consent_button_guard(MeishiConsentButton *button, MeishiConsent *consent)
{
    button->consent = consent;
}
