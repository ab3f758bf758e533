/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dlopen(3) and not p11-kit's loader: that one obeys "log-calls: yes", which writes PINs to stderr,
 * and what it manages for programs that share a module is of no use where nobody shares.
 */
#include "daemon/tokenhost/foreign.h"

#include <dlfcn.h>
#include <string.h>

MeishiHostText
meishi_foreign_text(const CK_UTF8CHAR *field, gsize size)
{
    while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == '\0'))
        size--;
    return (MeishiHostText){field, size};
}

/* ---- functions ----------------------------------------------------------------------------- */

static CK_RV
refuse(void)
{
    return CKR_FUNCTION_NOT_SUPPORTED;
}

/* The struct is a version and then pointers to functions, nothing else (PKCS#11 2.40, 4.6). */
#define FIRST_CALL G_STRUCT_OFFSET(CK_FUNCTION_LIST, C_Initialize)

static void
copy_calls(CK_FUNCTION_LIST *calls, const CK_FUNCTION_LIST *list)
{
    CK_RV (*stub)(void) = refuse;
    void *none = NULL;

    *calls = *list;
    for (gsize at = FIRST_CALL; at + sizeof none <= sizeof *calls; at += sizeof none) {
        guint8 *call = (guint8 *)calls + at;

        if (memcmp(call, &none, sizeof none) == 0)
            memcpy(call, &stub, sizeof stub);
    }
}

static gboolean
load(MeishiForeign *foreign, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get_list = NULL;
    CK_FUNCTION_LIST *list = NULL;

    if (library == NULL) {
        g_printerr("%s\n", dlerror());
        return FALSE;
    }
    *(void **)&get_list = dlsym(library, "C_GetFunctionList");
    if (get_list == NULL || get_list(&list) != CKR_OK || list == NULL) {
        g_printerr("%s is no PKCS#11 module\n", path);
        return FALSE;
    }
    copy_calls(&foreign->calls, list);
    return TRUE;
}

/* ---- starting ------------------------------------------------------------------------------ */

/* Modules that cannot lock, or that know no arguments, are called by one thread.  One that a
 * library of its own, or its constructor, has initialized is as good as any: nobody else is here.
 */
static CK_RV
initialize(MeishiForeign *foreign, char *reserved)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK, .pReserved = reserved};
    CK_RV rv = foreign->calls.C_Initialize(&args);

    if (rv == CKR_CANT_LOCK || rv == CKR_NEED_TO_CREATE_THREADS) {
        args.flags = 0;
        g_atomic_int_set(&foreign->is_serial, TRUE);
        rv = foreign->calls.C_Initialize(&args);
    }
    if (rv == CKR_ARGUMENTS_BAD && reserved == NULL) {
        g_atomic_int_set(&foreign->is_serial, TRUE);
        rv = foreign->calls.C_Initialize(NULL);
    }
    return rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? CKR_OK : rv;
}

static CK_RV
describe(MeishiForeign *foreign, MeishiHostReply *ret)
{
    static CK_INFO info;
    CK_RV rv = foreign->calls.C_GetInfo(&info);

    if (rv != CKR_OK)
        return rv;
    ret->cryptoki[0] = info.cryptokiVersion.major;
    ret->cryptoki[1] = info.cryptokiVersion.minor;
    ret->version[0] = info.libraryVersion.major;
    ret->version[1] = info.libraryVersion.minor;
    ret->flags = g_atomic_int_get(&foreign->is_serial) ? MEISHI_HOST_SERIAL : 0;
    ret->manufacturer = meishi_foreign_text(info.manufacturerID, sizeof info.manufacturerID);
    ret->description = meishi_foreign_text(info.libraryDescription, sizeof info.libraryDescription);
    return CKR_OK;
}

guint64
meishi_foreign_start(MeishiForeign *foreign, const char *path, struct meishi_bytes reserved,
                     MeishiHostReply *ret)
{
    g_autofree char *text =
        reserved.len > 0 ? g_strndup((const char *)reserved.data, reserved.len) : NULL;
    CK_RV rv;

    if (!load(foreign, path))
        return MEISHI_HOST_NO_LOAD;
    rv = initialize(foreign, text);
    return rv == CKR_OK ? describe(foreign, ret) : rv;
}

void
meishi_foreign_stop(MeishiForeign *foreign)
{
    if (foreign->calls.C_Finalize != NULL)
        (void)foreign->calls.C_Finalize(NULL);
}
