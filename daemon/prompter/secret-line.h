/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiSecretLine: one line of secret text while it is typed.  It has its whole room from the
 * start, so that it is never copied to grow; what is taken back is wiped at once.  Knows no window.
 */
#pragma once

#include <glib.h>

#include "daemon/base/secret.h"

#define MEISHI_SECRET_LINE_MAX 1024

typedef struct MeishiSecretLine MeishiSecretLine;

MeishiSecretLine *meishi_secret_line_new(void);
void meishi_secret_line_free(MeishiSecretLine *line); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSecretLine, meishi_secret_line_free)

gsize meishi_secret_line_len(const MeishiSecretLine *line);   /* bytes */
guint meishi_secret_line_chars(const MeishiSecretLine *line); /* characters */

/* Whether @text is valid UTF-8 without control characters: what can be part of a line. */
gboolean meishi_secret_line_takes(const char *text, gsize len);
/* FALSE, and nothing is appended, where it cannot be or is too long. */
gboolean meishi_secret_line_append(MeishiSecretLine *line, const char *text, gsize len);
void meishi_secret_line_erase_last(MeishiSecretLine *line); /* the last character */
void meishi_secret_line_clear(MeishiSecretLine *line);

/* What is in the line; it is empty after that. */
MeishiSecret *meishi_secret_line_take(MeishiSecretLine *line) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_secret_line_equal(const MeishiSecretLine *a, const MeishiSecretLine *b);

/* What @judge makes of it, which keeps and copies nothing: how hard it is to guess. */
typedef guint (*MeishiSecretJudge)(const char *text, gsize len);
guint meishi_secret_line_judge(const MeishiSecretLine *line, MeishiSecretJudge judge);
