/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The import of files that the person opened: a window of its own, from what the files hold to what
 * was stored.  Nothing is stored before "Import" was pressed there.
 */
#pragma once

#include <gio/gio.h>

/* @files: GFile.  @application is held as long as the window is there. */
void meishi_import_window_open(GApplication *application, GFile **files, gint n_files);
