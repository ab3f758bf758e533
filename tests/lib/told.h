/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a test's PKCS#11 module is to behave: words between blanks, some with "=VALUE".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* @words: C_Initialize's pReserved; NULL: none. */
void tell(const char *words);

bool is_told(const char *word);

/* Behind "="; 0 where there is none. */
int number_of(const char *word);

/* The same as text. */
void text_of(const char *word, char *ret, size_t size);
