/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeps Meishi's own files from the foreign module: the vault, what opens it, the policy.
 */
#pragma once

/* From here on no file below our data and configuration directories can be opened, whatever its
 * permissions say; nor can any that is made later beside one of them, or beside a directory above.
 * Needs Landlock (Linux 5.13). */
void meishi_withhold_own_files(void);
