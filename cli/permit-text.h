/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a program wants leave or a secret for: a key's use, the vault's passphrase, a token's PIN.
 * Pure; every string is new, clean (cli/text.h) and, but for the prompts, ends with a newline.
 */
#pragma once

#include "cli/question-text.h"

/* Who wants what, and what can be answered. */
char *meishi_permit_text_open(const MeishiQuestion *question, const MeishiQuestionLayout *layout);

/* Two parts of that, for who lays it out in another way: what went wrong before, "" for nothing;
 * and who wants what. */
char *meishi_permit_text_problem(const MeishiQuestion *question);
char *meishi_permit_text_wish(const MeishiQuestion *question);

/* "Passphrase of the vault: "; "Allow [n]: ". */
char *meishi_permit_text_prompt(const MeishiQuestion *question);

/* What has to be typed before the last try at a PIN. */
#define MEISHI_PERMIT_LAST_WORD "last"
char *meishi_permit_text_last(void);

/* Why a PIN of @len bytes is none of this token's; NULL where it may be. */
char *meishi_permit_text_check_pin(const MeishiQuestion *question, gsize len);
