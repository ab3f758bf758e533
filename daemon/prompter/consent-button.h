/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiConsentButton: a button that, once it is guarded, is "clicked" by the person alone
 * (consent.h).  Signal "refused": somebody else tried to press it.
 */
#pragma once

#include "daemon/prompter/consent.h"

#define MEISHI_TYPE_CONSENT_BUTTON (meishi_consent_button_get_type())
G_DECLARE_FINAL_TYPE(MeishiConsentButton, meishi_consent_button, MEISHI, CONSENT_BUTTON, GtkButton)

GtkWidget *meishi_consent_button_new(void);

/* From now on.  @consent has to outlive the button. */
void meishi_consent_button_guard(MeishiConsentButton *button, MeishiConsent *consent);
