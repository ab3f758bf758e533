/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which of the items can be imported: an import happens whole or not at all, so that what would
 * spoil it is found before.
 */
#pragma once

#include "cli/importing.h"
#include "cli/move-in/haul.h"

/* What one call of the daemon takes, less one for the certificates that were put by. */
#define MEISHI_SORTING_MAX 63

/* Has the daemon read each item of @haul alone, asking for passwords as @importing says.  What it
 * cannot read has trouble from then on; what has no key is put by, and comes back as one file of
 * certificates (@ret_pool, NULL for none) for the chains of the others.  FALSE where the daemon, or
 * the person, does not want to go on at all. */
gboolean
meishi_sorting_try_each(MeishiHaul *haul, const MeishiImporting *importing,
                        MeishiInputFile **ret_pool, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After a dry run of all that is left, with its @report: a key that no certificate was found for is
 * no identity, and has trouble from then on. */
void meishi_sorting_drop_bare_keys(MeishiHaul *haul, GVariant *report);

/* How many identities @report is about; 0 for NULL. */
guint meishi_sorting_count(GVariant *report);

/* Whether @error is about what was to be imported, and not about the vault or the daemon. */
gboolean meishi_sorting_is_about_files(const GError *error);
