/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From an error to a line and an exit status.  Errors of the daemon arrive in its own domain
 * (daemon/bus/error.c); what is not in a table here is exit status 1.
 */
#include "cli/error.h"

#include "cli/style.h"
#include "cli/text.h"
#include "daemon/base/error.h"

#include <string.h>
#include <unistd.h>

G_DEFINE_QUARK(meishi - cli - error - quark, meishi_cli_error)

static int
status_of_own(int code)
{
    static const int statuses[] = {
        [MEISHI_CLI_ERROR_USAGE] = MEISHI_EXIT_USAGE,
        [MEISHI_CLI_ERROR_NAME] = MEISHI_EXIT_NOT_FOUND,
        [MEISHI_CLI_ERROR_SECRET] = MEISHI_EXIT_SECRET,
        [MEISHI_CLI_ERROR_DECLINED] = MEISHI_EXIT_FAILED,
        [MEISHI_CLI_ERROR_FAILED] = MEISHI_EXIT_FAILED,
        [MEISHI_CLI_ERROR_NONE] = MEISHI_EXIT_NONE,
        [MEISHI_CLI_ERROR_PERSON] = MEISHI_EXIT_PERSON,
        [MEISHI_CLI_ERROR_POLICY] = MEISHI_EXIT_POLICY,
        [MEISHI_CLI_ERROR_REFUSED] = MEISHI_EXIT_REFUSED,
        [MEISHI_CLI_ERROR_NO_PROGRAM] = MEISHI_EXIT_NO_PROGRAM,
        [MEISHI_CLI_ERROR_NOT_EXECUTABLE] = MEISHI_EXIT_NOT_EXECUTABLE,
    };

    return (gsize)code < G_N_ELEMENTS(statuses) ? statuses[code] : MEISHI_EXIT_FAILED;
}

static int
status_of_daemon(int code)
{
    switch (code) {
    case MEISHI_ERROR_NOT_FOUND:
        return MEISHI_EXIT_NOT_FOUND;
    case MEISHI_ERROR_LOCKED:
    case MEISHI_ERROR_WRONG_SECRET:
    case MEISHI_ERROR_PASSWORD_REQUIRED:
    case MEISHI_ERROR_WRONG_PASSWORD:
    case MEISHI_ERROR_DENIED:
        return MEISHI_EXIT_SECRET;
    default:
        return MEISHI_EXIT_FAILED;
    }
}

int
meishi_error_exit_status(const GError *error)
{
    if (error->domain == MEISHI_CLI_ERROR)
        return status_of_own(error->code);
    if (error->domain == MEISHI_ERROR)
        return status_of_daemon(error->code);
    return error->domain == G_OPTION_ERROR ? MEISHI_EXIT_USAGE : MEISHI_EXIT_FAILED;
}

gboolean
meishi_error_to_trouble(GError **error)
{
    if (error != NULL && *error != NULL) {
        (*error)->domain = MEISHI_CLI_ERROR;
        (*error)->code = MEISHI_CLI_ERROR_USAGE;
    }
    return FALSE;
}

/* Line by line: newlines are ours, everything else in a line may be a stranger's. */
static char *
clean_lines(const char *message)
{
    g_auto(GStrv) lines = g_strsplit(message, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        char *clean = meishi_text_clean(*line);

        g_free(*line);
        *line = clean;
    }
    return g_strjoinv("\n", lines);
}

/* A list below a sentence ends without one. */
char *
meishi_error_sentence(const char *message)
{
    gsize len = strlen(message);
    gboolean is_ended =
        len == 0 || strchr(".?!:)", message[len - 1]) != NULL || strchr(message, '\n') != NULL;

    return g_strconcat(message, is_ended ? "" : ".", NULL);
}

void
meishi_error_print(const GError *error)
{
    g_autofree char *message = clean_lines(error->message);
    g_autofree char *sentence = meishi_error_sentence(message);

    if (message[0] == '\0')
        return;
    g_printerr("%smeishi:%s %s\n", meishi_style_on(MEISHI_STYLE_BAD, STDERR_FILENO),
               meishi_style_off(MEISHI_STYLE_BAD, STDERR_FILENO), sentence);
}
