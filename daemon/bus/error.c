/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one table between MeishiErrorCode and D-Bus error names.  Names are interface: one that was
 * released is never changed.  A test holds that no code goes without.
 */
#include "daemon/bus/error.h"

#include <gio/gio.h>

#define NAME(code, name) [MEISHI_ERROR_##code] = {MEISHI_ERROR_##code, MEISHI_BUS_ERROR_PREFIX name}

static const GDBusErrorEntry entries[] = {
    NAME(FAILED, "Failed"),
    NAME(INVALID_ARGUMENT, "InvalidArgument"),
    NAME(NOT_FOUND, "NotFound"),
    NAME(EXISTS, "Exists"),
    NAME(NO_VAULT, "NoVault"),
    NAME(LOCKED, "Locked"),
    NAME(WRONG_SECRET, "WrongSecret"),
    NAME(PASSWORD_REQUIRED, "PasswordRequired"),
    NAME(WRONG_PASSWORD, "WrongPassword"),
    NAME(BAD_FILE, "BadFile"),
    NAME(UNSUPPORTED, "Unsupported"),
    NAME(TOO_EXPENSIVE, "TooExpensive"),
    NAME(KEY_MISMATCH, "KeyMismatch"),
    NAME(DENIED, "Denied"),
    NAME(NOT_PERMITTED, "NotPermitted"),
    NAME(MECHANISM, "Mechanism"),
    NAME(PARAM, "Parameter"),
    NAME(KEY_TYPE, "KeyType"),
    NAME(BAD_DATA, "BadData"),
    NAME(DATA_LENGTH, "DataLength"),
    NAME(BAD_SIGNATURE, "BadSignature"),
    NAME(SIGNATURE_LENGTH, "SignatureLength"),
    NAME(CORRUPT, "Corrupt"),
    NAME(NEWER_VERSION, "NewerVersion"),
    NAME(PERMISSIONS, "Permissions"),
    NAME(NO_SPACE, "NoSpace"),
    NAME(IO, "Io"),
    NAME(UNAVAILABLE, "Unavailable"),
    NAME(TIMEOUT, "Timeout"),
    NAME(CANCELLED, "Cancelled"),
    NAME(BUSY, "Busy"),
};

G_STATIC_ASSERT(G_N_ELEMENTS(entries) == MEISHI_ERROR_N);

void
meishi_bus_error_register(void)
{
    static gsize quark;

    g_dbus_error_register_error_domain(g_quark_to_string(MEISHI_ERROR), &quark, entries,
                                       G_N_ELEMENTS(entries));
}
