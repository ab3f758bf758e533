/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiName: an X.500 distinguished name as a value.  It is read here from text (RFC 4514, or the
 * slash form of `openssl -subj`); daemon/crypto makes it from DER, because no ASN.1 is read in this
 * directory.  Two names are compared by their DER where both have it, then by a canonical form in
 * the spirit of RFC 5280 section 7.1; the caller learns which of the two it was.
 */
#pragma once

#include <glib.h>

#define MEISHI_NAME_MAX_ATTRIBUTES 64
#define MEISHI_NAME_MAX_TEXT       8192

/* One attribute; attributes with the same @rdn belong to one RelativeDistinguishedName. */
typedef struct {
    char *oid;    /* dotted */
    char *value;  /* UTF-8; "#" and hex digits of its encoding where the value is not a string */
    char *folded; /* @value as RFC 5280 7.1 compares it */
    guint rdn;    /* counted from the root, as DER orders them (RFC 4514 text is the reverse) */
} MeishiNameAttribute;

/* Immutable, reference counted, thread-safe. */
typedef struct {
    gint refs;
    GBytes *der;     /* NULL where the name was read from text */
    GArray *attrs;   /* MeishiNameAttribute, in DER order */
    char *canonical; /* equal strings: equal names, whatever the string types and the case */
} MeishiName;

/* How two names were found equal. */
typedef enum {
    MEISHI_NAME_DIFFERENT,
    MEISHI_NAME_NORMALISED, /* RFC 5280 7.1: after case folding and space compression */
    MEISHI_NAME_EQUAL,      /* the same bytes */
} MeishiNameMatch;

/* A name under construction: add attributes in DER order, then end it. */
MeishiName *meishi_name_new(GBytes *der);
void meishi_name_add(MeishiName *name, guint rdn, const char *oid, const char *value);
void meishi_name_end(MeishiName *name);

/* Reads RFC 4514 text or, where it begins with "/", the slash form; @ret_slash (may be NULL) tells
 * which.  Keywords are those of RFC 4514 section 3 and a few that programs print; any other type
 * is written as a dotted OID.  NULL and an error of MEISHI_ERROR that says what is wrong. */
MeishiName *
meishi_name_parse(const char *text, gboolean *ret_slash, GError **error) G_GNUC_WARN_UNUSED_RESULT;

MeishiName *meishi_name_ref(MeishiName *name);
void meishi_name_unref(MeishiName *name); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiName, meishi_name_unref)

char *meishi_name_to_text(const MeishiName *name); /* RFC 4514, new */

/* NULL differs from everything. */
MeishiNameMatch meishi_name_compare(const MeishiName *a, const MeishiName *b);

/* The first value of type @oid counted from the leaf end; NULL. */
const MeishiNameAttribute *meishi_name_find(const MeishiName *name, const char *oid);

/* @value as names are compared: NFKC, case folded, runs of space made one, ends trimmed.  New. */
char *meishi_name_fold(const char *value);

/* The dotted OID of a keyword in any case ("cn"); NULL for an unknown one.  Static. */
const char *meishi_name_keyword_oid(const char *keyword);
