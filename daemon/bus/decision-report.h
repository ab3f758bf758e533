/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A decision as the dictionary that data/dbus/org.meishi.Agent1.xml describes: the one that
 * Response, Match and Explain give alike.  Private to daemon/bus.
 */
#pragma once

#include "daemon/agent/selector.h"

/* Floating a{sv}. */
GVariant *meishi_decision_report(MeishiAgent *agent, const MeishiAnswer *answer);

/* What Explain says about each identity: floating aa{sv}. */
GVariant *meishi_decision_report_verdicts(MeishiAgent *agent, GPtrArray *explanations);

/* "once", "session", "always"; static. */
const char *meishi_decision_report_scope(MeishiScope scope);
gboolean meishi_decision_report_parse_scope(const char *text, MeishiScope *ret_scope);
