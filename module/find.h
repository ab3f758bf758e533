/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A search under way.
 */
#pragma once

struct meishi_search;

void meishi_search_free(struct meishi_search *search); /* NULL is fine */
