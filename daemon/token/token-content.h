/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenContent: a token that lies in a slot now, and what is on it.  An immutable value,
 * reference counted; a token that is put in again is another one.
 *
 * Everything in it came out of a foreign module: texts are cleaned, and the rest is only as true as
 * the module is.
 */
#pragma once

#include <glib.h>

#include "daemon/tokenhost/message.h"

typedef struct {
    guint64 handle; /* for as long as the token stays */
    guint64 class;  /* CKO_... */
    GBytes *id;     /* CKA_ID; NULL: none, or empty */
    char *label;    /* NULL: none */
    GBytes *value;  /* of a certificate; DER */
    /* Of a key; NULL where the token does not tell. */
    guint64 key_type; /* CKK_... */
    GBytes *modulus;  /* without leading zeros */
    GBytes *ec_params;
    GBytes *ec_point; /* with whatever the token wrapped it in */
    /* Of a private key. */
    gboolean can_sign, can_sign_recover, can_decrypt, can_derive;
    gboolean always_authenticate;
} MeishiTokenObject;

typedef struct {
    gint refs;
    char *module; /* its name in the configuration */
    guint life;   /* of the module's process: presences begin anew with each */
    guint64 slot, presence;
    char *reader;                         /* description of the slot */
    char *label, *maker, *model, *serial; /* may be empty */
    guint64 slot_flags, flags;            /* CKF_... of slot and token */
    guint min_pin, max_pin;
    gboolean is_read;   /* whether it could be looked at what is on it */
    GPtrArray *objects; /* MeishiTokenObject: what can be seen without a login */
    GBytes *listing;    /* the same as it came; two that are equal hold the same */
    GArray *mechanisms; /* MeishiHostMechanism */
} MeishiTokenContent;

/* @slot as SLOTS told it; without objects and mechanisms. */
MeishiTokenContent *
meishi_token_content_new(const char *module, guint life, const MeishiHostSlot *slot);

/* The same token with what SLOTS told now, and the objects and mechanisms of @state. */
MeishiTokenContent *
meishi_token_content_renew(const MeishiTokenContent *state, const MeishiHostSlot *slot);

/* The same token with the objects of @listing, or what was known where that is malformed. */
MeishiTokenContent *
meishi_token_content_reveal(const MeishiTokenContent *state, struct meishi_bytes listing);

/* Whether @objects (MeishiTokenObject) have all certificates that @wanted have. */
gboolean meishi_token_objects_hold_certificates(const GPtrArray *objects, const GPtrArray *wanted);

MeishiTokenContent *meishi_token_content_ref(MeishiTokenContent *state);
void meishi_token_content_unref(MeishiTokenContent *state); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTokenContent, meishi_token_content_unref)

/* For the creator only: takes in the answers to OBJECTS and MECHANISMS; from the first on it is
 * read. FALSE where @listing is malformed. */
gboolean meishi_token_content_set_objects(MeishiTokenContent *state,
                                          struct meishi_bytes listing) G_GNUC_WARN_UNUSED_RESULT;
void meishi_token_content_set_mechanisms(MeishiTokenContent *state, const MeishiHostReply *reply);

/* The objects in @listing (new array of MeishiTokenObject), NULL where it is malformed. */
GPtrArray *meishi_token_objects_parse(struct meishi_bytes listing);

/* Whether somebody who looks at tokens sees a difference. */
gboolean meishi_token_content_is_same(const MeishiTokenContent *a, const MeishiTokenContent *b);

/* Whether @b is what another process of the module found where @a was: to all appearances @a. */
gboolean meishi_token_content_is_restart(const MeishiTokenContent *a, const MeishiTokenContent *b);

gboolean
meishi_token_content_has_mechanism(const MeishiTokenContent *state, guint64 type, guint64 flags);

/* CKF_TOKEN_INITIALIZED: only then is there anything on it. */
gboolean meishi_token_content_is_initialized(const MeishiTokenContent *state);
/* Whether all that can be seen without a login is known; so it is where there is nothing. */
gboolean meishi_token_content_is_read(const MeishiTokenContent *state);
/* Whether no certificate is seen on it. */
gboolean meishi_token_content_is_bare(const MeishiTokenContent *state);
gboolean meishi_token_content_needs_login(const MeishiTokenContent *state);
/* The token asks for its PIN itself. */
gboolean meishi_token_content_has_pin_pad(const MeishiTokenContent *state);

/* Whether a PIN of @len bytes may be one of the token's, by ulMinPinLen and ulMaxPinLen. */
gboolean meishi_token_content_takes_pin(const MeishiTokenContent *state, gsize len);
/* "4 to 8 characters"; new. */
char *meishi_token_content_describe_pin(const MeishiTokenContent *state);

typedef enum {
    MEISHI_PIN_UNKNOWN, /* enough, as far as the token says */
    MEISHI_PIN_LOW,
    MEISHI_PIN_LAST_TRY,
    MEISHI_PIN_BLOCKED,
} MeishiPinTries;

MeishiPinTries meishi_token_content_pin_tries(const MeishiTokenContent *state);
