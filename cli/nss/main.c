/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi-nss-export: opens a copy of an NSS database and writes what has a key as PKCS#12.  Started
 * by `meishi import --from`; not for people.  A process of its own, because NSS is a large library
 * that `meishi` else has no use for, and because its memory is not locked: what was in it is gone
 * with the process, a moment later.
 */
#include "cli/nss/database.h"
#include "cli/nss/export.h"
#include "cli/nss/identity.h"
#include "daemon/base/fd.h"
#include "daemon/base/harden.h"

#include <keyhi.h>
#include <stdlib.h>
#include <unistd.h>

/* Nobody is asked and nothing is waited for. */
#define LIMIT_S 120

static MeishiSecret *
read_secret(const char *number)
{
    gint64 fd;

    if (!g_ascii_string_to_signed(number, 10, 0, G_MAXINT, &fd, NULL))
        return NULL;
    return meishi_secret_new_from_fd((int)fd, MEISHI_NSS_MAX_PASSWORD, NULL);
}

static gboolean
has_key(PK11SlotInfo *slot, CERTCertificate *cert)
{
    SECKEYPrivateKey *key = PK11_FindPrivateKeyFromCert(slot, cert, NULL);

    if (key != NULL)
        SECKEY_DestroyPrivateKey(key);
    return key != NULL;
}

/* What the person knows the certificate by. */
static char *
name_of(const CERTCertificate *cert)
{
    const char *name = cert->nickname != NULL ? cert->nickname : cert->subjectName;

    return g_utf8_make_valid(name != NULL ? name : "a certificate", -1);
}

static void
add_identity(GVariantBuilder *identities, PK11SlotInfo *slot, CERTCertificate *cert,
             const MeishiSecret *seal)
{
    g_autoptr(GByteArray) file = meishi_nss_identity_export(slot, cert, seal);
    g_autofree char *name = name_of(cert);
    const char *trouble = file != NULL ? "" : meishi_nss_database_error();
    GVariant *bytes = g_variant_new_fixed_array(
        G_VARIANT_TYPE_BYTE, file != NULL ? file->data : NULL, file != NULL ? file->len : 0, 1);

    g_variant_builder_add(identities, "(ss@ay)", name, trouble, bytes);
}

static const char *
add_all(GVariantBuilder *identities, PK11SlotInfo *slot, const MeishiSecret *seal)
{
    CERTCertList *certs = PK11_ListCertsInSlot(slot);

    if (certs == NULL)
        return meishi_nss_database_error();
    for (CERTCertListNode *node = CERT_LIST_HEAD(certs); !CERT_LIST_END(node, certs);
         node = CERT_LIST_NEXT(node)) {
        if (has_key(slot, node->cert))
            add_identity(identities, slot, node->cert, seal);
    }
    CERT_DestroyCertList(certs);
    return NULL;
}

/* The state; with FAILED, why. */
static const char *
export_all(const char *directory, const MeishiSecret *seal, const MeishiSecret *password,
           GVariantBuilder *identities, const char **ret_detail)
{
    PK11SlotInfo *slot = NULL;

    *ret_detail = meishi_nss_database_open(directory);
    if (*ret_detail != NULL)
        return MEISHI_NSS_EXPORT_FAILED;
    meishi_nss_identity_init();
    slot = meishi_nss_database_slot();
    if (!meishi_nss_database_login(slot, password)) {
        PK11_FreeSlot(slot);
        return MEISHI_NSS_EXPORT_PASSWORD;
    }
    *ret_detail = add_all(identities, slot, seal);
    PK11_FreeSlot(slot);
    return *ret_detail == NULL ? MEISHI_NSS_EXPORT_OK : MEISHI_NSS_EXPORT_FAILED;
}

static gboolean
write_result(const char *state, const char *detail, GVariantBuilder *identities)
{
    g_autoptr(GVariant) result = g_variant_ref_sink(
        g_variant_new("(ssa(ssay))", state, detail != NULL ? detail : "", identities));

    return g_variant_get_size(result) <= MEISHI_NSS_EXPORT_MAX &&
           meishi_fd_write_all(STDOUT_FILENO, g_variant_get_data(result),
                               g_variant_get_size(result));
}

int
main(int argc, char **argv)
{
    g_auto(GVariantBuilder) identities = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ssay)"));
    g_autoptr(MeishiSecret) seal = NULL;
    g_autoptr(MeishiSecret) password = NULL;
    const char *detail = NULL;
    const char *state;

    meishi_harden_process();
    if (argc < 3 || argc > 4)
        return 2;
    alarm(LIMIT_S);
    seal = read_secret(argv[2]);
    password = argc == 4 ? read_secret(argv[3]) : NULL;
    if (seal == NULL || meishi_secret_len(seal) == 0 || (argc == 4 && password == NULL))
        return 2;
    state = export_all(argv[1], seal, password, &identities, &detail);
    return write_result(state, detail, &identities) ? EXIT_SUCCESS : EXIT_FAILURE;
}
