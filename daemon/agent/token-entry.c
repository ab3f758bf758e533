/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One certificate may be seen at several places: on two cards, behind two modules, or in two slots
 * of one card that has a PIN for each of its keys.  The key is used where it is, as far as that can
 * be seen; where hardware is; and where it was seen first.
 */
#include "daemon/agent/token-shelf.h"

MeishiTokenEntry *
meishi_token_entry_new(MeishiTokenIdentity *identity, MeishiTokenPlace *place,
                       MeishiTokenLock *lock)
{
    MeishiTokenEntry *entry = g_new0(MeishiTokenEntry, 1);

    entry->identity = identity;
    entry->place = meishi_token_place_ref(place);
    entry->lock = lock != NULL ? meishi_token_lock_ref(lock) : NULL;
    return entry;
}

void
meishi_token_entry_free(gpointer data)
{
    MeishiTokenEntry *entry = data;

    meishi_token_identity_free(entry->identity);
    meishi_token_place_unref(entry->place);
    meishi_token_lock_unref(entry->lock);
    g_free(entry);
}

/* ---- which place is better ------------------------------------------------------------------- */

static gboolean
is_barren(const MeishiTokenLock *lock, const MeishiCert *cert)
{
    return lock->barren != NULL && g_hash_table_contains(lock->barren, cert->der);
}

/* More than that there is a PIN behind which it may be. */
static gboolean
shows_key(const MeishiTokenLock *lock, const MeishiTokenIdentity *identity)
{
    GPtrArray *objects = meishi_token_use_token(lock->use)->objects;
    g_autoptr(GPtrArray) keys = meishi_pairing_sure_keys(objects, identity);

    return keys->len > 0 || meishi_pairing_has_public_key(objects, identity->cert->key);
}

static int
worth(const MeishiTokenLock *lock, const MeishiTokenIdentity *identity)
{
    return (is_barren(lock, identity->cert) ? 0 : 4) +
           (lock->place->kind != MEISHI_TOKEN_SOFTWARE ? 2 : 0) +
           (shows_key(lock, identity) ? 1 : 0);
}

void
meishi_token_entry_offer(MeishiTokenEntry *entry, MeishiTokenIdentity *identity,
                         MeishiTokenLock *lock)
{
    if (lock == NULL ||
        (entry->lock != NULL && worth(lock, identity) <= worth(entry->lock, entry->identity))) {
        meishi_token_identity_free(identity);
        return;
    }
    meishi_token_identity_free(entry->identity);
    meishi_token_place_unref(entry->place);
    meishi_token_lock_unref(entry->lock);
    entry->identity = identity;
    entry->place = meishi_token_place_ref(lock->place);
    entry->lock = meishi_token_lock_ref(lock);
}

void
meishi_token_lock_note_barren(MeishiTokenLock *lock, const MeishiCert *cert)
{
    if (lock->barren == NULL)
        lock->barren =
            g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    g_hash_table_add(lock->barren, g_bytes_ref(cert->der));
}
