/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The frame of a window that asks.  Nothing here knows a question.  Closing it in any way is "not
 * now"; a guarded button works only while the window has had the focus for half a second.
 */
#include "daemon/prompter/shell.h"

#include "daemon/prompter/accessible.h"
#include "daemon/prompter/consent-button.h"
#include "daemon/prompter/consent.h"
#include "daemon/prompter/focus-sight.h"
#include "daemon/prompter/parent-window.h"
#include "daemon/prompter/program-box.h"
#include "daemon/prompter/text.h"
#include "daemon/prompter/time-bar.h"
#include "daemon/prompter/window-size.h"
#include "daemon/prompter/words/program.h"

#include <glib/gi18n.h>
#include <string.h>

#define WIDTH         580
#define COMPACT_WIDTH 480
#define ROOM          120 /* for what comes and goes */
#define MIN_WIDTH     360
#define MIN_HEIGHT    294
#define ROOMY_HEIGHT  640
#define COLUMN        600
#define SPACING       12
#define MARGIN        18

struct MeishiShell {
    MeishiShellAnswered answered;
    void (*more_time)(gpointer data); /* NULL */
    gpointer data;
    GtkWindow *window;
    AdwHeaderBar *header;
    AdwWindowTitle *title;
    GtkWidget *heading;
    GtkScrolledWindow *scroller;
    GtkStack *stack; /* the content, or what covers it */
    GtkBox *content, *foot;
    MeishiTimeBar *time_bar;
    GtkBox *pair;     /* of buttons; NULL before the first of them */
    GtkWidget *cover; /* NULL */
    GPtrArray *guarded;
    GtkLabel *refused; /* what another program tried to press */
    MeishiConsent *consent;
    gboolean is_ready;
    guint deliver_id;
    GVariant *answer;
    MeishiSecret *secret; /* beside it; NULL */
    gpointer owned;       /* what the kind of window knows of itself */
    GDestroyNotify free_owned;
};

/* ---- answering ------------------------------------------------------------------------------- */

static gboolean
deliver(gpointer data)
{
    MeishiShell *shell = data;
    g_autoptr(GVariant) answer = g_steal_pointer(&shell->answer);
    g_autoptr(MeishiSecret) secret = g_steal_pointer(&shell->secret);

    shell->deliver_id = 0;
    shell->answered(answer, secret, shell->data); /* frees @shell */
    return G_SOURCE_REMOVE;
}

static void
answer_later(MeishiShell *shell, GVariant *answer)
{
    shell->answer = answer;
    shell->deliver_id = g_idle_add(deliver, shell);
}

void
meishi_shell_answer(MeishiShell *shell, GVariant *answer)
{
    g_autoptr(GVariant) held = answer != NULL ? g_variant_ref_sink(answer) : NULL;

    if (shell->deliver_id != 0)
        return;
    gtk_widget_set_visible(GTK_WIDGET(shell->window), FALSE);
    answer_later(shell, g_steal_pointer(&held));
}

/* The window stays, so that it can say what was wrong where it stands; the question may go. */
void
meishi_shell_answer_secret(MeishiShell *shell, MeishiSecret *secret, GVariant *answer)
{
    g_autoptr(GVariant) held = g_variant_ref_sink(answer);

    if (shell->deliver_id != 0)
        return;
    shell->secret = meishi_secret_ref(secret);
    meishi_time_bar_stop(shell->time_bar, _("Trying it…"));
    meishi_shell_set_busy(shell, TRUE);
    answer_later(shell, g_steal_pointer(&held));
}

static gboolean
on_close(GtkWindow *window, gpointer data)
{
    meishi_shell_answer(data, NULL);
    return TRUE;
}

static gboolean
on_escape(GtkWidget *widget, GVariant *args, gpointer data)
{
    MeishiShell *shell = data;

    if (shell->cover != NULL)
        meishi_shell_cover(shell, NULL);
    else
        meishi_shell_answer(shell, NULL);
    return TRUE;
}

/* ---- the half second ------------------------------------------------------------------------- */

static void
update_guarded(MeishiShell *shell)
{
    for (guint i = 0; i < shell->guarded->len; i++)
        gtk_widget_set_sensitive(g_ptr_array_index(shell->guarded, i),
                                 shell->is_ready && meishi_consent_is_armed(shell->consent));
}

static void
on_armed(gpointer data)
{
    update_guarded(data);
}

void
meishi_shell_rearm(MeishiShell *shell)
{
    meishi_consent_rearm(shell->consent);
}

static const char *
label_of(GtkButton *button, guint *ret_mnemonic)
{
    GtkLabel *label = GTK_LABEL(gtk_button_get_child(button));

    *ret_mnemonic = gtk_label_get_mnemonic_keyval(label);
    return gtk_label_get_text(label);
}

/* The focus stays where it is: whoever may move it to a button gets the person's next Enter. */
static void
on_refused(MeishiConsentButton *button, gpointer data)
{
    MeishiShell *shell = data;
    guint mnemonic;
    const char *name = label_of(GTK_BUTTON(button), &mnemonic);
    g_autofree char *key = gtk_accelerator_get_label(mnemonic, GDK_ALT_MASK);
    /* Translators: a button's name, and the keys that press it: "Alt+A" */
    g_autofree char *text = g_strdup_printf(
        _("Another program tried to press “%s”. That takes a click or a key of yours: %s."), name,
        key);

    gtk_label_set_text(shell->refused, text);
    gtk_widget_set_visible(gtk_widget_get_parent(GTK_WIDGET(shell->refused)), TRUE);
    meishi_accessible_announce(GTK_WIDGET(shell->window), text);
}

void
meishi_shell_guard(MeishiShell *shell, GtkButton *button)
{
    g_return_if_fail(MEISHI_IS_CONSENT_BUTTON(button));

    meishi_consent_button_guard(MEISHI_CONSENT_BUTTON(button), shell->consent);
    g_signal_connect(button, "refused", G_CALLBACK(on_refused), shell);
    g_ptr_array_add(shell->guarded, button);
    update_guarded(shell);
}

gboolean
meishi_shell_is_input(const MeishiShell *shell)
{
    return meishi_consent_is_input(shell->consent);
}

gboolean
meishi_shell_is_meant(const MeishiShell *shell)
{
    return meishi_consent_is_armed(shell->consent) && meishi_consent_is_input(shell->consent);
}

void
meishi_shell_set_ready(MeishiShell *shell, gboolean is_ready)
{
    shell->is_ready = is_ready;
    update_guarded(shell);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

GtkWidget *
meishi_shell_text(const char *text, const char *css_class)
{
    return meishi_text_new(text, css_class);
}

/* An icon that says nothing which is not said beside it. */
static GtkWidget *
decoration(GIcon *icon)
{
    GtkWidget *image = g_object_new(GTK_TYPE_IMAGE, "accessible-role",
                                    GTK_ACCESSIBLE_ROLE_PRESENTATION, "gicon", icon, NULL);

    gtk_widget_set_valign(image, GTK_ALIGN_START);
    return image;
}

void
meishi_shell_add(MeishiShell *shell, GtkWidget *widget)
{
    gtk_box_append(shell->content, widget);
}

void
meishi_shell_add_to_answer(MeishiShell *shell, GtkWidget *widget)
{
    gboolean has_room =
        meishi_window_size_highest(shell->window) >= meishi_window_size_scaled(ROOMY_HEIGHT);

    gtk_box_append(has_room ? shell->foot : shell->content, widget);
}

/* A line with an icon, and its words. */
static GtkWidget *
note_box(const char *text, gboolean is_warning, GtkLabel **ret_label)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACING / 2);
    GtkWidget *label = meishi_shell_text(text, NULL);
    g_autoptr(GIcon) icon =
        g_themed_icon_new(is_warning ? "dialog-warning-symbolic" : "dialog-information-symbolic");
    GtkWidget *image = decoration(icon);

    gtk_widget_add_css_class(image, is_warning ? "warning" : "dim-label");
    gtk_widget_set_hexpand(label, TRUE);
    gtk_box_append(GTK_BOX(box), image);
    gtk_box_append(GTK_BOX(box), label);
    *ret_label = GTK_LABEL(label);
    return box;
}

void
meishi_shell_add_note(MeishiShell *shell, const char *text, gboolean is_warning)
{
    GtkLabel *label;

    meishi_shell_add(shell, note_box(text, is_warning, &label));
}

GtkLabel *
meishi_shell_add_last_word(MeishiShell *shell)
{
    GtkLabel *label;
    GtkWidget *box = note_box("", TRUE, &label);

    gtk_widget_set_visible(box, FALSE);
    gtk_box_append(shell->foot, box);
    return label;
}

void
meishi_shell_name_button(GtkButton *button, const char *label)
{
    GtkWidget *words = gtk_button_get_child(button);

    if (words != NULL) {
        gtk_label_set_text_with_mnemonic(GTK_LABEL(words), label);
        return;
    }
    words = gtk_label_new_with_mnemonic(label);
    gtk_label_set_wrap(GTK_LABEL(words), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(words), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_justify(GTK_LABEL(words), GTK_JUSTIFY_CENTER);
    gtk_label_set_mnemonic_widget(GTK_LABEL(words), GTK_WIDGET(button));
    gtk_button_set_child(button, words); /* a screen reader takes the name from it */
}

/* Side by side and equally wide, so that none of them is the obvious one. */
static GtkBox *
find_pair(MeishiShell *shell)
{
    if (shell->pair == NULL) {
        shell->pair = GTK_BOX(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACING / 2));
        gtk_box_set_homogeneous(shell->pair, TRUE);
        gtk_box_append(shell->foot, GTK_WIDGET(shell->pair));
    }
    return shell->pair;
}

GtkButton *
meishi_shell_add_button(MeishiShell *shell, const char *label, const char *effect, gboolean is_wide)
{
    GtkWidget *button = meishi_consent_button_new();

    meishi_shell_name_button(GTK_BUTTON(button), label);
    gtk_widget_set_tooltip_text(button, effect);
    if (is_wide)
        gtk_box_append(shell->foot, button);
    else
        gtk_box_append(find_pair(shell), button);
    return GTK_BUTTON(button);
}

/* ---- how long there is ----------------------------------------------------------------------- */

static void
on_more_time(gpointer data)
{
    MeishiShell *shell = data;

    if (shell->more_time != NULL)
        shell->more_time(shell->data);
}

void
meishi_shell_set_more_time(MeishiShell *shell, void (*more_time)(gpointer data))
{
    shell->more_time = more_time;
}

void
meishi_shell_update(MeishiShell *shell, const MeishiQuestion *question)
{
    meishi_time_bar_update(shell->time_bar, question);
}

/* ---- covering -------------------------------------------------------------------------------- */

void
meishi_shell_cover(MeishiShell *shell, GtkWidget *page)
{
    if (page != NULL) {
        gtk_stack_add_child(shell->stack, page);
        gtk_stack_set_visible_child(shell->stack, page);
    } else {
        gtk_stack_set_visible_child_name(shell->stack, "content");
    }
    if (shell->cover != NULL)
        gtk_stack_remove(shell->stack, shell->cover);
    shell->cover = page;
}

gboolean
meishi_shell_is_covered(const MeishiShell *shell)
{
    return shell->cover != NULL;
}

void
meishi_shell_set_busy(MeishiShell *shell, gboolean is_busy)
{
    gtk_widget_set_sensitive(GTK_WIDGET(shell->stack), !is_busy);
}

/* ---- the window ------------------------------------------------------------------------------ */

static GtkBox *
padded_box(void)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACING);

    gtk_widget_set_margin_top(box, SPACING);
    gtk_widget_set_margin_bottom(box, MARGIN);
    gtk_widget_set_margin_start(box, MARGIN);
    gtk_widget_set_margin_end(box, MARGIN);
    return GTK_BOX(box);
}

static GtkWidget *
clamp(GtkBox *box)
{
    GtkWidget *widget = adw_clamp_new();
    int column = meishi_window_size_scaled(COLUMN);

    adw_clamp_set_maximum_size(ADW_CLAMP(widget), column);
    adw_clamp_set_tightening_threshold(ADW_CLAMP(widget), column);
    adw_clamp_set_child(ADW_CLAMP(widget), GTK_WIDGET(box));
    return widget;
}

/* The heading stands in the title bar while it is scrolled out of sight. */
static void
on_scrolled(GtkAdjustment *adjustment, gpointer data)
{
    MeishiShell *shell = data;
    graphene_rect_t box;
    gboolean is_out = gtk_widget_compute_bounds(shell->heading, GTK_WIDGET(shell->content), &box) &&
                      gtk_adjustment_get_value(adjustment) > box.origin.y + box.size.height;

    adw_window_title_set_subtitle(shell->title,
                                  is_out ? gtk_label_get_text(GTK_LABEL(shell->heading)) : "");
}

static GtkWidget *
build_content(MeishiShell *shell, const MeishiShellHead *head)
{
    GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *scroller = gtk_scrolled_window_new();

    shell->scroller = GTK_SCROLLED_WINDOW(scroller);
    shell->content = padded_box();
    shell->foot = padded_box();
    gtk_box_set_spacing(shell->foot, SPACING / 2);
    shell->time_bar = meishi_time_bar_new(on_more_time, shell);
    gtk_box_append(shell->foot, meishi_time_bar_widget(shell->time_bar));
    shell->refused = meishi_shell_add_last_word(shell);
    if (head->question != NULL && meishi_program_asks(head->question))
        meishi_shell_add(shell, meishi_program_box_new(head->question));
    shell->heading = meishi_shell_text(head->heading, "title-2");
    meishi_shell_add(shell, shell->heading);
    g_signal_connect(gtk_scrolled_window_get_vadjustment(shell->scroller), "value-changed",
                     G_CALLBACK(on_scrolled), shell);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), clamp(shell->content));
    meishi_focus_sight_keep(shell->scroller, GTK_WIDGET(shell->content));
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scroller), TRUE);
    gtk_widget_set_vexpand(scroller, TRUE);
    gtk_box_append(GTK_BOX(page), scroller);
    gtk_box_append(GTK_BOX(page), clamp(shell->foot));
    return page;
}

void
meishi_shell_turn(MeishiShell *shell, const MeishiShellHead *head)
{
    meishi_shell_cover(shell, NULL);
    g_ptr_array_set_size(shell->guarded, 0);
    shell->pair = NULL;
    g_clear_pointer(&shell->time_bar, meishi_time_bar_free);
    gtk_stack_remove(shell->stack, gtk_stack_get_child_by_name(shell->stack, "content"));
    gtk_stack_add_named(shell->stack, build_content(shell, head), "content");
    gtk_stack_set_visible_child_name(shell->stack, "content");
    meishi_shell_set_busy(shell, FALSE);
    meishi_shell_set_ready(shell, TRUE);
    meishi_shell_rearm(shell);
}

static void
build_window(MeishiShell *shell, const MeishiShellHead *head)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

    shell->window = g_object_new(ADW_TYPE_WINDOW, "accessible-role", GTK_ACCESSIBLE_ROLE_DIALOG,
                                 "title", head->title, NULL);
    shell->header = ADW_HEADER_BAR(adw_header_bar_new());
    shell->title = ADW_WINDOW_TITLE(adw_window_title_new(head->title, ""));
    adw_header_bar_set_title_widget(shell->header, GTK_WIDGET(shell->title));
    adw_header_bar_set_decoration_layout(shell->header, ":close");
    shell->stack = GTK_STACK(gtk_stack_new());
    gtk_stack_set_vhomogeneous(shell->stack, FALSE);
    gtk_stack_add_named(shell->stack, build_content(shell, head), "content");
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(shell->header));
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(shell->stack));
    gtk_widget_set_size_request(GTK_WIDGET(shell->window), MIN_WIDTH, MIN_HEIGHT);
    adw_window_set_content(ADW_WINDOW(shell->window), box);
}

static void
listen_to_window(MeishiShell *shell)
{
    GtkEventController *keys = gtk_shortcut_controller_new();

    gtk_shortcut_controller_set_scope(GTK_SHORTCUT_CONTROLLER(keys), GTK_SHORTCUT_SCOPE_GLOBAL);
    gtk_shortcut_controller_add_shortcut(
        GTK_SHORTCUT_CONTROLLER(keys),
        gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, 0),
                         gtk_callback_action_new(on_escape, shell, NULL)));
    gtk_widget_add_controller(GTK_WIDGET(shell->window), keys);
    g_signal_connect(shell->window, "close-request", G_CALLBACK(on_close), shell);
    shell->consent = meishi_consent_new(shell->window, on_armed, shell);
}

MeishiShell *
meishi_shell_new(const MeishiShellHead *head, MeishiShellAnswered answered, gpointer data)
{
    MeishiShell *shell = g_new0(MeishiShell, 1);

    shell->answered = answered;
    shell->data = data;
    shell->guarded = g_ptr_array_new();
    shell->is_ready = TRUE;
    build_window(shell, head);
    listen_to_window(shell);
    if (head->question != NULL) {
        meishi_parent_window_set(shell->window, head->question->parent_window);
        meishi_shell_update(shell, head->question);
    }
    return shell;
}

void
meishi_shell_free(MeishiShell *shell)
{
    if (shell == NULL)
        return;
    meishi_consent_free(shell->consent);
    g_clear_handle_id(&shell->deliver_id, g_source_remove);
    g_signal_handlers_disconnect_by_data(shell->window, shell);
    if (shell->free_owned != NULL)
        shell->free_owned(shell->owned);
    meishi_time_bar_free(shell->time_bar);
    gtk_window_destroy(shell->window);
    g_clear_pointer(&shell->answer, g_variant_unref);
    meishi_secret_unref(shell->secret);
    g_ptr_array_unref(shell->guarded);
    g_free(shell);
}

void
meishi_shell_own(MeishiShell *shell, gpointer content, GDestroyNotify free_content)
{
    if (shell->free_owned != NULL)
        shell->free_owned(shell->owned);
    shell->owned = content;
    shell->free_owned = free_content;
}

GtkWindow *
meishi_shell_window(MeishiShell *shell)
{
    return shell->window;
}

AdwHeaderBar *
meishi_shell_header(MeishiShell *shell)
{
    return shell->header;
}

void
meishi_shell_set_compact(MeishiShell *shell)
{
    meishi_window_size_fit(shell->window, shell->scroller, COMPACT_WIDTH, 0);
}

void
meishi_shell_set_roomy(MeishiShell *shell)
{
    meishi_window_size_fit(shell->window, shell->scroller, WIDTH, ROOM);
}

void
meishi_shell_present(MeishiShell *shell)
{
    gtk_window_present(shell->window);
}
