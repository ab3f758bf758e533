/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The connections behind client.h; for client.c and fetch.c alone.
 */
#pragma once

#include "module/client.h"
#include "module/conn.h"

/* A connection for @call: an idle one, or a new one that said HELLO. */
enum meishi_client_result meishi_pool_acquire(struct meishi_call *call);

/* The same, waiting a while for a daemon that was there before. */
enum meishi_client_result meishi_pool_acquire_patiently(struct meishi_call *call);

/* An idle connection to @instance (0: any), or false. */
bool meishi_pool_take_idle(struct meishi_call *call, uint64_t instance);

/* A new connection. */
enum meishi_client_result
meishi_pool_connect(struct meishi_call *call, uint32_t flags,
                    struct meishi_msg_hello_reply *ret_reply, struct meishi_packet_fds *ret_fds);

/* Gives the call's connection back, where it has one; closes it unless @is_good. */
void meishi_pool_release(struct meishi_call *call, bool is_good);

/* Closes every idle connection. */
void meishi_pool_forget_idle(void);

bool meishi_pool_is_cancelled(struct meishi_call *call);

/* What a negative errno of conn.h means. */
enum meishi_client_result meishi_pool_result(int error);

/* May a fetch try the daemon again?  Not at once after it failed. */
bool meishi_pool_is_fetch_due(void);
void meishi_pool_delay_fetch(enum meishi_client_result result);

/* One exchange whose reply is a counter; no second try. */
enum meishi_client_result
meishi_client_exchange_once(struct meishi_call *call, const struct meishi_exchange *exchange,
                            struct meishi_msg_counter_reply *ret_reply);
