/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions at the terminal, whatever standard input is.
 */
#pragma once

#include "daemon/base/secret.h"

/* Whether there is a terminal to ask on. */
gboolean meishi_prompt_is_possible(void);

/* Asks "QUESTION: " and reads a line without echo.  MEISHI_CLI_ERROR_SECRET without a terminal or
 * at its end (^D on an empty line); a signal ends the process with the terminal restored. */
MeishiSecret *meishi_prompt_secret(const char *question, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Asks for a new one twice until both are alike and not empty, three times at most. */
MeishiSecret *
meishi_prompt_new_secret(const char *question, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Asks "QUESTION: " for @wanted to be typed as it stands; DECLINED where it is something else, and
 * MEISHI_CLI_ERROR_USAGE without a terminal. */
gboolean meishi_prompt_typed(const char *question, const char *wanted, GError **error);

/* Asks "QUESTION [y/N] "; FALSE with MEISHI_CLI_ERROR_DECLINED unless the answer is yes, and with
 * MEISHI_CLI_ERROR_USAGE without a terminal. */
gboolean meishi_prompt_confirm(const char *question, GError **error) G_GNUC_WARN_UNUSED_RESULT;
