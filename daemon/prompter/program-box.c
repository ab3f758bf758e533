/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program that the desktop knows is shown as the desktop shows it, where its name is certain.
 */
#include "daemon/prompter/program-box.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/installed-program.h"
#include "daemon/prompter/text.h"
#include "daemon/prompter/words/program.h"

#define SPACING 12
#define ICON    48

static GtkWidget *
new_icon(GAppInfo *installed)
{
    GIcon *known = installed != NULL ? g_app_info_get_icon(installed) : NULL;
    g_autoptr(GIcon) unknown = g_themed_icon_new("application-x-executable");

    return g_object_new(GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION,
                        "gicon", known != NULL ? known : unknown, "pixel-size", ICON, "valign",
                        GTK_ALIGN_START, NULL);
}

/* What the desktop calls it, then what we know it by. */
static GtkWidget *
new_words(GAppInfo *installed, const MeishiQuestion *question)
{
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    g_autofree char *name = meishi_program_name(question);
    g_autofree char *detail = meishi_program_detail(question);
    g_autofree char *shown =
        meishi_untrusted_isolated(installed != NULL ? g_app_info_get_display_name(installed) : "");
    g_autofree char *both = g_strdup_printf("%s · %s", name, detail);
    GtkWidget *below = meishi_text_new(shown[0] != '\0' ? both : detail, "caption");

    gtk_widget_add_css_class(below, "dim-label");
    gtk_box_append(GTK_BOX(words), meishi_text_new(shown[0] != '\0' ? shown : name, "heading"));
    gtk_box_append(GTK_BOX(words), below);
    gtk_widget_set_valign(words, GTK_ALIGN_CENTER);
    gtk_widget_set_hexpand(words, TRUE);
    return words;
}

GtkWidget *
meishi_program_box_new(const MeishiQuestion *question)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACING);
    g_autoptr(GAppInfo) installed = meishi_installed_program_find(question->application);

    gtk_box_append(GTK_BOX(box), new_icon(installed));
    gtk_box_append(GTK_BOX(box), new_words(installed, question));
    return box;
}
