/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who asks, at the head of a window: icon, name, and how sure that is.
 */
#pragma once

#include <gtk/gtk.h>

#include "daemon/asking/question.h"

GtkWidget *meishi_program_box_new(const MeishiQuestion *question);
