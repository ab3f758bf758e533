/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * System calls that no PKCS#11 module has business with fail with EPERM from here on.
 */
#pragma once

/* For this thread and those it makes.  Does nothing on machines that the filter was not written
 * for. */
void meishi_filter_system_calls(void);
