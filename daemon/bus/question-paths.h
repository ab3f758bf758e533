/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions to the person and their answers name identities by id in the agent and by object path
 * on the bus: the translation, both ways.  Private to daemon/bus.
 */
#pragma once

#include "daemon/agent/agent.h"

/* @question (a{sv}) with "identity" beside each "id", "preselected" as a path; floating. */
GVariant *meishi_question_paths_add(MeishiAgent *agent, GVariant *question);

/* @answer (a{sv}) with the id of "identity" in place of its path, "" for "/"; floating.  NOT_FOUND
 * for the path of no identity. */
GVariant *meishi_question_paths_remove(MeishiAgent *agent, GVariant *answer,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
