/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How meishi fails: its own errors, and the exit status of every error.  doc/man/meishi.1 says the
 * same.
 */
#pragma once

#include <glib.h>

#define MEISHI_CLI_ERROR (meishi_cli_error_quark())
GQuark meishi_cli_error_quark(void);

typedef enum {
    MEISHI_CLI_ERROR_USAGE,    /* called wrongly */
    MEISHI_CLI_ERROR_NAME,     /* a name that fits no identity or several */
    MEISHI_CLI_ERROR_SECRET,   /* a password that was needed and cannot be asked for */
    MEISHI_CLI_ERROR_DECLINED, /* the person said no */
    MEISHI_CLI_ERROR_FAILED,
    /* what was decided about a server, where that is no certificate */
    MEISHI_CLI_ERROR_NONE,    /* none is to be sent */
    MEISHI_CLI_ERROR_PERSON,  /* a person has to choose, and has not */
    MEISHI_CLI_ERROR_POLICY,  /* policy says no */
    MEISHI_CLI_ERROR_REFUSED, /* the server says no */
    /* as env(1) tells them apart */
    MEISHI_CLI_ERROR_NO_PROGRAM,
    MEISHI_CLI_ERROR_NOT_EXECUTABLE,
} MeishiCliError;

enum {
    MEISHI_EXIT_OK = 0,
    MEISHI_EXIT_FAILED = 1,
    MEISHI_EXIT_USAGE = 2,
    MEISHI_EXIT_NOT_FOUND = 3, /* no such identity or slot, or several */
    MEISHI_EXIT_SECRET = 4,    /* locked; a password missing or wrong; refused */
    MEISHI_EXIT_NONE = 10,     /* no certificate is to be sent */
    MEISHI_EXIT_PERSON = 11,   /* a person has to choose */
    MEISHI_EXIT_POLICY = 12,   /* policy forbids it */
    MEISHI_EXIT_REFUSED = 13,  /* the server refused it */
    MEISHI_EXIT_NOT_EXECUTABLE = 126,
    MEISHI_EXIT_NO_PROGRAM = 127,
};

int meishi_error_exit_status(const GError *error);

/* Makes the exit status of an error 2, for commands to which 1 means something else; FALSE. */
gboolean meishi_error_to_trouble(GError **error);

/* @message with a full stop, unless it ends otherwise; new. */
char *meishi_error_sentence(const char *message);

/* Prints "meishi: ..." to standard error: cleaned, with a full stop.  Nothing for an error without
 * a message: the command has said it in its own way. */
void meishi_error_print(const GError *error);
