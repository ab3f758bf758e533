/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is seen of a line that is secret: a dot for each character, and the caret.  Knows how many
 * there are, and not which.
 */
#pragma once

#include <gtk/gtk.h>

typedef struct {
    guint n;
    gboolean is_selected; /* all of them */
    gboolean has_caret;   /* behind the last, where they are not selected */
} MeishiSecretDots;

/* In @room of @snapshot, with the font, colour and direction of @widget.  From the start of the
 * line on; where they are too many, their end. */
void meishi_secret_dots_draw(const MeishiSecretDots *dots, GtkWidget *widget,
                             const graphene_rect_t *room, GtkSnapshot *snapshot);
