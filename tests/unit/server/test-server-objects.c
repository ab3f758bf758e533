/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What clients see, read back through the module's own reader.
 */
#include "daemon/server/objects.h"

#include "daemon/server/attrs.h"
#include "daemon/server/handle.h"
#include "module/wire/cryptoki.h"
#include "module/wire/memfile.h"
#include "tests/lib/sample-identities.h"
#include "tests/lib/stub-agent.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    GPtrArray *identities;
    struct meishi_snapshot snapshot;
    guint64 present;
} Shown;

static GPtrArray *
new_identities(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
}

static int
write_snapshot(GPtrArray *identities, guint64 *ret_present)
{
    g_autoptr(MeishiSnapshotWriter) writer = meishi_snapshot_writer_new();
    g_autoptr(MeishiPresentation) presentation = stub_presentation_new(identities);
    g_autoptr(GPtrArray) tokens = meishi_tokens_plan(presentation, MEISHI_LAYOUT_VAULT);
    g_autoptr(GError) error = NULL;
    gsize size = 0;
    int fd;

    *ret_present = 0;
    for (guint i = 0; i < tokens->len; i++)
        if (((MeishiToken *)tokens->pdata[i])->is_present)
            *ret_present |= G_GUINT64_CONSTANT(1) << ((MeishiToken *)tokens->pdata[i])->slot_id;
    meishi_objects_write(tokens, writer);
    fd = meishi_snapshot_writer_finish(writer, 1, &size, &error);
    g_assert_no_error(error);
    g_assert_cmpint(lseek(fd, 0, SEEK_END), ==, (off_t)size);
    return fd;
}

static void
show(Shown *shown, GPtrArray *identities)
{
    int fd = write_snapshot(identities, &shown->present);

    shown->identities = identities;
    g_assert_true(meishi_snapshot_map(fd, &shown->snapshot));
    close(fd);
}

static void
shown_clear(Shown *shown)
{
    meishi_snapshot_unmap(&shown->snapshot);
    g_ptr_array_unref(shown->identities);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shown, shown_clear)

/* ---- reading ------------------------------------------------------------------------------- */

static const struct meishi_snapshot_slot *
get_slot(const Shown *shown, guint64 id)
{
    const struct meishi_snapshot_slot *slot = meishi_snapshot_slot(&shown->snapshot, id);

    g_assert_nonnull(slot);
    return slot;
}

static guint
count_class(const Shown *shown, guint64 slot, guint64 class)
{
    guint32 first, end;

    meishi_snapshot_class_range(&shown->snapshot, get_slot(shown, slot), class, &first, &end);
    return end - first;
}

static const struct meishi_snapshot_object *
nth(const Shown *shown, guint64 slot, guint64 class, guint n)
{
    guint32 first, end;

    meishi_snapshot_class_range(&shown->snapshot, get_slot(shown, slot), class, &first, &end);
    g_assert_cmpuint(first + n, <, end);
    return meishi_snapshot_object_at(&shown->snapshot, first + n);
}

static struct meishi_bytes
get(const Shown *shown, const struct meishi_snapshot_object *object, guint64 type)
{
    const struct meishi_snapshot_attr *attr = meishi_snapshot_attr(&shown->snapshot, object, type);
    const void *value;

    g_assert_nonnull(attr);
    g_assert_cmpuint(attr->len, !=, MEISHI_SNAPSHOT_SENSITIVE);
    value = meishi_snapshot_value(&shown->snapshot, attr);
    g_assert_nonnull(value);
    return (struct meishi_bytes){value, attr->len};
}

static gboolean
has(const Shown *shown, const struct meishi_snapshot_object *object, guint64 type)
{
    return meishi_snapshot_attr(&shown->snapshot, object, type) != NULL;
}

static guint64
get_number(const Shown *shown, const struct meishi_snapshot_object *object, guint64 type)
{
    struct meishi_bytes value = get(shown, object, type);
    guint64 number;

    g_assert_cmpuint(value.len, ==, sizeof number);
    memcpy(&number, value.data, sizeof number);
    return number;
}

static gboolean
get_bool(const Shown *shown, const struct meishi_snapshot_object *object, guint64 type)
{
    struct meishi_bytes value = get(shown, object, type);

    g_assert_cmpuint(value.len, ==, 1);
    g_assert_cmpuint(value.data[0], <=, 1);
    return value.data[0] != 0;
}

static void
assert_bytes(const Shown *shown, const struct meishi_snapshot_object *object, guint64 type,
             GBytes *expected)
{
    struct meishi_bytes value = get(shown, object, type);
    gsize len;
    const void *data = g_bytes_get_data(expected, &len);

    g_assert_cmpmem(value.data, value.len, data, len);
}

static void
assert_text(const Shown *shown, const struct meishi_snapshot_object *object, guint64 type,
            const char *expected)
{
    struct meishi_bytes value = get(shown, object, type);

    g_assert_cmpmem(value.data, value.len, expected, strlen(expected));
}

static gboolean
is_sensitive(const Shown *shown, const struct meishi_snapshot_object *object, guint64 type)
{
    const struct meishi_snapshot_attr *attr = meishi_snapshot_attr(&shown->snapshot, object, type);

    return attr != NULL && attr->len == MEISHI_SNAPSHOT_SENSITIVE;
}

static gboolean
lists(const Shown *shown, guint64 slot_id, guint64 mechanism)
{
    const struct meishi_snapshot_slot *slot = get_slot(shown, slot_id);

    for (guint32 n = 0; n < slot->n_mechs; n++)
        if (meishi_snapshot_mech_at(&shown->snapshot, slot, n)->type == mechanism)
            return TRUE;
    return FALSE;
}

static gboolean
allows(const Shown *shown, const struct meishi_snapshot_object *object, guint64 mechanism)
{
    struct meishi_bytes value = get(shown, object, CKA_ALLOWED_MECHANISMS);
    guint64 type;

    g_assert_cmpuint(value.len % sizeof type, ==, 0);
    for (gsize at = 0; at < value.len; at += sizeof type) {
        memcpy(&type, value.data + at, sizeof type);
        if (type == mechanism)
            return TRUE;
    }
    return FALSE;
}

/* ---- slots --------------------------------------------------------------------------------- */

static void
test_empty_vault(void)
{
    g_auto(Shown) shown = {0};
    const struct meishi_snapshot_slot *slot;

    show(&shown, new_identities());
    g_assert_cmpuint(shown.present, ==, 1u << MEISHI_SLOT_VAULT);
    slot = get_slot(&shown, MEISHI_SLOT_VAULT);
    g_assert_cmpuint(slot->slot_flags, ==, CKF_REMOVABLE_DEVICE | CKF_TOKEN_PRESENT);
    g_assert_cmpuint(slot->n_objects, ==, 3);
    g_assert_cmpuint(count_class(&shown, MEISHI_SLOT_VAULT, CKO_PROFILE), ==, 3);
    slot = get_slot(&shown, MEISHI_SLOT_VAULT_EDDSA);
    g_assert_cmpuint(slot->slot_flags, ==, CKF_REMOVABLE_DEVICE);
    g_assert_cmpuint(slot->n_objects, ==, 0);
}

/* These are in people's configurations: a change breaks them. */
static void
test_names_never_change(void)
{
    g_auto(Shown) shown = {0};
    const struct meishi_snapshot_slot *slot;

    show(&shown, new_identities());
    slot = get_slot(&shown, 1);
    g_assert_cmpmem(slot->label, 32, "Meishi                          ", 32);
    g_assert_cmpmem(slot->manufacturer, 32, "Meishi                          ", 32);
    g_assert_cmpmem(slot->model, 16, "Meishi vault    ", 16);
    g_assert_cmpmem(slot->serial, 16, "1               ", 16);
    g_assert_cmpuint(slot->token_flags & CKF_LOGIN_REQUIRED, ==, 0);
    g_assert_cmpuint(slot->token_flags & CKF_PROTECTED_AUTHENTICATION_PATH, !=, 0);
    g_assert_cmpuint(slot->token_flags & CKF_TOKEN_INITIALIZED, !=, 0);
    slot = get_slot(&shown, 2);
    g_assert_cmpmem(slot->label, 32, "Meishi (EdDSA)                  ", 32);
    g_assert_cmpmem(slot->serial, 16, "2               ", 16);
    g_assert_cmpuint(meishi_snapshot_header(&shown.snapshot)->n_slots, ==, 2);
}

static void
test_mechanisms(void)
{
    g_auto(Shown) shown = {0};
    static const guint64 listed[] = {CKM_RSA_PKCS,      CKM_RSA_PKCS_PSS, CKM_ECDSA,
                                     CKM_SHA256,        CKM_SHA384,       CKM_SHA512,
                                     CKM_RSA_PKCS_OAEP, CKM_ECDH1_DERIVE};

    show(&shown, new_identities());
    for (guint i = 0; i < G_N_ELEMENTS(listed); i++) {
        g_assert_true(lists(&shown, MEISHI_SLOT_VAULT, listed[i]));
        g_assert_false(lists(&shown, MEISHI_SLOT_VAULT_EDDSA, listed[i]));
    }
    g_assert_false(lists(&shown, MEISHI_SLOT_VAULT, CKM_RSA_X_509));
    g_assert_false(lists(&shown, MEISHI_SLOT_VAULT, CKM_EDDSA));
    g_assert_true(lists(&shown, MEISHI_SLOT_VAULT_EDDSA, CKM_EDDSA));
}

static MeishiTokenPlace *
new_place(guint seat, gboolean hides_certificates)
{
    MeishiTokenPlace *place = g_new0(MeishiTokenPlace, 1);

    place->refs = 1;
    place->is_present = TRUE;
    place->label = g_strdup("Card");
    place->maker = g_strdup("");
    place->model = g_strdup("");
    place->serial = g_strdup("");
    place->reader = g_strdup("");
    place->slot_label = g_strdup("Card");
    place->seat = seat;
    place->insertion = 1;
    place->hides_certificates = hides_certificates;
    return place;
}

/* A card that shows its certificates to who has its PIN does not say that anybody sees them. */
static void
test_hidden_certificates(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_identities();

    for (guint seat = 0; seat < 2; seat++) {
        MeishiIdentity *identity =
            sample_identity_new(seat == 0 ? SAMPLE_EC : SAMPLE_RSA, seat + 1);

        identity->place = new_place(seat, seat == 1);
        g_ptr_array_add(identities, identity);
    }
    show(&shown, identities);
    g_assert_cmpuint(count_class(&shown, MEISHI_SLOT_TOKENS, CKO_PROFILE), ==, 3);
    g_assert_cmpuint(count_class(&shown, MEISHI_SLOT_TOKENS + 1, CKO_PROFILE), ==, 2);
}

static void
test_raw_is_marked(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_identities();
    MeishiIdentity *marked = sample_identity_new(SAMPLE_RSA, 1);

    marked->allow_raw = TRUE;
    g_ptr_array_add(identities, marked);
    g_ptr_array_add(identities, sample_identity_new_numbered(marked, 1));
    show(&shown, identities);
    g_assert_true(lists(&shown, MEISHI_SLOT_VAULT, CKM_RSA_X_509));
    g_assert_true(allows(&shown, nth(&shown, 1, CKO_PRIVATE_KEY, 0), CKM_RSA_X_509));
    g_assert_false(allows(&shown, nth(&shown, 1, CKO_PRIVATE_KEY, 1), CKM_RSA_X_509));
    g_assert_true(allows(&shown, nth(&shown, 1, CKO_PRIVATE_KEY, 1), CKM_RSA_PKCS));
}

static void
test_eddsa_apart(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_identities();

    g_ptr_array_add(identities, sample_identity_new(SAMPLE_ED25519, 1));
    g_ptr_array_add(identities, sample_identity_new(SAMPLE_EC, 2));
    show(&shown, identities);
    g_assert_cmpuint(shown.present, ==, 1u << 1 | 1u << 2);
    g_assert_cmpuint(count_class(&shown, 1, CKO_PRIVATE_KEY), ==, 1);
    g_assert_cmpuint(count_class(&shown, 2, CKO_PRIVATE_KEY), ==, 1);
    g_assert_cmpuint(count_class(&shown, 2, CKO_CERTIFICATE), ==, 3);
    g_assert_cmpuint(count_class(&shown, 2, CKO_PROFILE), ==, 3);
    g_assert_cmpuint(get_number(&shown, nth(&shown, 2, CKO_PRIVATE_KEY, 0), CKA_KEY_TYPE), ==,
                     CKK_EC_EDWARDS);
    g_assert_true(allows(&shown, nth(&shown, 2, CKO_PRIVATE_KEY, 0), CKM_EDDSA));
    /* the same issuers stand in both tokens, under handles of their own */
    g_assert_cmpuint(nth(&shown, 1, CKO_CERTIFICATE, 1)->handle, !=,
                     nth(&shown, 2, CKO_CERTIFICATE, 1)->handle);
}

/* ---- objects ------------------------------------------------------------------------------- */

static void
show_one(Shown *shown, SampleKind kind)
{
    GPtrArray *identities = new_identities();

    g_ptr_array_add(identities, sample_identity_new(kind, 5));
    show(shown, identities);
}

static void
test_certificate(void)
{
    g_auto(Shown) shown = {0};
    const struct meishi_snapshot_object *object;
    const MeishiCert *cert;

    show_one(&shown, SAMPLE_EC);
    cert = ((MeishiIdentity *)shown.identities->pdata[0])->cert;
    object = nth(&shown, 1, CKO_CERTIFICATE, 0);
    g_assert_cmpuint(object->handle, ==, meishi_handle_make(MEISHI_HANDLE_CERTIFICATE, 5));
    g_assert_cmpuint(get_number(&shown, object, CKA_CLASS), ==, CKO_CERTIFICATE);
    g_assert_cmpuint(get_number(&shown, object, CKA_CERTIFICATE_TYPE), ==, CKC_X_509);
    g_assert_cmpuint(get_number(&shown, object, CKA_CERTIFICATE_CATEGORY), ==, 1);
    assert_bytes(&shown, object, CKA_VALUE, cert->der);
    assert_bytes(&shown, object, CKA_SUBJECT, cert->subject);
    assert_bytes(&shown, object, CKA_ISSUER, cert->issuer);
    assert_bytes(&shown, object, CKA_SERIAL_NUMBER, cert->serial);
    assert_bytes(&shown, object, CKA_PUBLIC_KEY_INFO, cert->key->spki);
    assert_text(&shown, object, CKA_LABEL, "Ada EC");
    assert_text(&shown, object, CKA_URL, "");
    g_assert_cmpmem(get(&shown, object, CKA_CHECK_VALUE).data, 3, cert->sha1_check, 3);
    g_assert_cmpuint(get(&shown, object, CKA_START_DATE).len, ==, 8);
    g_assert_cmpint(memcmp(get(&shown, object, CKA_END_DATE).data, "21", 2), ==, 0);
    g_assert_true(get_bool(&shown, object, CKA_TOKEN));
    g_assert_false(get_bool(&shown, object, CKA_PRIVATE));
    g_assert_false(get_bool(&shown, object, CKA_MODIFIABLE));
    g_assert_false(get_bool(&shown, object, CKA_DESTROYABLE));
    g_assert_false(get_bool(&shown, object, CKA_TRUSTED));
}

/* CKA_END_DATE of a certificate that ends after the year 9999, or where time_t does, is empty. */
static void
test_dates_beyond(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_identities();
    MeishiIdentity *identity = sample_identity_new(SAMPLE_EC, 1);

    identity->cert->not_before = G_GINT64_CONSTANT(0);
    identity->cert->not_after = G_GINT64_CONSTANT(253402300800); /* 10000-01-01 */
    g_ptr_array_add(identities, identity);
    show(&shown, identities);
    assert_text(&shown, nth(&shown, 1, CKO_CERTIFICATE, 0), CKA_START_DATE, "19700101");
    assert_text(&shown, nth(&shown, 1, CKO_CERTIFICATE, 0), CKA_END_DATE, "");
}

static void
test_one_id(void)
{
    for (SampleKind kind = SAMPLE_EC; kind < SAMPLE_N; kind++) {
        g_auto(Shown) shown = {0};
        guint64 slot = kind == SAMPLE_ED25519 ? 2 : 1;
        const struct meishi_bytes *expected;
        struct meishi_bytes ids[3];

        show_one(&shown, kind);
        ids[0] = get(&shown, nth(&shown, slot, CKO_CERTIFICATE, 0), CKA_ID);
        ids[1] = get(&shown, nth(&shown, slot, CKO_PUBLIC_KEY, 0), CKA_ID);
        ids[2] = get(&shown, nth(&shown, slot, CKO_PRIVATE_KEY, 0), CKA_ID);
        expected = &ids[0];
        g_assert_cmpuint(expected->len, ==, 20);
        g_assert_cmpmem(ids[1].data, ids[1].len, expected->data, expected->len);
        g_assert_cmpmem(ids[2].data, ids[2].len, expected->data, expected->len);
    }
}

static void
test_rsa_key(void)
{
    g_auto(Shown) shown = {0};
    const struct meishi_snapshot_object *private, *public;
    const MeishiPublicKey *key;
    static const guint64 secret[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
                                     CKA_EXPONENT_1,       CKA_EXPONENT_2, CKA_COEFFICIENT};

    show_one(&shown, SAMPLE_RSA);
    key = ((MeishiIdentity *)shown.identities->pdata[0])->key;
    private = nth(&shown, 1, CKO_PRIVATE_KEY, 0);
    public = nth(&shown, 1, CKO_PUBLIC_KEY, 0);
    g_assert_cmpuint(get_number(&shown, private, CKA_KEY_TYPE), ==, CKK_RSA);
    assert_bytes(&shown, private, CKA_MODULUS, key->modulus);
    assert_bytes(&shown, public, CKA_MODULUS, key->modulus);
    assert_bytes(&shown, public, CKA_PUBLIC_EXPONENT, key->exponent);
    g_assert_cmpuint(get_number(&shown, public, CKA_MODULUS_BITS), ==, 2048);
    for (guint i = 0; i < G_N_ELEMENTS(secret); i++)
        g_assert_true(is_sensitive(&shown, private, secret[i]));
    g_assert_true(get_bool(&shown, private, CKA_SIGN));
    g_assert_true(get_bool(&shown, private, CKA_DECRYPT));
    g_assert_false(get_bool(&shown, private, CKA_DERIVE));
    g_assert_false(get_bool(&shown, private, CKA_UNWRAP));
    g_assert_true(get_bool(&shown, private, CKA_SENSITIVE));
    g_assert_false(get_bool(&shown, private, CKA_EXTRACTABLE));
    g_assert_false(get_bool(&shown, private, CKA_PRIVATE));
    g_assert_false(get_bool(&shown, private, CKA_ALWAYS_AUTHENTICATE));
    g_assert_true(get_bool(&shown, public, CKA_VERIFY));
    g_assert_true(get_bool(&shown, public, CKA_ENCRYPT));
    g_assert_false(has(&shown, private, CKA_EC_PARAMS));
}

static void
test_ec_key(void)
{
    g_auto(Shown) shown = {0};
    const struct meishi_snapshot_object *private;
    const MeishiPublicKey *key;

    show_one(&shown, SAMPLE_EC);
    key = ((MeishiIdentity *)shown.identities->pdata[0])->key;
    private = nth(&shown, 1, CKO_PRIVATE_KEY, 0);
    g_assert_cmpuint(get_number(&shown, private, CKA_KEY_TYPE), ==, CKK_EC);
    assert_bytes(&shown, private, CKA_EC_PARAMS, key->ec_params);
    assert_bytes(&shown, private, CKA_EC_POINT, key->ec_point);
    assert_bytes(&shown, nth(&shown, 1, CKO_PUBLIC_KEY, 0), CKA_EC_POINT, key->ec_point);
    g_assert_true(is_sensitive(&shown, private, CKA_VALUE));
    g_assert_true(get_bool(&shown, private, CKA_SIGN));
    g_assert_true(get_bool(&shown, private, CKA_DERIVE));
    g_assert_false(get_bool(&shown, private, CKA_DECRYPT));
    g_assert_false(has(&shown, private, CKA_MODULUS));
    g_assert_true(allows(&shown, private, CKM_ECDSA));
    g_assert_false(allows(&shown, private, CKM_RSA_PKCS));
}

static void
test_key_without_certificate(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_identities();

    g_ptr_array_add(identities, sample_identity_new_bare(SAMPLE_EC, 3));
    show(&shown, identities);
    g_assert_cmpuint(count_class(&shown, 1, CKO_CERTIFICATE), ==, 0);
    g_assert_cmpuint(count_class(&shown, 1, CKO_PUBLIC_KEY), ==, 1);
    assert_text(&shown, nth(&shown, 1, CKO_PRIVATE_KEY, 0), CKA_SUBJECT, "");
    assert_text(&shown, nth(&shown, 1, CKO_PRIVATE_KEY, 0), CKA_LABEL, "a key that waits");
}

/* Two certificates, one key: two objects of each class with one CKA_ID, so that a label finds the
 * key as well as the certificate.  The older one has the key's handle, better or not. */
static void
test_renewed_certificate(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_identities();
    static const struct {
        guint64 class;
        MeishiHandleKind first, further;
    } kinds[] = {
        {CKO_PUBLIC_KEY, MEISHI_HANDLE_PUBLIC_KEY, MEISHI_HANDLE_FURTHER_PUBLIC_KEY},
        {CKO_PRIVATE_KEY, MEISHI_HANDLE_PRIVATE_KEY, MEISHI_HANDLE_FURTHER_PRIVATE_KEY},
    };
    MeishiIdentity *newer = sample_identity_new(SAMPLE_EC, 1);
    MeishiIdentity *older = sample_identity_new(SAMPLE_EC, 1);

    newer->cert_id = 9;
    older->cert_id = 2;
    older->cert->sha256[0] ^= 1;
    g_free(older->label);
    older->label = g_strdup("old");
    g_ptr_array_add(identities, newer);
    g_ptr_array_add(identities, older);
    show(&shown, identities);
    g_assert_cmpuint(count_class(&shown, 1, CKO_CERTIFICATE), ==, 4);
    assert_text(&shown, nth(&shown, 1, CKO_CERTIFICATE, 1), CKA_LABEL, "old");
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const struct meishi_snapshot_object *best = nth(&shown, 1, kinds[i].class, 0);
        const struct meishi_snapshot_object *other = nth(&shown, 1, kinds[i].class, 1);
        struct meishi_bytes best_id = get(&shown, best, CKA_UNIQUE_ID);
        struct meishi_bytes other_id = get(&shown, other, CKA_UNIQUE_ID);

        g_assert_cmpuint(count_class(&shown, 1, kinds[i].class), ==, 2);
        assert_text(&shown, best, CKA_LABEL, "Ada EC");
        assert_text(&shown, other, CKA_LABEL, "old");
        g_assert_cmpuint(best->handle, ==, meishi_handle_make(kinds[i].further, 9));
        g_assert_cmpuint(other->handle, ==, meishi_handle_make(kinds[i].first, 1));
        g_assert_cmpuint(best_id.len, !=, other_id.len);
    }
}

/* ---- issuers ------------------------------------------------------------------------------- */

static void
test_issuers(void)
{
    g_auto(Shown) shown = {0};

    show_one(&shown, SAMPLE_EC);
    g_assert_cmpuint(count_class(&shown, 1, CKO_CERTIFICATE), ==, 3);
    for (guint n = 1; n < 3; n++) {
        const struct meishi_snapshot_object *object = nth(&shown, 1, CKO_CERTIFICATE, n);

        g_assert_true(get_bool(&shown, object, CKA_TRUSTED));
        g_assert_cmpuint(get_number(&shown, object, CKA_CERTIFICATE_CATEGORY), ==, 2);
        g_assert_cmpuint(get(&shown, object, CKA_ID).len, >, 0);
    }
}

/* GnuTLS: the issuer by {TRUSTED, ID = authority key id, SUBJECT = issuer}. */
static void
test_issuer_is_found_by_key_id(void)
{
    g_auto(Shown) shown = {0};
    const MeishiCert *leaf;
    struct meishi_snapshot_probe probe = {.step = 0};
    const struct meishi_snapshot_object *object;
    gsize len;
    const void *id;
    guint32 n;

    show_one(&shown, SAMPLE_EC);
    leaf = ((MeishiIdentity *)shown.identities->pdata[0])->cert;
    id = g_bytes_get_data(leaf->authority_key_id, &len);
    probe.hash = meishi_snapshot_hash(1, CKA_ID, id, len);
    g_assert_true(meishi_snapshot_probe_next(&shown.snapshot, &probe, &n));
    object = meishi_snapshot_object_at(&shown.snapshot, n);
    assert_bytes(&shown, object, CKA_SUBJECT, leaf->issuer);
    g_assert_true(get_bool(&shown, object, CKA_TRUSTED));
}

/* An issuer whose key is in the vault as well: its id is not that key's. */
static void
test_issuer_is_no_identity(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_identities();
    MeishiIdentity *leaf = sample_identity_new(SAMPLE_EC, 1);
    MeishiIdentity *key = sample_identity_new_bare(SAMPLE_RSA, 2);
    const MeishiCert *issuer = leaf->chain->pdata[0];
    gsize len;

    memcpy(key->key->key_id, g_bytes_get_data(issuer->subject_key_id, &len), 20);
    g_assert_cmpuint(len, ==, 20);
    g_ptr_array_add(identities, leaf);
    g_ptr_array_add(identities, key);
    show(&shown, identities);
    for (guint n = 0; n < count_class(&shown, 1, CKO_CERTIFICATE); n++) {
        struct meishi_bytes id = get(&shown, nth(&shown, 1, CKO_CERTIFICATE, n), CKA_ID);

        g_assert_false(id.len == 20 && memcmp(id.data, key->key->key_id, 20) == 0);
    }
}

/* A CA in the vault that issued another identity is shown once, and GnuTLS still finds it. */
static void
test_identity_that_issues(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_identities();
    MeishiIdentity *leaf = sample_identity_new(SAMPLE_EC, 1);
    MeishiIdentity *ca = sample_identity_new(SAMPLE_RSA, 2);

    g_ptr_array_add(leaf->chain, meishi_cert_ref(ca->cert));
    g_ptr_array_add(identities, leaf);
    g_ptr_array_add(identities, ca);
    show(&shown, identities);
    g_assert_cmpuint(count_class(&shown, 1, CKO_CERTIFICATE), ==, 4);
    g_assert_false(get_bool(&shown, nth(&shown, 1, CKO_CERTIFICATE, 0), CKA_TRUSTED));
    g_assert_true(get_bool(&shown, nth(&shown, 1, CKO_CERTIFICATE, 1), CKA_TRUSTED));
    assert_text(&shown, nth(&shown, 1, CKO_CERTIFICATE, 1), CKA_LABEL, "Ada RSA");
}

/* ---- handles and ids ----------------------------------------------------------------------- */

static void
test_handles(void)
{
    MeishiHandleKind kind;
    gint64 number;

    for (gint64 row = 1; row < (1 << 27); row = row * 3 + 1) {
        guint64 handle = meishi_handle_make(MEISHI_HANDLE_PRIVATE_KEY, row);

        g_assert_cmpuint(handle, <, G_GUINT64_CONSTANT(1) << 31);
        g_assert_true(meishi_handle_split(handle, &kind, &number));
        g_assert_cmpint(kind, ==, MEISHI_HANDLE_PRIVATE_KEY);
        g_assert_cmpint(number, ==, row);
    }
    g_assert_cmpuint(meishi_handle_make(MEISHI_HANDLE_PUBLIC_KEY, 0), ==, 0);
    g_assert_cmpuint(meishi_handle_make(MEISHI_HANDLE_PUBLIC_KEY, -1), ==, 0);
    g_assert_cmpuint(meishi_handle_make(MEISHI_HANDLE_PUBLIC_KEY, 1 << 27), ==, 0);
    g_assert_false(meishi_handle_split(0, &kind, &number));
    g_assert_false(meishi_handle_split(7, &kind, &number));
    g_assert_false(meishi_handle_split(G_MAXUINT64, &kind, &number));
    g_assert_false(meishi_handle_split(G_GUINT64_CONSTANT(11) << 27 | 1, &kind, &number));
}

/* Every object has its own unique id, and each keeps it and its handle whoever else comes. */
static void
test_names_are_stable(void)
{
    g_auto(Shown) few = {0}, many = {0};
    g_autoptr(GHashTable) ids =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    GPtrArray *identities = new_identities();
    guint n_objects;

    show_one(&few, SAMPLE_EC);
    g_ptr_array_add(identities, sample_identity_new(SAMPLE_RSA, 9));
    g_ptr_array_add(identities, sample_identity_new(SAMPLE_ED25519, 10));
    g_ptr_array_add(identities, sample_identity_new(SAMPLE_EC, 5));
    show(&many, identities);
    n_objects = meishi_snapshot_header(&many.snapshot)->n_objects;
    for (guint n = 0; n < n_objects; n++) {
        struct meishi_bytes id =
            get(&many, meishi_snapshot_object_at(&many.snapshot, n), CKA_UNIQUE_ID);

        g_hash_table_add(ids, g_bytes_new(id.data, id.len));
    }
    g_assert_cmpuint(g_hash_table_size(ids), ==, n_objects - 2); /* two issuers in two tokens */
    for (guint n = 0; n < meishi_snapshot_header(&few.snapshot)->n_objects; n++) {
        const struct meishi_snapshot_object *object = meishi_snapshot_object_at(&few.snapshot, n);
        const struct meishi_snapshot_object *same =
            meishi_snapshot_object(&many.snapshot, object->handle, NULL);
        struct meishi_bytes id = get(&few, object, CKA_UNIQUE_ID), same_id;

        g_assert_nonnull(same);
        same_id = get(&many, same, CKA_UNIQUE_ID);
        g_assert_cmpmem(id.data, id.len, same_id.data, same_id.len);
    }
}

/* The table of mechanisms fits the array that CKA_ALLOWED_MECHANISMS is made in. */
static void
test_mechanisms_fit(void)
{
    gsize n;

    (void)meishi_mechanism_table(&n);
    g_assert_cmpuint(n, <=, MEISHI_ATTRS_MAX_MECHANISMS);
}

/* ---- many ---------------------------------------------------------------------------------- */

static GPtrArray *
new_numbered(guint n)
{
    g_autoptr(MeishiIdentity) original = sample_identity_new(SAMPLE_EC, 1);
    GPtrArray *identities = new_identities();

    for (guint i = 0; i < n; i++)
        g_ptr_array_add(identities, sample_identity_new_numbered(original, i));
    return identities;
}

/* Each of @n identities is found by handle, by CKA_ID and by place. */
static void
check_many(guint n)
{
    g_auto(Shown) shown = {0};

    show(&shown, new_numbered(n));
    g_assert_cmpuint(count_class(&shown, 1, CKO_CERTIFICATE), ==, n + (n > 0 ? 2 : 0));
    g_assert_cmpuint(count_class(&shown, 1, CKO_PRIVATE_KEY), ==, n);
    for (guint i = 0; i < n; i++) {
        const MeishiIdentity *identity = shown.identities->pdata[i];
        const struct meishi_snapshot_object *key = nth(&shown, 1, CKO_PRIVATE_KEY, i);
        struct meishi_snapshot_probe probe = {
            .hash = meishi_snapshot_hash(1, CKA_ID, identity->key->key_id, 20)};
        guint found = 0;
        guint32 at;

        g_assert_cmpuint(key->handle, ==, meishi_handle_make(MEISHI_HANDLE_PRIVATE_KEY, i + 1));
        g_assert_true(meishi_snapshot_object(&shown.snapshot, key->handle, NULL) == key);
        assert_text(&shown, key, CKA_LABEL, identity->label);
        while (meishi_snapshot_probe_next(&shown.snapshot, &probe, &at))
            found++;
        g_assert_cmpuint(found, >=, 3);
    }
}

static void
test_many(void)
{
    check_many(0);
    check_many(1);
    check_many(100);
    check_many(10000);
}

static void
test_deterministic(void)
{
    g_autoptr(GPtrArray) identities = new_numbered(100);
    guint64 present;
    int first = write_snapshot(identities, &present);
    int second = write_snapshot(identities, &present);
    struct meishi_bytes a, b;

    g_assert_true(meishi_memfile_map(first, MEISHI_SNAPSHOT_MAX_SIZE, &a));
    g_assert_true(meishi_memfile_map(second, MEISHI_SNAPSHOT_MAX_SIZE, &b));
    g_assert_cmpmem(a.data, a.len, b.data, b.len);
    meishi_memfile_unmap(&a);
    meishi_memfile_unmap(&b);
    close(first);
    close(second);
}

/* Ten thousand that share subject and label must not cost their square. */
static void
test_equal_values(void)
{
    g_auto(Shown) shown = {0};
    GPtrArray *identities = new_numbered(10000);
    gint64 start;

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = identities->pdata[i];

        g_free(identity->label);
        identity->label = g_strdup("all the same");
    }
    start = g_get_monotonic_time();
    show(&shown, identities);
    g_test_message("10000 identities: %" G_GINT64_FORMAT " us, %zu bytes",
                   g_get_monotonic_time() - start, shown.snapshot.size);
    g_assert_cmpuint(count_class(&shown, 1, CKO_PRIVATE_KEY), ==, 10000);
    assert_text(&shown, nth(&shown, 1, CKO_PRIVATE_KEY, 9999), CKA_LABEL, "all the same");
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!meishi_crypto_init(&error))
        g_error("%s", error->message);
    g_test_add_func("/server/objects/empty-vault", test_empty_vault);
    g_test_add_func("/server/objects/names-never-change", test_names_never_change);
    g_test_add_func("/server/objects/mechanisms", test_mechanisms);
    g_test_add_func("/server/objects/hidden-certificates", test_hidden_certificates);
    g_test_add_func("/server/objects/raw-is-marked", test_raw_is_marked);
    g_test_add_func("/server/objects/eddsa-apart", test_eddsa_apart);
    g_test_add_func("/server/objects/certificate", test_certificate);
    g_test_add_func("/server/objects/dates-beyond", test_dates_beyond);
    g_test_add_func("/server/objects/one-id", test_one_id);
    g_test_add_func("/server/objects/rsa-key", test_rsa_key);
    g_test_add_func("/server/objects/ec-key", test_ec_key);
    g_test_add_func("/server/objects/key-without-certificate", test_key_without_certificate);
    g_test_add_func("/server/objects/renewed-certificate", test_renewed_certificate);
    g_test_add_func("/server/objects/issuers", test_issuers);
    g_test_add_func("/server/objects/issuer-is-found-by-key-id", test_issuer_is_found_by_key_id);
    g_test_add_func("/server/objects/issuer-is-no-identity", test_issuer_is_no_identity);
    g_test_add_func("/server/objects/identity-that-issues", test_identity_that_issues);
    g_test_add_func("/server/objects/handles", test_handles);
    g_test_add_func("/server/objects/names-are-stable", test_names_are_stable);
    g_test_add_func("/server/objects/mechanisms-fit", test_mechanisms_fit);
    g_test_add_func("/server/objects/many", test_many);
    g_test_add_func("/server/objects/deterministic", test_deterministic);
    g_test_add_func("/server/objects/equal-values", test_equal_values);
    return g_test_run();
}
