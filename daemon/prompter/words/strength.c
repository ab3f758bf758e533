/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What people choose is guessed by what people choose, so a character is worth less than random
 * ones would be: a letter of plain words about 1.8 bits, a digit among digits 3.3, one of a mixture
 * about 3.2.  What only repeats or counts on ("aaaa", "1234") is worth a quarter.  There is no list
 * of known passphrases here, so the words never promise more than length and variety can.
 */
#include "daemon/prompter/words/strength.h"

#include <glib/gi18n.h>

#define WORD_BITS  1.8
#define DIGIT_BITS 3.3
#define MIXED_BITS 3.2
#define REPEATED   0.25

/* The limits between the words, in bits: the vault's scrypt takes about half a second for a try. */
#define WEAK_BITS 20
#define FAIR_BITS 34
#define GOOD_BITS 48

typedef struct {
    gdouble n; /* characters, the repeated ones at a quarter */
    gboolean has_digit, has_lower, has_other;
} Variety;

static void
note_kind(Variety *variety, gunichar c)
{
    if (g_unichar_isdigit(c))
        variety->has_digit = TRUE;
    else if (g_unichar_isspace(c) || (g_unichar_isalpha(c) && !g_unichar_isupper(c)))
        variety->has_lower = TRUE;
    else
        variety->has_other = TRUE;
}

static Variety
survey(const char *text, gsize len)
{
    Variety variety = {0};
    gunichar last = 0;

    for (const char *p = text; p < text + len; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        gboolean is_repeated = p > text && (c == last || c == last + 1 || c + 1 == last);

        variety.n += is_repeated ? REPEATED : 1;
        note_kind(&variety, c);
        last = c;
    }
    return variety;
}

static gdouble
bits_of(const Variety *variety)
{
    guint kinds = (guint)(variety->has_digit + variety->has_lower + variety->has_other);

    if (kinds > 1)
        return variety->n * MIXED_BITS;
    return variety->n * (variety->has_digit ? DIGIT_BITS : WORD_BITS);
}

MeishiStrength
meishi_strength_judge(const char *text, gsize len)
{
    Variety variety = survey(text, len);
    gdouble bits = bits_of(&variety);

    if (len == 0)
        return MEISHI_STRENGTH_NONE;
    if (bits < WEAK_BITS)
        return MEISHI_STRENGTH_VERY_WEAK;
    if (bits < FAIR_BITS)
        return MEISHI_STRENGTH_WEAK;
    return bits < GOOD_BITS ? MEISHI_STRENGTH_FAIR : MEISHI_STRENGTH_GOOD;
}

const char *
meishi_strength_text(MeishiStrength strength)
{
    switch (strength) {
    case MEISHI_STRENGTH_VERY_WEAK:
        return _("Very easy to guess: it is too short.");
    case MEISHI_STRENGTH_WEAK:
        return _("Easy to guess: make it longer.");
    case MEISHI_STRENGTH_FAIR:
        return _("Not easy to guess, as far as its length and variety tell.");
    case MEISHI_STRENGTH_GOOD:
        return _("Hard to guess, as far as its length and variety tell.");
    default:
        return "";
    }
}
