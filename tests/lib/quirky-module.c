/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A PKCS#11 module that works, and has the quirks of real ones: those that it is told in pReserved
 * (x-init-reserved), words between blanks, some with "=VALUE"; see the calls of is_told().
 * "dir=PATH" says where its certificates and keys are (quirky-objects.h).
 *
 * Without a quirk it is a decent module with one card, PIN 1234, whose private keys are seen by who
 * is logged in, with all usual mechanisms.  Misbehaviour is hostile-module.c's.
 */
#include "tests/lib/quirky-objects.h"
#include "tests/lib/told.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define PUBLIC       __attribute__((visibility("default")))
#define PIN          "1234"
#define FIRST_SLOT   10
#define N_SLOTS      2
#define MAX_SESSIONS 8

PUBLIC CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

struct session {
    bool is_open;
    unsigned slot;                   /* counted from 0 */
    const struct quirky_object *key; /* of a signature that has begun; NULL */
    CK_MECHANISM_TYPE mechanism;
    CK_ULONG salt_len;
    bool has_context_login;
    CK_OBJECT_HANDLE found[QUIRKY_MAX_OBJECTS];
    unsigned n_found, next_found;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct quirky_object objects[QUIRKY_MAX_OBJECTS];
static unsigned n_objects;
static struct session sessions[MAX_SESSIONS];
static bool is_logged_in[N_SLOTS];
static unsigned n_listed, n_sessions_failed, n_opened, n_signatures;

static void
unlock(pthread_mutex_t **held)
{
    pthread_mutex_unlock(*held);
}

#define LOCK                                                                   \
    __attribute__((cleanup(unlock), unused)) pthread_mutex_t *held = (&mutex); \
    pthread_mutex_lock(held)

/* ---- general -------------------------------------------------------------------------------- */

static CK_RV
initialize(void *init_args)
{
    const CK_C_INITIALIZE_ARGS *args = init_args;
    char directory[1024];

    tell(args != NULL ? args->pReserved : NULL);
    text_of("dir", directory, sizeof directory);
    n_objects = quirky_objects_load(directory, objects);
    is_logged_in[0] = is_told("logged-in"); /* by another library in the process */
    /* As where another library in the process uses the same module. */
    return is_told("initialized") ? CKR_CRYPTOKI_ALREADY_INITIALIZED : CKR_OK;
}

static CK_RV
finalize(void *unused)
{
    return CKR_OK;
}

static void
fill(unsigned char *field, size_t size, const char *text)
{
    memset(field, is_told("nul-padded") ? '\0' : ' ', size);
    memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

static CK_RV
get_info(CK_INFO *info)
{
    memset(info, 0, sizeof *info);
    info->cryptokiVersion.major = 2;
    info->cryptokiVersion.minor = 40;
    fill(info->manufacturerID, sizeof info->manufacturerID, "Quirk & Sons");
    fill(info->libraryDescription, sizeof info->libraryDescription, "Quirky module");
    return CKR_OK;
}

/* ---- slots ---------------------------------------------------------------------------------- */

/* "twins": one card that shows in two slots; "split": one whose keys are in the second; "clones":
 * two that look the same; "comes-and-goes": a second one that does. */
static unsigned
count_slots(void)
{
    if (is_told("comes-and-goes"))
        return 1 + n_listed / 2 % 2;
    return is_told("twins") || is_told("split") || is_told("clones") ? 2 : 1;
}

static CK_RV
get_slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n)
{
    CK_ULONG room = *n;

    LOCK;
    *n = count_slots();
    if (list == NULL)
        return CKR_OK;
    if (room < *n)
        return CKR_BUFFER_TOO_SMALL;
    for (CK_ULONG i = 0; i < *n; i++)
        list[i] = FIRST_SLOT + i;
    n_listed++;
    return CKR_OK;
}

static CK_RV
get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    memset(info, 0, sizeof *info);
    fill(info->slotDescription, sizeof info->slotDescription, "Quirky reader");
    fill(info->manufacturerID, sizeof info->manufacturerID, "Quirk & Sons");
    info->flags = CKF_REMOVABLE_DEVICE | CKF_HW_SLOT | CKF_TOKEN_PRESENT;
    return CKR_OK;
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    const char *label = is_told("comes-and-goes") && slot > FIRST_SLOT ? "Second card" : "Card";

    usleep((useconds_t)number_of("slow-token") * 1000);
    memset(info, 0, sizeof *info);
    fill(info->label, sizeof info->label, label);
    fill(info->manufacturerID, sizeof info->manufacturerID, "Quirk & Sons");
    fill(info->model, sizeof info->model, "Q1");
    fill(info->serialNumber, sizeof info->serialNumber, "0000000000000000");
    info->flags = CKF_TOKEN_INITIALIZED |
                  (is_told("open") ? 0 : CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED) |
                  (is_told("read-only") ? CKF_WRITE_PROTECTED : 0) |
                  (is_told("pad") ? CKF_PROTECTED_AUTHENTICATION_PATH : 0);
    info->ulMinPinLen = 4;
    info->ulMaxPinLen = 8;
    return CKR_OK;
}

/* ---- mechanisms ----------------------------------------------------------------------------- */

/* "pss-only-said": it is listed, and is not there. */
static bool
has_mechanism(CK_MECHANISM_TYPE type, bool is_listed)
{
    switch (type) {
    case CKM_RSA_PKCS:
        return !is_told("raw-only") && !is_told("hashing-only");
    case CKM_RSA_X_509:
        return !is_told("no-raw") && !is_told("hashing-only");
    case CKM_RSA_PKCS_PSS:
        return !is_told("no-pss") && !is_told("raw-only") && !is_told("hashing-only") &&
               (is_listed || !is_told("pss-only-said"));
    case CKM_ECDSA:
        return !is_told("hashing-only");
    case CKM_SHA256_RSA_PKCS:
    case CKM_SHA256_RSA_PKCS_PSS:
    case CKM_ECDSA_SHA256:
        return is_told("hashing-only");
    default:
        return false;
    }
}

static CK_RV
get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *n)
{
    static const CK_MECHANISM_TYPE all[] = {
        CKM_RSA_PKCS,        CKM_RSA_X_509,           CKM_RSA_PKCS_PSS, CKM_ECDSA,
        CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_ECDSA_SHA256,
    };
    CK_ULONG room = *n;

    *n = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && !is_told("no-mechanisms-said"); i++) {
        if (!has_mechanism(all[i], true))
            continue;
        if (list != NULL && *n < room)
            list[*n] = all[i];
        ++*n;
    }
    return list != NULL && room < *n ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

static CK_RV
get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    *info = is_told("short-keys-said") ? (CK_MECHANISM_INFO){512, 1024, 0}
                                       : (CK_MECHANISM_INFO){256, 4096, CKF_HW | CKF_SIGN};
    return CKR_OK;
}

/* ---- sessions ------------------------------------------------------------------------------- */

static struct session *
find_session(CK_SESSION_HANDLE handle)
{
    return handle >= 1 && handle <= MAX_SESSIONS && sessions[handle - 1].is_open
               ? &sessions[handle - 1]
               : NULL;
}

/* "sessions=N": no more than that; "taken=N": somebody else has them for so many tries,
 * "taken-later=N": as soon as there was one. */
static bool
has_room(unsigned slot)
{
    unsigned n_open = 0, most = (unsigned)number_of("sessions");

    if (n_sessions_failed < (unsigned)number_of(n_opened > 0 ? "taken-later" : "taken")) {
        n_sessions_failed++;
        return false;
    }
    for (unsigned i = 0; i < MAX_SESSIONS; i++)
        n_open += sessions[i].is_open && sessions[i].slot == slot;
    return most == 0 || n_open < most;
}

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
             CK_SESSION_HANDLE *ret)
{
    LOCK;
    if (slot - FIRST_SLOT >= count_slots() && !is_told("comes-and-goes"))
        return CKR_SLOT_ID_INVALID;
    if (is_told("read-only") && (flags & CKF_RW_SESSION) != 0)
        return CKR_TOKEN_WRITE_PROTECTED;
    if (!has_room((unsigned)slot - FIRST_SLOT))
        return CKR_SESSION_COUNT;
    for (unsigned i = 0; i < MAX_SESSIONS; i++) {
        if (sessions[i].is_open)
            continue;
        sessions[i] = (struct session){.is_open = true, .slot = (unsigned)slot - FIRST_SLOT};
        n_opened++;
        *ret = i + 1;
        return CKR_OK;
    }
    return CKR_SESSION_COUNT;
}

/* A login ends with the last session (PKCS#11 2.40, 5.6.8). */
static void
close_one(struct session *session)
{
    bool has_others = false;

    session->is_open = false;
    for (unsigned i = 0; i < MAX_SESSIONS; i++)
        has_others = has_others || (sessions[i].is_open && sessions[i].slot == session->slot);
    is_logged_in[session->slot] = is_logged_in[session->slot] && has_others;
}

static CK_RV
close_session(CK_SESSION_HANDLE handle)
{
    struct session *session;

    LOCK;
    session = find_session(handle);
    if (session == NULL)
        return CKR_SESSION_HANDLE_INVALID;
    close_one(session);
    return CKR_OK;
}

static CK_RV
close_all_sessions(CK_SLOT_ID slot)
{
    LOCK;
    for (unsigned i = 0; i < MAX_SESSIONS; i++) {
        if (sessions[i].is_open && sessions[i].slot == slot - FIRST_SLOT)
            close_one(&sessions[i]);
    }
    return CKR_OK;
}

static CK_RV
login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
    struct session *session;

    if (pin == NULL) /* "pad=MS": so long the person takes to type it there */
        usleep((useconds_t)number_of("pad") * 1000);
    LOCK;
    session = find_session(handle);
    if (session == NULL)
        return CKR_SESSION_HANDLE_INVALID;
    if (user == CKU_USER && is_logged_in[session->slot])
        return CKR_USER_ALREADY_LOGGED_IN;
    if (user == CKU_CONTEXT_SPECIFIC && session->key == NULL)
        return CKR_OPERATION_NOT_INITIALIZED;
    if (pin == NULL ? !is_told("pad") : len != strlen(PIN) || memcmp(pin, PIN, len) != 0)
        return CKR_PIN_INCORRECT;
    if (user == CKU_USER)
        is_logged_in[session->slot] = true;
    else
        session->has_context_login = true;
    return CKR_OK;
}

static CK_RV
logout(CK_SESSION_HANDLE handle)
{
    struct session *session;

    LOCK;
    session = find_session(handle);
    if (session == NULL)
        return CKR_SESSION_HANDLE_INVALID;
    is_logged_in[session->slot] = false;
    return CKR_OK;
}

/* ---- objects -------------------------------------------------------------------------------- */

/* With "other-handles" who is logged in is told other ones, and the old ones name other objects. */
static CK_OBJECT_HANDLE
handle_of(unsigned index, unsigned slot)
{
    if (is_told("other-handles") && is_logged_in[slot])
        index = n_objects - 1 - index;
    return index + 1;
}

static const struct quirky_object *
find_object(CK_OBJECT_HANDLE handle, unsigned slot)
{
    for (unsigned i = 0; i < n_objects; i++) {
        if (handle_of(i, slot) == handle)
            return &objects[i];
    }
    return NULL;
}

static bool
lies_in(const struct quirky_object *object, unsigned slot)
{
    if (is_told("twins"))
        return true;
    if (is_told("split"))
        return slot == 1 || object->class == CKO_CERTIFICATE;
    if (is_told("clones") || is_told("comes-and-goes"))
        return (object->file == 0) == (slot == 0);
    return slot == 0;
}

static bool
is_visible(const struct quirky_object *object, unsigned slot)
{
    if (!lies_in(object, slot))
        return false;
    if (object->class == CKO_PRIVATE_KEY && is_told("fewer-keys-after") &&
        n_signatures >= (unsigned)number_of("fewer-keys-after"))
        return false;
    if (object->class == CKO_PRIVATE_KEY)
        return is_logged_in[slot] || is_told("keys-shown");
    if (object->class == CKO_CERTIFICATE)
        return is_logged_in[slot] || !is_told("private-certificates");
    return !is_told("no-public-keys") && (is_logged_in[slot] || !is_told("private-certificates"));
}

static CK_RV
find_init(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG n)
{
    CK_OBJECT_CLASS class = *(const CK_OBJECT_CLASS *)template[0].pValue;
    struct session *session;

    LOCK;
    session = find_session(handle);
    if (session == NULL)
        return CKR_SESSION_HANDLE_INVALID;
    session->n_found = session->next_found = 0;
    for (unsigned i = 0; i < n_objects; i++) {
        if (objects[i].class == class && is_visible(&objects[i], session->slot))
            session->found[session->n_found++] = handle_of(i, session->slot);
    }
    return CKR_OK;
}

static CK_RV
find_objects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *list, CK_ULONG room, CK_ULONG *n)
{
    struct session *session;

    LOCK;
    session = find_session(handle);
    if (session == NULL)
        return CKR_SESSION_HANDLE_INVALID;
    if (is_told("one-by-one") && room > 1)
        room = 1;
    for (*n = 0; *n < room && session->next_found < session->n_found; ++*n)
        list[*n] = session->found[session->next_found++];
    return CKR_OK;
}

static CK_RV
find_final(CK_SESSION_HANDLE session)
{
    return CKR_OK;
}

/* ---- attributes ----------------------------------------------------------------------------- */

static CK_RV
get_attribute(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE number, CK_ATTRIBUTE *attribute,
              CK_ULONG n)
{
    const struct quirky_object *object;
    const struct session *session;

    LOCK;
    session = find_session(handle);
    if (session == NULL)
        return CKR_SESSION_HANDLE_INVALID;
    object = find_object(number, session->slot);
    if (object == NULL || !is_visible(object, session->slot))
        return CKR_OBJECT_HANDLE_INVALID;
    return quirky_attribute_get(object, attribute);
}

/* ---- signing -------------------------------------------------------------------------------- */

static bool
fits(const struct quirky_object *key, CK_MECHANISM_TYPE mechanism)
{
    bool is_ec = mechanism == CKM_ECDSA || mechanism == CKM_ECDSA_SHA256;

    return (quirky_object_key_type(key) == CKK_EC) == is_ec;
}

static CK_RV
sign_init(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE number)
{
    const CK_RSA_PKCS_PSS_PARAMS *pss = mechanism->pParameter;
    const struct quirky_object *key;
    struct session *session;

    LOCK;
    session = find_session(handle);
    if (session == NULL)
        return CKR_SESSION_HANDLE_INVALID;
    if (session->key != NULL)
        return CKR_OPERATION_ACTIVE;
    key = find_object(number, session->slot);
    if (key == NULL || !is_visible(key, session->slot) || key->class != CKO_PRIVATE_KEY)
        return CKR_KEY_HANDLE_INVALID;
    if (!is_logged_in[session->slot] && !is_told("open"))
        return CKR_USER_NOT_LOGGED_IN;
    if (!has_mechanism(mechanism->mechanism, false))
        return CKR_MECHANISM_INVALID;
    if (!fits(key, mechanism->mechanism))
        return CKR_KEY_TYPE_INCONSISTENT;
    session->mechanism = mechanism->mechanism;
    session->salt_len = mechanism->ulParameterLen == sizeof *pss ? pss->sLen : 0;
    session->key = key;
    session->has_context_login = false;
    return CKR_OK;
}

/* "stays-active": a signature that fails for want of a PIN is not over.  "refuses=N": every Nth
 * fails for want of anything better.  "own-salt": the parameters of PSS are not looked at. */
static CK_RV
sign(CK_SESSION_HANDLE handle, unsigned char *data, CK_ULONG len, unsigned char *out, CK_ULONG *n)
{
    const struct quirky_object *key;
    struct session *session;
    CK_ULONG salt_len;

    LOCK;
    session = find_session(handle);
    if (session == NULL)
        return CKR_SESSION_HANDLE_INVALID;
    key = session->key;
    if (key == NULL)
        return CKR_OPERATION_NOT_INITIALIZED;
    if (is_told("always") && !session->has_context_login) {
        session->key = is_told("stays-active") ? key : NULL;
        return CKR_USER_NOT_LOGGED_IN;
    }
    n_signatures++;
    if (is_told("refuses") && n_signatures % (unsigned)number_of("refuses") == 0) {
        session->key = is_told("stays-active") ? key : NULL;
        return CKR_DATA_INVALID;
    }
    session->key = NULL;
    salt_len = is_told("own-salt") ? 20 : session->salt_len;
    return quirky_object_sign(key, session->mechanism, salt_len, data, len, out, n);
}

static CK_FUNCTION_LIST list = {
    .version = {2, 40},
    .C_Initialize = initialize,
    .C_Finalize = finalize,
    .C_GetInfo = get_info,
    .C_GetFunctionList = C_GetFunctionList,
    .C_GetSlotList = get_slot_list,
    .C_GetSlotInfo = get_slot_info,
    .C_GetTokenInfo = get_token_info,
    .C_GetMechanismList = get_mechanism_list,
    .C_GetMechanismInfo = get_mechanism_info,
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_CloseAllSessions = close_all_sessions,
    .C_Login = login,
    .C_Logout = logout,
    .C_FindObjectsInit = find_init,
    .C_FindObjects = find_objects,
    .C_FindObjectsFinal = find_final,
    .C_GetAttributeValue = get_attribute,
    .C_SignInit = sign_init,
    .C_Sign = sign,
};

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
    *ret = &list;
    return CKR_OK;
}
