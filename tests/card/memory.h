/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCardMemory: what a PIV card keeps when it is pulled out: its number, PIN and PUK and how
 * often each may still be wrong.  In a key file, so that a test can insert the same card again.
 */
#pragma once

#include <glib.h>

#define MEISHI_CARD_GUID_LEN 16

typedef struct {
    char *code;
    guint tries_left, tries_max;
} MeishiCardCode;

typedef struct {
    char *path; /* NULL: forgotten with the process */
    guint8 guid[MEISHI_CARD_GUID_LEN];
    MeishiCardCode pin, puk;
} MeishiCardMemory;

/* Reads @path where it exists; else it is a new card with @pin and @tries. */
MeishiCardMemory *meishi_card_memory_new(const char *path, const char *pin, guint tries);
void meishi_card_memory_free(MeishiCardMemory *memory);
void meishi_card_memory_save(const MeishiCardMemory *memory);

/* Compares @field, eight bytes padded with 0xff (SP 800-73-4 part 2, 2.4.3), and counts. */
gboolean meishi_card_code_verify(MeishiCardCode *code, const guint8 *field);
void meishi_card_code_set(MeishiCardCode *code, const guint8 *field);
