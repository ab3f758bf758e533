/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Beginning, end, and what needs neither slot nor daemon.
 */
#include "module/general.h"

#include "module/options.h"
#include "module/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Mutex functions must come all or not at all (PKCS #11 3.0, 5.4.1).  We lock with POSIX threads
 * whatever the host wants: it is what hosts mean, and they give callbacks out of habit. */
static bool
are_mutexes_complete(const CK_C_INITIALIZE_ARGS *args)
{
    bool has_all = args->CreateMutex != NULL && args->DestroyMutex != NULL &&
                   args->LockMutex != NULL && args->UnlockMutex != NULL;
    bool has_none = args->CreateMutex == NULL && args->DestroyMutex == NULL &&
                    args->LockMutex == NULL && args->UnlockMutex == NULL;

    return has_all || has_none;
}

CK_RV
C_Initialize(void *init_args)
{
    const CK_C_INITIALIZE_ARGS *args = init_args;
    struct meishi_options options;

    if (args != NULL && !are_mutexes_complete(args))
        return CKR_ARGUMENTS_BAD;
    if (!meishi_options_read(args != NULL ? args->pReserved : NULL, &options))
        return CKR_ARGUMENTS_BAD;
    return meishi_state_initialize(&options);
}

CK_RV
C_Finalize(void *unused)
{
    return unused == NULL ? meishi_state_finalize() : CKR_ARGUMENTS_BAD;
}

static void
pad(unsigned char *field, size_t size, const char *text)
{
    memset(field, ' ', size);
    memcpy(field, text, strlen(text));
}

static CK_RV
get_info(CK_INFO *info, CK_VERSION version)
{
    CK_RV rv;

    if (info == NULL)
        return CKR_ARGUMENTS_BAD;
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    meishi_state_leave();
    memset(info, 0, sizeof *info);
    info->cryptokiVersion = version;
    pad(info->manufacturerID, sizeof info->manufacturerID, "Meishi");
    pad(info->libraryDescription, sizeof info->libraryDescription, "Meishi certificate store");
    info->libraryVersion.major = MEISHI_VERSION_MAJOR;
    info->libraryVersion.minor = MEISHI_VERSION_MINOR;
    return CKR_OK;
}

CK_RV
C_GetInfo(CK_INFO *info)
{
    return get_info(info, (CK_VERSION){2, 40});
}

CK_RV
meishi_general_get_info_3_0(CK_INFO *info)
{
    return get_info(info, (CK_VERSION){3, 0});
}

/* ---- random numbers ------------------------------------------------------------------------ */

static CK_RV
check_session(CK_SESSION_HANDLE handle)
{
    struct meishi_session *session;
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(handle, &session);
    meishi_state_leave();
    return rv;
}

CK_RV
C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE *seed, CK_ULONG seed_len)
{
    CK_RV rv = check_session(session);

    return rv == CKR_OK ? CKR_RANDOM_SEED_NOT_SUPPORTED : rv;
}

CK_RV
C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len)
{
    CK_RV rv = check_session(session);

    if (rv != CKR_OK)
        return rv;
    if (data == NULL && len > 0)
        return CKR_ARGUMENTS_BAD;
    while (len > 0) {
        ssize_t n = getrandom(data, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return CKR_FUNCTION_FAILED;
        data += n;
        len -= (CK_ULONG)n;
    }
    return CKR_OK;
}

/* ---- left from version 1 ------------------------------------------------------------------- */

CK_RV
C_GetFunctionStatus(CK_SESSION_HANDLE session)
{
    return CKR_FUNCTION_NOT_PARALLEL;
}

CK_RV
C_CancelFunction(CK_SESSION_HANDLE session)
{
    return CKR_FUNCTION_NOT_PARALLEL;
}
