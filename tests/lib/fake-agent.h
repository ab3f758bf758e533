/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The far end of the module's socket: speaks the protocol of doc/protocol.md from threads of its
 * own, with answers that a test can foresee, and lies when told to.
 *
 * Nothing is signed.  A result is made from the request: signatures of the length that the key in
 * the usual sample gives, filled with the sum of the data's bytes, so that a test sees which data
 * arrived.
 */
#pragma once

#include <glib.h>

typedef struct FakeAgent FakeAgent;

typedef enum {
    FAKE_AGENT_HONEST,
    FAKE_AGENT_SILENT,        /* reads and never answers */
    FAKE_AGENT_WRONG_CALL,    /* another call number */
    FAKE_AGENT_WRONG_TYPE,    /* the reply to another request */
    FAKE_AGENT_SHORT,         /* a byte too few */
    FAKE_AGENT_LONG,          /* a byte too many */
    FAKE_AGENT_HUGE,          /* longer than any reply */
    FAKE_AGENT_HANGS_UP,      /* ends the connection instead of answering */
    FAKE_AGENT_STRAY_FD,      /* a descriptor that nobody asked for */
    FAKE_AGENT_OTHER_VERSION, /* HELLO: a version that nobody offered */
} FakeAgentLie;

/* Listens on DIR/meishi/pkcs11.  The socket of an agent before is replaced. */
FakeAgent *fake_agent_new(const char *dir);

/* Ends every connection and thread at once, as SIGKILL would; the socket file stays. */
void fake_agent_free(FakeAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeAgent, fake_agent_free)

/* Publishes a new snapshot and says so on the pulse page.  @is_sealed FALSE: as nobody should. */
void fake_agent_publish(FakeAgent *agent, GBytes *snapshot, gboolean is_sealed);

/* As above, with a token that came or went: WAIT is answered. */
void fake_agent_publish_event(FakeAgent *agent, GBytes *snapshot);

/* From now on, OPERATE and LOGIN (or, with @also_hello, HELLO and SNAPSHOT too) are lied about. */
void fake_agent_lie(FakeAgent *agent, FakeAgentLie lie, gboolean also_hello);

/* The status of every OPERATE and LOGIN from now on. */
void fake_agent_set_status(FakeAgent *agent, guint32 status);

/* How long an OPERATE takes. */
void fake_agent_set_delay(FakeAgent *agent, guint ms);

typedef struct {
    guint n_connections; /* open ones */
    guint n_hello;
    guint32 hello_flags; /* of the last HELLO */
    guint n_snapshot;
    guint n_operate;
    guint n_login;
    guint n_wait;
    guint n_hung_up;   /* connections that ended while a request was being worked on */
    guint32 operation; /* of the last OPERATE */
    guint64 object;
    guint64 mechanism;
    guint64 n_numbers;
    guint64 numbers[4];
    gsize data_len;
    gboolean in_file;
    char pin[64]; /* of the last LOGIN; "(none)" without one */
} FakeAgentSeen;

FakeAgentSeen fake_agent_seen(FakeAgent *agent);

/* Waits until the agent has begun @n OPERATE requests (or WAITs, with @is_wait). */
void fake_agent_await(FakeAgent *agent, guint n, gboolean is_wait);

/* The byte that a result for @data is filled with. */
guint8 fake_agent_sum(gconstpointer data, gsize len);
