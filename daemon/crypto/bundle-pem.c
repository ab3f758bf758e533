/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PEM: any number of blocks with any text around them, in any order.  What a block holds is told
 * by its label (RFC 7468), and read as the DER file of that kind would be.  Blocks that are no
 * certificate and no private key are passed over with a note.
 */
#include "daemon/crypto/bundle-pbe.h"

#include "daemon/crypto/bundle-pem-legacy.h"
#include "daemon/crypto/text.h"

#include <openssl/pem.h>
#include <string.h>

#define MAX_BLOCKS 4000

typedef struct {
    char *label;
    char *header;
    unsigned char *data;
    long len;
} Block;

typedef gboolean (*TakeBlock)(MeishiReader *reader, const Block *block, GError **error);

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    meishi_ossl_set_error(error, code, what);
    return FALSE;
}

static void
clear_block(Block *block)
{
    OPENSSL_free(block->label);
    OPENSSL_free(block->header);
    OPENSSL_clear_free(block->data, (gsize)block->len);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Block, clear_block)

/* ---- one block of each kind ---- */

static gboolean
take_cert(MeishiReader *reader, const Block *block, GError **error)
{
    g_autoptr(GBytes) der = g_bytes_new(block->data, (gsize)block->len);

    return meishi_reader_add_cert(reader, der, NULL, error);
}

/* OpenSSL's own form: the certificate, then what it is trusted for. */
static gboolean
take_trusted(MeishiReader *reader, const Block *block, GError **error)
{
    const unsigned char *p = block->data;
    g_autoptr(X509) x509 = d2i_X509_AUX(NULL, &p, block->len);

    if (!x509)
        return fail(error, MEISHI_ERROR_BAD_FILE, "A trusted certificate in the file is damaged");
    return meishi_reader_add_x509(reader, x509, NULL, error);
}

static gboolean
take_pkcs7(MeishiReader *reader, const Block *block, GError **error)
{
    return meishi_bundle_der_read_pkcs7(reader, block->data, (gsize)block->len, error);
}

/* As GnuTLS's certtool writes it. */
static gboolean
take_pkcs12(MeishiReader *reader, const Block *block, GError **error)
{
    g_autoptr(GBytes) der = g_bytes_new(block->data, (gsize)block->len);

    return meishi_bundle_pkcs12_read(reader, der, error);
}

static gboolean
take_pkcs8(MeishiReader *reader, const Block *block, GError **error)
{
    return meishi_bundle_der_read_pkcs8(reader, block->data, (gsize)block->len, error);
}

static gboolean
take_encrypted(MeishiReader *reader, const Block *block, GError **error)
{
    return meishi_bundle_der_read_encrypted(reader, block->data, (gsize)block->len, error);
}

static gboolean
take_traditional(MeishiReader *reader, const Block *block, int type, GError **error)
{
    if (strstr(block->header, "ENCRYPTED"))
        return meishi_bundle_pem_legacy_read(reader, type, block->header, block->data,
                                             (gsize)block->len, error);
    return meishi_bundle_der_read_traditional(reader, type, block->data, (gsize)block->len, error);
}

static gboolean
take_rsa(MeishiReader *reader, const Block *block, GError **error)
{
    return take_traditional(reader, block, EVP_PKEY_RSA, error);
}

static gboolean
take_ec(MeishiReader *reader, const Block *block, GError **error)
{
    return take_traditional(reader, block, EVP_PKEY_EC, error);
}

static gboolean
take_dsa(MeishiReader *reader, const Block *block, GError **error)
{
    return take_traditional(reader, block, EVP_PKEY_DSA, error);
}

/* ---- which ---- */

/* Either a block is taken, or it is passed over with @note. */
static const struct {
    const char *label;
    TakeBlock take;
    const char *note;
} kinds[] = {
    {"CERTIFICATE", take_cert, NULL},
    {"X509 CERTIFICATE", take_cert, NULL},
    {"TRUSTED CERTIFICATE", take_trusted, NULL},
    {"PKCS7", take_pkcs7, NULL},
    {"PKCS #7 SIGNED DATA", take_pkcs7, NULL},
    {"CMS", take_pkcs7, NULL},
    {"PKCS12", take_pkcs12, NULL},
    {"PRIVATE KEY", take_pkcs8, NULL},
    {"ENCRYPTED PRIVATE KEY", take_encrypted, NULL},
    {"RSA PRIVATE KEY", take_rsa, NULL},
    {"EC PRIVATE KEY", take_ec, NULL},
    {"DSA PRIVATE KEY", take_dsa, NULL},
    {"X509 CRL", NULL, "A list of revoked certificates was passed over."},
    {"CERTIFICATE REQUEST", NULL,
     "A certificate request was passed over: it is not a certificate. Send it to whoever issues "
     "certificates to you, and import what comes back."},
    {"NEW CERTIFICATE REQUEST", NULL,
     "A certificate request was passed over: it is not a certificate. Send it to whoever issues "
     "certificates to you, and import what comes back."},
    {"EC PARAMETERS", NULL, ""},
    {"DH PARAMETERS", NULL, "Diffie-Hellman parameters were passed over."},
    {"X9.42 DH PARAMETERS", NULL, "Diffie-Hellman parameters were passed over."},
    {"DSA PARAMETERS", NULL, ""},
    {"PUBLIC KEY", NULL, "A public key without a certificate was passed over."},
    {"RSA PUBLIC KEY", NULL, "A public key without a certificate was passed over."},
    {"OPENSSH PRIVATE KEY", NULL,
     "An OpenSSH private key was passed over. If it belongs to a certificate, convert a copy of it "
     "with: ssh-keygen -p -m PKCS8 -f FILE"},
    {"SSH2 PUBLIC KEY", NULL, "An SSH public key was passed over."},
    {"PGP PRIVATE KEY BLOCK", NULL, "An OpenPGP key was passed over."},
    {"PGP PUBLIC KEY BLOCK", NULL, "An OpenPGP key was passed over."},
    {"ATTRIBUTE CERTIFICATE", NULL, "An attribute certificate was passed over."},
};

static gboolean
take_block(MeishiReader *reader, const Block *block, GError **error)
{
    g_autofree char *note = NULL, *shown = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(block->label, kinds[i].label) != 0)
            continue;
        if (kinds[i].take)
            return kinds[i].take(reader, block, error);
        meishi_reader_note(reader, kinds[i].note);
        return TRUE;
    }
    shown = meishi_text_clip(block->label, 60);
    note = g_strdup_printf("A PEM block “%s” was passed over.", shown ? shown : "");
    meishi_reader_note(reader, note);
    return TRUE;
}

typedef enum {
    NEXT_BLOCK,
    NEXT_END,
    NEXT_DAMAGED,
} Next;

static Next
read_block(BIO *bio, Block *ret)
{
    gboolean at_end;

    if (PEM_read_bio(bio, &ret->label, &ret->header, &ret->data, &ret->len))
        return NEXT_BLOCK;
    at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (at_end)
        ERR_clear_error();
    return at_end ? NEXT_END : NEXT_DAMAGED;
}

gboolean
meishi_bundle_pem_read(MeishiReader *reader, GBytes *file, GError **error)
{
    g_autoptr(BIO) bio = BIO_new_mem_buf(g_bytes_get_data(file, NULL), (int)g_bytes_get_size(file));

    reader->bundle->format = MEISHI_BUNDLE_PEM;
    for (guint n = 0; n < MAX_BLOCKS; n++) {
        g_auto(Block) block = {0};
        Next next = read_block(bio, &block);

        if (next == NEXT_END && n > 0)
            return TRUE;
        if (next != NEXT_BLOCK)
            return fail(error, MEISHI_ERROR_BAD_FILE,
                        "A PEM block in the file is damaged or cut off");
        if (!take_block(reader, &block, error))
            return FALSE;
    }
    return fail(error, MEISHI_ERROR_BAD_FILE, "There are too many PEM blocks in the file");
}
