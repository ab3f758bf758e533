/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Passwords and passphrases: where they come from.  Never an argument, never the environment.
 */
#pragma once

#include "daemon/base/secret.h"

/* Filled by a pair of options, --X-file and --X-fd. */
typedef struct {
    char *file;
    int fd;
} MeishiSecretOption;

#define MEISHI_SECRET_OPTION_INIT \
    {                             \
        NULL, -1                  \
    }

gboolean meishi_secret_option_is_given(const MeishiSecretOption *option);

/* The first line of the file or descriptor: one newline at the end is not part of the secret, and
 * more than one line is an error. */
MeishiSecret *meishi_secret_option_read(const MeishiSecretOption *option,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Several, each as above: options that may be given more than once.  @fds are descriptors as
 * typed; NULL is none.  An array of MeishiSecret. */
GPtrArray *
meishi_secret_option_read_all(char **files, char **fds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As read, or asked for @question at the terminal (twice where it is @new) where no option was
 * given. */
MeishiSecret *
meishi_secret_option_read_or_ask(const MeishiSecretOption *option, const char *question,
                                 gboolean is_new, GError **error) G_GNUC_WARN_UNUSED_RESULT;
