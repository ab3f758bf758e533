/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * System calls that no PKCS#11 module has business with fail with EPERM from here on.
 */
#pragma once

#include <glib.h>

/* For this thread and those it makes.  Without @allows_network there are sockets to other processes
 * here and to the kernel (devices come and go), and none to other machines.  Does nothing on
 * machines that the filter was not written for. */
void meishi_filter_system_calls(gboolean allows_network);
