/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of programs; see program.h.  A name of another form would be compared with the right ones
 * and fit none, without a word to the person who typed it.
 */
#include "cli/program.h"

#include "cli/error.h"

static const struct {
    const char *prefix;
    MeishiTrust trust;
} kinds[] = {
    {"flatpak:", MEISHI_TRUST_SANDBOX},
    {"snap:", MEISHI_TRUST_SANDBOX},
    {"unit:", MEISHI_TRUST_UNIT},
    {"exe:/", MEISHI_TRUST_EXE},
};

gboolean
meishi_program_parse(const char *name, MeishiTrust *ret_trust, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(name, kinds[i].prefix)) {
            *ret_trust = kinds[i].trust;
            return TRUE;
        }
    }
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "“%s” is no program: write flatpak:ID, snap:NAME, unit:NAME or exe:/PATH.", name);
    return FALSE;
}
