/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a person types at a terminal's question: any bytes.  The first byte picks the question, the
 * rest is typed, as lines and as the keys of a secret.  An answer has to be one of those that the
 * question allows.
 */
#include "cli/dialog.h"
#include "cli/typed-line.h"

#include <string.h>

static const struct {
    const char *kind, *dict;
} questions[] = {
    {"choose", "{'scopes': <['once', 'always']>, 'reaches': <['host-port', 'host']>,"
               " 'preselected': <objectpath '/i/1'>, 'candidates': <["
               "{'kind': <'ok'>, 'identity': <objectpath '/i/1'>, 'label': <'A'>},"
               "{'kind': <'soft'>, 'identity': <objectpath '/i/2'>, 'label': <'B'>}]>}"},
    {"choose", "{'kind': <'insert'>, 'scopes': <['once']>}"},
    {"confirm", "{'each-use': <true>}"},
    {"unlock", "@a{sv} {}"},
    {"pin", "{'tries': <'last'>, 'min-length': <uint32 4>, 'max-length': <uint32 8>}"},
    {"pin", "{'pad': <true>}"},
    {"explain", "@a{sv} {}"},
};

static MeishiQuestion *
make_question(guint8 which)
{
    gsize i = which % G_N_ELEMENTS(questions);
    g_autoptr(GVariant) dict = g_variant_ref_sink(
        g_variant_parse(G_VARIANT_TYPE_VARDICT, questions[i].dict, NULL, NULL, NULL));

    return meishi_question_new(questions[i].kind, dict, 1);
}

static gsize
type_secret(const char *line)
{
    struct termios modes = {.c_iflag = IUTF8, .c_cc = {[VERASE] = 0177, [VEOF] = 4, [VKILL] = 21}};
    g_autoptr(MeishiTypedLine) typed = meishi_typed_line_new(&modes);
    g_autoptr(MeishiSecret) secret = NULL;
    gsize len;
    guint8 *room = meishi_typed_line_room(typed, &len);

    len = MIN(len, strlen(line));
    memcpy(room, line, len);
    (void)meishi_typed_line_take(typed, len);
    secret = meishi_typed_line_steal(typed);
    g_assert(meishi_secret_len(secret) <= len);
    return meishi_secret_len(secret);
}

static void
check_answer(const MeishiDialog *dialog, const MeishiQuestion *question)
{
    g_autoptr(GVariant) answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
    const char *path, *scope, *allow;

    if (g_variant_lookup(answer, "identity", "&o", &path)) {
        g_assert(g_str_equal(path, "/") || g_str_has_prefix(path, "/i/"));
        g_assert(g_variant_lookup(answer, "scope", "&s", &scope));
        g_assert(meishi_question_allows_scope(question, scope));
    }
    if (g_variant_lookup(answer, "allow", "&s", &allow))
        g_assert(!question->each_use || !g_str_equal(allow, "session"));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    const MeishiQuestionLayout layout = {.columns = 80, .now = 1};
    g_autofree char *typed = len > 0 ? g_strndup((const char *)data + 1, len - 1) : g_strdup("");
    g_auto(GStrv) lines = g_strsplit(typed, "\n", 64);
    g_autoptr(MeishiQuestion) question = make_question(len > 0 ? data[0] : 0);
    g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
    MeishiDialogState state = MEISHI_DIALOG_ASKING;

    for (char **line = lines; *line != NULL && state == MEISHI_DIALOG_ASKING; line++) {
        g_autofree char *text = NULL;

        state = meishi_dialog_wants_secret(dialog)
                    ? meishi_dialog_take_secret(dialog, type_secret(*line), &text)
                    : meishi_dialog_take(dialog, *line, &text);
        g_assert(g_utf8_validate(text, -1, NULL));
    }
    check_answer(dialog, question);
    return 0;
}
