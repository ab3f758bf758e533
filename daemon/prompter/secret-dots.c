/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dots are drawn and not written: a text of dots would be one more that a screen reader finds.
 */
#include "daemon/prompter/secret-dots.h"

#define CARET 1 /* its width */

/* The height of a line in the font that is in force: all sizes follow from it. */
static float
line_height(GtkWidget *widget)
{
    PangoContext *context = gtk_widget_get_pango_context(widget);
    PangoFontMetrics *metrics = pango_context_get_metrics(context, NULL, NULL);
    int height = PANGO_PIXELS_CEIL(pango_font_metrics_get_ascent(metrics) +
                                   pango_font_metrics_get_descent(metrics));

    pango_font_metrics_unref(metrics);
    return (float)height;
}

static void
get_color(GtkWidget *widget, GdkRGBA *ret_color)
{
#if GTK_CHECK_VERSION(4, 10, 0)
    gtk_widget_get_color(widget, ret_color);
#else
    gtk_style_context_get_color(gtk_widget_get_style_context(widget), ret_color);
#endif
}

static void
draw_dot(GtkSnapshot *snapshot, const GdkRGBA *color, const graphene_rect_t *bounds)
{
    GskRoundedRect round;

    gsk_rounded_rect_init_from_rect(&round, bounds, bounds->size.width / 2);
    gtk_snapshot_push_rounded_clip(snapshot, &round);
    gtk_snapshot_append_color(snapshot, color, bounds);
    gtk_snapshot_pop(snapshot);
}

/* From left to right. */
static void
draw_line(const MeishiSecretDots *dots, GtkWidget *widget, const graphene_size_t *room,
          GtkSnapshot *snapshot)
{
    int line = (int)line_height(widget), step = line * 6 / 10, size = line * 4 / 10;
    int end = step * (int)dots->n, shift = MAX(end + CARET - (int)room->width, 0);
    int top = ((int)room->height - line) / 2, dot_top = ((int)room->height - size) / 2;
    GdkRGBA color;

    get_color(widget, &color);
    for (int i = shift / MAX(step, 1); i < (int)dots->n; i++) {
        int x = step * i - shift + (step - size) / 2;

        draw_dot(snapshot, &color, &GRAPHENE_RECT_INIT(x, dot_top, size, size));
    }
    if (dots->has_caret && !dots->is_selected)
        gtk_snapshot_append_color(snapshot, &color,
                                  &GRAPHENE_RECT_INIT(end - shift, top, CARET, line));
    color.alpha *= 0.2f;
    if (dots->is_selected)
        gtk_snapshot_append_color(snapshot, &color,
                                  &GRAPHENE_RECT_INIT(0, top, MIN(end, (int)room->width), line));
}

void
meishi_secret_dots_draw(const MeishiSecretDots *dots, GtkWidget *widget,
                        const graphene_rect_t *room, GtkSnapshot *snapshot)
{
    gtk_snapshot_save(snapshot);
    gtk_snapshot_push_clip(snapshot, room);
    gtk_snapshot_translate(snapshot, &room->origin);
    if (gtk_widget_get_direction(widget) == GTK_TEXT_DIR_RTL) {
        gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(room->size.width, 0));
        gtk_snapshot_scale(snapshot, -1, 1);
    }
    draw_line(dots, widget, &room->size, snapshot);
    gtk_snapshot_pop(snapshot);
    gtk_snapshot_restore(snapshot);
}
