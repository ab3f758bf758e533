/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads secrets into MeishiSecret, from where the options say.
 */
#include "cli/secret-option.h"

#include "cli/error.h"
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECRET 4096

gboolean
meishi_secret_option_is_given(const MeishiSecretOption *option)
{
    return option->file != NULL || option->fd >= 0;
}

static gboolean
strip_newline(MeishiSecret *secret, GError **error)
{
    const guint8 *data = meishi_secret_data(secret);
    gsize len = meishi_secret_len(secret);

    if (len > 0 && data[len - 1] == '\n')
        len--;
    if (len > 0 && len < meishi_secret_len(secret) && data[len - 1] == '\r')
        len--;
    if (len > 0 && memchr(data, '\n', len) != NULL) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "The password file has more than one line. Put the password alone in it.");
        return FALSE;
    }
    meishi_secret_truncate(secret, len);
    return TRUE;
}

static MeishiSecret *
read_secret(int fd, GError **error)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new_from_fd(fd, MAX_SECRET, error);

    if (secret == NULL || !strip_newline(secret, error))
        return NULL;
    return g_steal_pointer(&secret);
}

MeishiSecret *
meishi_secret_option_read(const MeishiSecretOption *option, GError **error)
{
    MeishiSecret *secret;
    int fd;

    if (option->file != NULL && option->fd >= 0) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "Give the password by a file or by a descriptor, not both.");
        return NULL;
    }
    if (option->file == NULL)
        return read_secret(option->fd, error);
    fd = open(option->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "Cannot read the password file %s: %s", option->file, g_strerror(errno));
        return NULL;
    }
    secret = read_secret(fd, error);
    if (secret == NULL)
        g_prefix_error(error, "%s: ", option->file);
    close(fd);
    return secret;
}

static gboolean
add_secret(GPtrArray *secrets, const MeishiSecretOption *option, GError **error)
{
    MeishiSecret *secret = meishi_secret_option_read(option, error);

    if (secret == NULL)
        return FALSE;
    g_ptr_array_add(secrets, secret);
    return TRUE;
}

static gboolean
parse_fd(const char *text, MeishiSecretOption *option, GError **error)
{
    gint64 fd;

    if (!g_ascii_string_to_signed(text, 10, 0, G_MAXINT, &fd, NULL)) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "“%s” is no number of a descriptor.", text);
        return FALSE;
    }
    option->fd = (int)fd;
    return TRUE;
}

GPtrArray *
meishi_secret_option_read_all(char **files, char **fds, GError **error)
{
    g_autoptr(GPtrArray) secrets =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);
    MeishiSecretOption option = MEISHI_SECRET_OPTION_INIT;

    for (; fds != NULL && *fds != NULL; fds++) {
        if (!parse_fd(*fds, &option, error) || !add_secret(secrets, &option, error))
            return NULL;
    }
    option.fd = -1;
    for (; files != NULL && *files != NULL; files++) {
        option.file = *files;
        if (!add_secret(secrets, &option, error))
            return NULL;
    }
    return g_steal_pointer(&secrets);
}

MeishiSecret *
meishi_secret_option_read_or_ask(const MeishiSecretOption *option, const char *question,
                                 gboolean is_new, GError **error)
{
    if (meishi_secret_option_is_given(option))
        return meishi_secret_option_read(option, error);
    return is_new ? meishi_prompt_new_secret(question, error)
                  : meishi_prompt_secret(question, error);
}
