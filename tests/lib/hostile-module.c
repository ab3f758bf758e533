/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A PKCS#11 module that behaves as it is told, badly above all.
 *
 * What it does is in pReserved (x-init-reserved), words between blanks, some with "=NUMBER"; see
 * the calls of is_told().  What happens before C_Initialize is in the variable HOSTILE_CONSTRUCTOR.
 * Without a word it is a decent module with one token, one identity and the PIN "1234"; a
 * signature is the input with each byte inverted.
 */
#include "module/wire/cryptoki.h"
#include "tests/lib/told.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PUBLIC        __attribute__((visibility("default")))
#define PIN           "1234"
#define SO_PIN        "12345678"
#define TRIES         3

#define WRONG_KEY     99 /* a key that makes other signatures */

#define WRITES        500  /* in a session's handle: it may write */
#define FIRST_CREATED 1000 /* handles of objects that were made */
#define MAX_CREATED   16
#define MAX_MADE_OF   32 /* attributes */

PUBLIC CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_waiting_locked; /* nobody gets in */
static int n_inside;           /* threads in the module */
static int n_signatures;
static int n_listed; /* calls of C_GetSlotList */
static int tries_left = TRIES;
static char user_pin[32] = PIN;
static bool is_logged_in, is_gone, was_context_login;
static CK_SLOT_ID vanished; /* a slot that is empty for good; 0 */
static int n_sessions;
static CK_OBJECT_HANDLE used_key;
static CK_ULONG generation; /* of session handles */
static char label[33] = "Hostile";
static int search; /* where C_FindObjects is */
static CK_OBJECT_CLASS searched;
static struct {
    CK_ATTRIBUTE attributes[MAX_MADE_OF];
    CK_ULONG n; /* 0: destroyed */
} created[MAX_CREATED];
static CK_ULONG n_created;

/* ---- what it is told ------------------------------------------------------------------------ */

static void
hang(void)
{
    for (;;)
        sleep(1000);
}

/* Without the handler that a sanitizer has for it. */
static void
crash(void)
{
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

static void
misbehave(const char *call)
{
    char word[64];

    snprintf(word, sizeof word, "%s-hang", call);
    if (is_told(word))
        hang();
    snprintf(word, sizeof word, "%s-abort", call);
    if (is_told(word))
        abort();
    snprintf(word, sizeof word, "%s-crash", call);
    if (is_told(word))
        crash();
    snprintf(word, sizeof word, "%s-exit", call);
    if (is_told(word))
        _exit(0);
    snprintf(word, sizeof word, "%s-garble", call);
    if (is_told(word))
        (void)!write(3, "this is no reply", 16);
    snprintf(word, sizeof word, "%s-close", call);
    for (int fd = 3; is_told(word) && fd < 20; fd++)
        close(fd);
}

/* A module that was told that it need not lock, and is called twice at once, has been lied to. */
static void
enter(void)
{
    if (is_waiting_locked)
        hang();
    pthread_mutex_lock(&lock);
    if (++n_inside > 1 && is_told("serial"))
        abort();
    pthread_mutex_unlock(&lock);
    if (is_told("serial"))
        usleep(1000);
}

static CK_RV
leave(CK_RV rv)
{
    pthread_mutex_lock(&lock);
    n_inside--;
    pthread_mutex_unlock(&lock);
    return rv;
}

/* ---- what it tries on its host -------------------------------------------------------------- */

static void
report(const char *what, long result)
{
    snprintf(label, sizeof label, "%s: %s", what, result < 0 ? strerror(errno) : "done");
}

/* Of the daemon. */
static const char *
parent_file(const char *name)
{
    static char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)getppid(), name);
    return path;
}

static void
try_things(void)
{
    const char *file = getenv("HOSTILE_FILE");

    if (is_told("fork")) {
        pid_t pid = fork();

        if (pid == 0)
            hang();
        report("fork", pid);
    }
    if (is_told("exec"))
        report("exec", execl("/bin/true", "true", (char *)NULL));
    if (is_told("ptrace"))
        report("ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
    if (is_told("kill"))
        report("kill", kill(getppid(), 0));
    if (is_told("setsid"))
        report("setsid", setsid());
    if (is_told("socket-inet"))
        report("inet", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (is_told("socket-inet6"))
        report("inet6", socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (is_told("socket-packet"))
        report("packet", socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (is_told("socket-unix"))
        report("unix", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (is_told("socket-netlink"))
        report("netlink", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (is_told("memory"))
        report("memory", open(parent_file("mem"), O_RDONLY | O_CLOEXEC));
    if (is_told("tty"))
        report("tty", open("/dev/tty", O_RDWR | O_CLOEXEC));
    if (is_told("open-file") && file != NULL)
        report("open", open(file, O_RDONLY | O_CLOEXEC));
    if (is_told("write-file") && file != NULL)
        report("write", open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (is_told("make-file") && file != NULL) {
        char directory[4096];

        snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(file, '/') - file), file);
        (void)mkdir(directory, 0700);
        report("make", open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    if (is_told("count-fds")) {
        int n = 0;

        for (int fd = 0; fd < 1024; fd++)
            n += fcntl(fd, F_GETFD) >= 0;
        snprintf(label, sizeof label, "%d descriptors", n);
    }
}

static void
print_things(void)
{
    if (is_told("print"))
        printf("hello from the module\n");
    if (is_told("print-escape"))
        printf("\033]0;title\007 \xff\xfe red\n");
    for (int i = 0; is_told("print-much") && i < 16384; i++)
        printf("%063d\n", i);
    if (is_told("print-long"))
        for (int i = 0; i < 1 << 20; i++)
            putchar('x');
    fflush(stdout);
}

__attribute__((constructor)) static void
construct(void)
{
    const char *how = getenv("HOSTILE_CONSTRUCTOR");

    if (how != NULL && strcmp(how, "crash") == 0)
        crash();
    if (how != NULL && strcmp(how, "hang") == 0)
        hang();
}

/* ---- general -------------------------------------------------------------------------------- */

static CK_RV
initialize(void *init_args)
{
    const CK_C_INITIALIZE_ARGS *args = init_args;

    tell(args != NULL ? args->pReserved : NULL);
    misbehave("init");
    if (is_told("init-fail"))
        return CKR_GENERAL_ERROR;
    if (is_told("serial") && args != NULL && (args->flags & CKF_OS_LOCKING_OK) != 0)
        return CKR_CANT_LOCK;
    print_things();
    try_things();
    return CKR_OK;
}

static CK_RV
finalize(void *unused)
{
    misbehave("finalize");
    return CKR_OK;
}

static void
fill(unsigned char *field, size_t size, const char *text)
{
    memset(field, ' ', size);
    memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

static CK_RV
get_info(CK_INFO *info)
{
    memset(info, 0, sizeof *info);
    info->cryptokiVersion.major = 2;
    info->cryptokiVersion.minor = 40;
    info->libraryVersion.major = 6;
    info->libraryVersion.minor = 66;
    fill(info->manufacturerID, sizeof info->manufacturerID, "Mallory");
    fill(info->libraryDescription, sizeof info->libraryDescription, "Hostile module");
    return CKR_OK;
}

/* ---- slots ---------------------------------------------------------------------------------- */

static CK_ULONG
count_slots(void)
{
    if (is_told("slots-grow"))
        return (CK_ULONG)++n_listed;
    return is_told("slots") ? (CK_ULONG)number_of("slots") : 1;
}

static CK_RV
get_slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n)
{
    CK_ULONG have = count_slots();
    CK_ULONG room = *n;

    enter();
    misbehave("slots");
    if (is_told("slots-huge"))
        have = 1ul << 31;
    *n = have;
    if (list == NULL)
        return leave(CKR_OK);
    if (is_told("slots-lie"))
        *n = 1ul << 40;
    else if (have > room)
        return leave(CKR_BUFFER_TOO_SMALL);
    for (CK_ULONG i = 0; i < have && i < room; i++)
        list[i] = 7 + i;
    return leave(CKR_OK);
}

static CK_RV
get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    memset(info, 0, sizeof *info);
    fill(info->slotDescription, sizeof info->slotDescription, "Hostile reader");
    fill(info->manufacturerID, sizeof info->manufacturerID, "Mallory");
    info->flags =
        CKF_REMOVABLE_DEVICE | CKF_HW_SLOT | (is_gone || slot == vanished ? 0 : CKF_TOKEN_PRESENT);
    is_gone = false; /* it is put in again */
    return CKR_OK;
}

static CK_FLAGS
pin_flags(void)
{
    return (tries_left < TRIES ? CKF_USER_PIN_COUNT_LOW : 0) |
           (tries_left == 1 ? CKF_USER_PIN_FINAL_TRY : 0) |
           (tries_left == 0 ? CKF_USER_PIN_LOCKED : 0);
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    char serial[17];

    misbehave("token");
    memset(info, 0, sizeof *info);
    snprintf(serial, sizeof serial, "%lu", is_told("swap") ? (unsigned long)n_signatures : slot);
    fill(info->label, sizeof info->label, label);
    fill(info->manufacturerID, sizeof info->manufacturerID, "Mallory");
    fill(info->model, sizeof info->model, "M1");
    fill(info->serialNumber, sizeof info->serialNumber, serial);
    info->flags =
        CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | pin_flags();
    if (is_told("pinpad"))
        info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    info->ulMinPinLen = 4;
    info->ulMaxPinLen = is_told("pin-max-huge") ? ~0ul : 8;
    return CKR_OK;
}

static CK_RV
wait_for_slot_event(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved)
{
    if (is_told("wait")) {
        usleep((useconds_t)number_of("wait") * 1000);
        *slot = 7;
        return CKR_OK;
    }
    is_waiting_locked = is_told("lock-waiting");
    misbehave("wait");
    return CKR_FUNCTION_NOT_SUPPORTED;
}

static const CK_MECHANISM_TYPE mechanisms[] = {CKM_RSA_PKCS, CKM_RSA_X_509, CKM_ECDSA};

static CK_RV
get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *n)
{
    CK_ULONG room = *n;

    *n = sizeof mechanisms / sizeof mechanisms[0];
    if (list == NULL)
        return CKR_OK;
    if (room < *n)
        return CKR_BUFFER_TOO_SMALL;
    memcpy(list, mechanisms, sizeof mechanisms);
    return CKR_OK;
}

static CK_RV
get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    *info = (CK_MECHANISM_INFO){1024, 4096, CKF_SIGN};
    return CKR_OK;
}

/* ---- sessions ------------------------------------------------------------------------------- */

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
             CK_SESSION_HANDLE *ret)
{
    misbehave("open");
    if (is_told("sessions") && n_sessions >= number_of("sessions"))
        return CKR_SESSION_COUNT;
    if (is_told("read-only") && (flags & CKF_RW_SESSION) != 0)
        return CKR_TOKEN_WRITE_PROTECTED;
    n_sessions++;
    *ret = slot * 1000 + generation + ((flags & CKF_RW_SESSION) != 0 ? WRITES : 0);
    return CKR_OK;
}

static CK_RV
close_session(CK_SESSION_HANDLE session)
{
    if (--n_sessions == 0)
        is_logged_in = false;
    return CKR_OK;
}

static CK_RV
close_all_sessions(CK_SLOT_ID slot)
{
    n_sessions = 0;
    is_logged_in = false;
    return CKR_OK;
}

static bool
is_pin(const char *right, const unsigned char *pin, CK_ULONG len)
{
    return len == strlen(right) && memcmp(pin, right, len) == 0;
}

/* Has as many tries as it likes. */
static CK_RV
login_officer(const unsigned char *pin, CK_ULONG len)
{
    if (is_told("no-officer"))
        return CKR_GENERAL_ERROR;
    if (is_told("officer-locked"))
        return CKR_PIN_LOCKED;
    if (pin == NULL && !is_told("pinpad"))
        return CKR_ARGUMENTS_BAD;
    return pin == NULL || is_pin(SO_PIN, pin, len) ? CKR_OK : CKR_PIN_INCORRECT;
}

static CK_RV
login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
    misbehave("login");
    if (user == CKU_SO)
        return login_officer(pin, len);
    if (is_logged_in && user == CKU_USER)
        return CKR_USER_ALREADY_LOGGED_IN;
    if (tries_left == 0)
        return CKR_PIN_LOCKED;
    if (pin == NULL && !is_told("pinpad"))
        return CKR_ARGUMENTS_BAD;
    if (pin != NULL && !is_pin(user_pin, pin, len)) {
        tries_left--;
        return tries_left == 0 ? CKR_PIN_LOCKED : CKR_PIN_INCORRECT;
    }
    tries_left = TRIES;
    was_context_login = user == CKU_CONTEXT_SPECIFIC;
    is_logged_in = true;
    return CKR_OK;
}

static CK_RV
logout(CK_SESSION_HANDLE session)
{
    is_logged_in = false;
    return CKR_OK;
}

static CK_RV
take_new_pin(const unsigned char *pin, CK_ULONG len)
{
    if (pin == NULL)
        return CKR_OK;
    if (len < 4 || len > 8)
        return CKR_PIN_LEN_RANGE;
    if (is_told("forgets-new-pin"))
        return CKR_OK;
    memcpy(user_pin, pin, len);
    user_pin[len] = '\0';
    tries_left = TRIES;
    return CKR_OK;
}

static CK_RV
init_pin(CK_SESSION_HANDLE session, unsigned char *pin, CK_ULONG len)
{
    return take_new_pin(pin, len);
}

/* Without a login @old is the PUK, or nobody looks at it, as with modules that there are. */
static CK_RV
set_pin(CK_SESSION_HANDLE session, unsigned char *old, CK_ULONG old_len, unsigned char *new,
        CK_ULONG new_len)
{
    if (old == NULL && !is_told("pinpad"))
        return CKR_ARGUMENTS_BAD;
    if (is_told("no-set-pin"))
        return CKR_FUNCTION_NOT_SUPPORTED;
    if (!is_logged_in && is_told("puk") && !is_pin(SO_PIN, old, old_len))
        return CKR_PIN_INCORRECT;
    if (!is_logged_in && !is_told("puk") && tries_left == 0)
        return CKR_PIN_LOCKED;
    return take_new_pin(new, new_len);
}

static CK_RV
init_token(CK_SLOT_ID slot, unsigned char *pin, CK_ULONG len, unsigned char *text)
{
    if (len != strlen(SO_PIN) || memcmp(pin, SO_PIN, len) != 0)
        return CKR_PIN_INCORRECT;
    memcpy(label, text, 32);
    if (is_told("init-vanish"))
        vanished = slot;
    return CKR_OK;
}

/* ---- objects -------------------------------------------------------------------------------- */

/* An object's handle is its class plus one, so that none is 0. */
static CK_RV
find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG n)
{
    misbehave("find");
    searched = *(const CK_OBJECT_CLASS *)template[0].pValue;
    search = 0;
    return CKR_OK;
}

static const CK_ATTRIBUTE *
find_attribute(const CK_ATTRIBUTE *attributes, CK_ULONG n, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < n; i++)
        if (attributes[i].type == type)
            return &attributes[i];
    return NULL;
}

/* The class of an object that was made; NULL: there is none. */
static const CK_ATTRIBUTE *
find_created(CK_OBJECT_HANDLE object)
{
    CK_ULONG at = object - FIRST_CREATED;

    return at < n_created ? find_attribute(created[at].attributes, created[at].n, CKA_CLASS) : NULL;
}

static CK_RV
check_writer(CK_SESSION_HANDLE session)
{
    if (session % 1000 < WRITES)
        return CKR_SESSION_READ_ONLY;
    return is_logged_in ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

static CK_RV
create_object(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_RV rv = check_writer(session);

    misbehave("create");
    if (rv != CKR_OK)
        return rv;
    if (is_told("create-refused") ||
        (is_told("create-fail") && n_created + 1 == (CK_ULONG)number_of("create-fail")))
        return CKR_ATTRIBUTE_VALUE_INVALID;
    if (n_created == MAX_CREATED || n > MAX_MADE_OF)
        return CKR_DEVICE_MEMORY;
    for (CK_ULONG i = 0; i < n; i++) {
        created[n_created].attributes[i] = template[i];
        created[n_created].attributes[i].pValue = malloc(template[i].ulValueLen + 1);
        memcpy(created[n_created].attributes[i].pValue, template[i].pValue, template[i].ulValueLen);
    }
    created[n_created].n = n;
    *ret = FIRST_CREATED + n_created++;
    return CKR_OK;
}

static CK_RV
destroy_object(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_RV rv = check_writer(session);

    if (rv == CKR_OK && find_created(object) == NULL)
        rv = CKR_OBJECT_HANDLE_INVALID;
    if (rv == CKR_OK)
        created[object - FIRST_CREATED].n = 0;
    return rv;
}

static void
list_created(CK_OBJECT_HANDLE *objects, CK_ULONG room, CK_ULONG *n)
{
    for (CK_ULONG i = 0; i < n_created && *n < room; i++) {
        const CK_ATTRIBUTE *class = find_created(FIRST_CREATED + i);

        if (class != NULL && memcmp(class->pValue, &searched, sizeof searched) == 0)
            objects[(*n)++] = FIRST_CREATED + i;
    }
}

static CK_RV
get_created(CK_OBJECT_HANDLE object, CK_ATTRIBUTE *ret)
{
    CK_ULONG at = object - FIRST_CREATED;
    const CK_ATTRIBUTE *have = find_attribute(created[at].attributes, created[at].n, ret->type);
    CK_ULONG room = ret->ulValueLen;

    ret->ulValueLen = have != NULL ? have->ulValueLen : (CK_ULONG)-1;
    if (have == NULL)
        return CKR_ATTRIBUTE_TYPE_INVALID;
    if (ret->pValue != NULL && room < have->ulValueLen)
        return CKR_BUFFER_TOO_SMALL;
    if (ret->pValue != NULL)
        memcpy(ret->pValue, have->pValue, have->ulValueLen);
    return CKR_OK;
}

static bool
is_visible(CK_OBJECT_CLASS class)
{
    if (class == CKO_PRIVATE_KEY)
        return is_logged_in || is_told("public-keys");
    return class == CKO_CERTIFICATE || class == CKO_PUBLIC_KEY;
}

static CK_RV
find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *list, CK_ULONG room, CK_ULONG *n)
{
    *n = 0;
    if (is_told("find-lie")) {
        *n = room + 1000000;
        return CKR_OK;
    }
    if (is_told("find-endless")) {
        for (*n = 0; *n < room; ++*n)
            list[*n] = searched + 1;
        return CKR_OK;
    }
    if (search++ == 0 && is_visible(searched)) {
        if (is_told("two-keys") && searched == CKO_PRIVATE_KEY)
            list[(*n)++] = WRONG_KEY;
        list[(*n)++] = searched + 1;
        list_created(list, room, n);
    }
    return CKR_OK;
}

static CK_RV
find_final(CK_SESSION_HANDLE session)
{
    return CKR_OK;
}

static CK_RV
get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes,
              CK_ULONG n)
{
    static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    static const CK_KEY_TYPE key_type = CKK_RSA;
    const void *value = "id";
    CK_ULONG len = 2;

    if (find_created(object) != NULL)
        return get_created(object, attributes);
    if (attributes->type == CKA_LABEL) {
        value = "An identity";
        len = 11;
    } else if (attributes->type == CKA_KEY_TYPE && object != CKO_CERTIFICATE + 1) {
        value = &key_type;
        len = sizeof key_type;
    } else if (attributes->type == CKA_ALWAYS_AUTHENTICATE) {
        value = is_told("always") ? &yes : &no;
        len = 1;
    } else if (attributes->type != CKA_ID && attributes->type != CKA_VALUE) {
        attributes->ulValueLen = (CK_ULONG)-1;
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (is_told("value-huge")) {
        bool asks = attributes->pValue == NULL;

        attributes->ulValueLen = 1ul << 40;
        return asks ? CKR_OK : CKR_BUFFER_TOO_SMALL;
    }
    if (is_told("value-lie")) {
        attributes->ulValueLen = 1ul << 40;
        return CKR_OK;
    }
    if (attributes->pValue != NULL && attributes->ulValueLen < len)
        return CKR_BUFFER_TOO_SMALL;
    if (attributes->pValue != NULL)
        memcpy(attributes->pValue, value, len);
    attributes->ulValueLen = len;
    return CKR_OK;
}

/* ---- signing -------------------------------------------------------------------------------- */

static CK_RV
sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    was_context_login = false;
    if (session % WRITES != generation)
        return CKR_SESSION_HANDLE_INVALID;
    if (!is_logged_in && !is_told("public-keys"))
        return CKR_USER_NOT_LOGGED_IN;
    if (is_told("forget-handles") && ++n_signatures == 2)
        return CKR_KEY_HANDLE_INVALID;
    used_key = key;
    return key == CKO_PRIVATE_KEY + 1 || key == WRONG_KEY || find_created(key) != NULL
               ? CKR_OK
               : CKR_KEY_HANDLE_INVALID;
}

static CK_RV
sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *out, CK_ULONG *n)
{
    enter();
    misbehave("sign");
    n_signatures++;
    if (is_told("sign-slow"))
        usleep((useconds_t)number_of("sign-slow") * 1000);
    if (is_told("leak"))
        (void)!open("/dev/null", O_RDONLY);
    if (is_told("vanish") && n_signatures % number_of("vanish") == 0) {
        is_gone = true;
        is_logged_in = false;
        generation++;
        n_sessions = 0;
        return leave(CKR_DEVICE_REMOVED);
    }
    if (is_told("sign-confused"))
        return leave(CKR_GENERAL_ERROR);
    if (is_told("always") && !was_context_login)
        return leave(CKR_USER_NOT_LOGGED_IN);
    if (is_told("sign-lie")) {
        *n = 1ul << 40;
        return leave(CKR_OK);
    }
    if (len > *n)
        return leave(CKR_BUFFER_TOO_SMALL);
    for (CK_ULONG i = 0; i < len; i++)
        out[i] = (unsigned char)(used_key == WRONG_KEY ? data[i] : ~data[i]);
    *n = len;
    return leave(CKR_OK);
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
    .C_WaitForSlotEvent = wait_for_slot_event,
    .C_GetMechanismList = get_mechanism_list,
    .C_GetMechanismInfo = get_mechanism_info,
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_CloseAllSessions = close_all_sessions,
    .C_Login = login,
    .C_Logout = logout,
    .C_InitPIN = init_pin,
    .C_SetPIN = set_pin,
    .C_InitToken = init_token,
    .C_CreateObject = create_object,
    .C_DestroyObject = destroy_object,
    .C_FindObjectsInit = find_init,
    .C_FindObjects = find_objects,
    .C_FindObjectsFinal = find_final,
    .C_GetAttributeValue = get_attribute,
    .C_SignInit = sign_init,
    .C_Sign = sign,
    /* The rest is NULL, as it should not be. */
};

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
    *ret = &list;
    return CKR_OK;
}
