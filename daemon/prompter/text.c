/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Texts of strangers are cleaned before they get here (daemon/base/untrusted.h); here they are
 * never markup.
 */
#include "daemon/prompter/text.h"

static GtkWidget *
new_label(const char *text, const char *css_class, GtkAccessibleRole role)
{
    g_autoptr(PangoAttrList) attributes = pango_attr_list_new();
    GtkWidget *label = g_object_new(GTK_TYPE_LABEL, "accessible-role", role, "label", text, "wrap",
                                    TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR, "xalign", 0.0, NULL);

    pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
    gtk_label_set_attributes(GTK_LABEL(label), attributes);
    if (css_class != NULL)
        gtk_widget_add_css_class(label, css_class);
    return label;
}

GtkWidget *
meishi_text_new(const char *text, const char *css_class)
{
    return new_label(text, css_class, GTK_ACCESSIBLE_ROLE_LABEL);
}

GtkWidget *
meishi_text_new_silent(const char *text, const char *css_class)
{
    return new_label(text, css_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}
