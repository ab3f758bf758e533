/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiApduLink: what ISO 7816-4 puts between a reader and a card's application: command chaining
 * (5.1.1), short and extended lengths (5.1), and answers that are fetched in pieces by GET
 * RESPONSE.
 */
#pragma once

#include <glib.h>

/* Status words, ISO 7816-4 table 5. */
#define MEISHI_SW_OK             0x9000
#define MEISHI_SW_MORE           0x6100 /* + how much */
#define MEISHI_SW_TRIES          0x63c0 /* + how many are left */
#define MEISHI_SW_LENGTH         0x6700
#define MEISHI_SW_NOT_AUTHORISED 0x6982
#define MEISHI_SW_BLOCKED        0x6983
#define MEISHI_SW_CONDITIONS     0x6985
#define MEISHI_SW_DATA           0x6a80
#define MEISHI_SW_NOT_FOUND      0x6a82
#define MEISHI_SW_P1_P2          0x6a86
#define MEISHI_SW_REFERENCE      0x6a88
#define MEISHI_SW_INSTRUCTION    0x6d00

/* One whole command. */
typedef struct {
    guint8 ins, p1, p2;
    const guint8 *data;
    gsize len;
} MeishiCommand;

/* Carries @command out: appends to @out and returns the status word. */
typedef guint (*MeishiCommandFunc)(const MeishiCommand *command, GByteArray *out, gpointer data);

typedef struct MeishiApduLink MeishiApduLink;

MeishiApduLink *meishi_apdu_link_new(MeishiCommandFunc func, gpointer data);
void meishi_apdu_link_free(MeishiApduLink *link);

/* Forgets what is half done: the card was reset. */
void meishi_apdu_link_reset(MeishiApduLink *link);

/* Takes one command APDU; the response APDU, status word last, replaces what is in @out. */
void meishi_apdu_link_take(MeishiApduLink *link, const guint8 *bytes, gsize len, GByteArray *out);
