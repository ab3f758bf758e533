/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A store in a directory of its own, and rows to put into it.  The store does not look into
 * certificates and keys, so any bytes do: "cert 3" is as good as one.
 */
#pragma once

#include "daemon/store/store.h"

typedef struct {
    char *top;          /* removed at the end with all that is in it */
    char *dir;          /* top/meishi: the store's */
    MeishiStore *store; /* open, without a vault; a test may close it */
} Fixture;

void fixture_set_up(Fixture *fixture, gconstpointer data);
void fixture_tear_down(Fixture *fixture, gconstpointer data);

/* The same with a vault in it. */
void fixture_set_up_vault(Fixture *fixture, gconstpointer data);

/* Closes the store and opens it again, which has to succeed. */
void fixture_reopen(Fixture *fixture);

/* Closes the store, has SQLite do @sql to its database as anybody could, and opens it again; the
 * former leaves it closed. */
void fixture_run_sql_closed(Fixture *fixture, const char *sql);
void fixture_run_sql(Fixture *fixture, const char *sql);

/* Closes the store and tries to open it; the message has to contain @said. */
void fixture_assert_refused(Fixture *fixture, int code, const char *said);

/* A file in the store's directory, new. */
char *fixture_path(const Fixture *fixture, const char *name);
void fixture_read(const Fixture *fixture, const char *name, char **ret_content, gsize *ret_len);
void fixture_write(const Fixture *fixture, const char *name, const char *content, gsize len);

GBytes *sample_bytes(const char *kind, guint n); /* "KIND N" */
GBytes *sample_vault_id(void);
MeishiStoreSlot *sample_slot(MeishiSlotKind kind);
MeishiStoreKey *sample_key(guint n);
/* For the key at @key_index, with @n_issuers issuers numbered from @first_issuer. */
MeishiStoreNewCert *sample_cert(guint n, guint key_index, guint first_issuer, guint n_issuers);

GPtrArray *new_key_array(void);
GPtrArray *new_cert_array(void);
GPtrArray *new_issuer_array(void);

/* Imports key @n and its certificate, which come with issuers as sample_cert() has it; returns the
 * certificate's id. */
gint64 import_identity(MeishiStore *store, guint n, guint first_issuer, guint n_issuers);

/* A choice for host @n, not stored yet. */
MeishiStoreChoice *sample_choice(guint n);
GPtrArray *new_choice_array(void);

/* For one certificate; NULL takes it away. */
gboolean set_lineage(MeishiStore *store, gint64 cert_id, const char *lineage, GError **error);

/* Token @n, not stored yet, which @n_identities and an issuer lie on. */
MeishiStoreToken *sample_token(guint n);
MeishiStoreTokenContent *sample_content(guint n, guint n_identities);
void sample_content_free(MeishiStoreTokenContent *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStoreTokenContent, sample_content_free)

/* A lineage for certificate @cert_id, a choice, a meeting, and a token with an identity. */
void remember(MeishiStore *store, gint64 cert_id);

/* Everything the store holds, as one text, new. */
char *describe_store(MeishiStore *store);

void remove_tree(const char *path);
