/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiFacts: what `meishi doctor` has seen, and the judges judge.  Plain values: no judge looks
 * at anything else, so that a test writes down a machine and reads what is said of it.  Strings and
 * arrays belong to whoever made the facts (meishi_facts_keep()).
 */
#pragma once

#include <glib.h>

/* What lies at a path, links not followed. */
typedef struct {
    const char *path; /* NULL: nobody looked */
    gboolean exists;
    guint mode; /* st_mode */
    guint uid;
} MeishiFileFact;

/* Where sockets live (daemon/base/paths.h). */
typedef struct {
    const char *variable;  /* XDG_RUNTIME_DIR as it is set; NULL: it is not */
    MeishiFileFact base;   /* the runtime directory that is used */
    MeishiFileFact dir;    /* ours in it */
    gboolean has_own;      /* /run/user/UID is there and ours */
    gsize socket_path_len; /* of the longest socket's path */
} MeishiRuntimeFacts;

/* systemd's user manager, and what it has of our socket units; "" and NULL: nothing. */
typedef struct {
    gboolean has_manager;
    const char *unit;      /* the path of meishid.socket, where systemd looks for units */
    const char *installed; /* the same where we were installed, if systemd does not look there */
    const char *enabled;   /* the link that has it started */
    const char *masked;    /* the link to /dev/null in its place */
} MeishiUnitFacts;

typedef enum {
    MEISHI_SOCKET_SERVED,
    MEISHI_SOCKET_ABSENT,  /* no file */
    MEISHI_SOCKET_STALE,   /* a file that nobody listens at */
    MEISHI_SOCKET_FOREIGN, /* another user listens */
    MEISHI_SOCKET_FAILED,  /* error says why */
} MeishiSocketState;

typedef struct {
    const char *path;
    MeishiSocketState state;
    const char *error; /* NULL */
} MeishiSocketFact;

typedef struct {
    MeishiSocketFact bus, module;
    gboolean is_known;       /* it was asked, so what follows holds, and so do vault and the like */
    const char *version;     /* the daemon's */
    const char *own_version; /* meishi's */
    gboolean is_replaced;    /* its program is not there any more */
    guint pid;
} MeishiDaemonFacts;

typedef enum {
    MEISHI_KEYRING_RUNNING,
    MEISHI_KEYRING_STARTABLE, /* the bus starts it */
    MEISHI_KEYRING_ABSENT,
    MEISHI_KEYRING_NO_BUS, /* no session bus at all */
} MeishiKeyringState;

typedef struct {
    const char *state;                         /* "absent", "locked", "unlocked"; NULL: not known */
    gboolean stays_locked;                     /* somebody locked it, so no slot opens it unasked */
    guint n_keyring, n_passphrase, n_key_file; /* slots */
    gboolean can_ask;                          /* somebody can ask the person */
    MeishiKeyringState keyring;
    const char *keyring_program; /* gnome-keyring-daemon, where it is installed; NULL */
    const char *session_bus;     /* the address of the session bus that is there; NULL */
    const char *const *damage;   /* sentences of Vault.Check; NULL: not checked */
} MeishiVaultFacts;

/* A file or directory of the store. */
typedef struct {
    MeishiFileFact file;
    gboolean is_directory; /* what it ought to be */
    gboolean is_old_copy;  /* from before an upgrade */
} MeishiStoreFact;

typedef struct {
    gint64 now;
    gint64 program_time; /* when meishi was built, at the latest; 0: not known */
    gint64 store_time;   /* when the newest file of the store was written; 0: there is none */
    const char *store_file;
    guint n_certs, n_not_yet; /* certificates, and how many are not valid yet */
} MeishiClockFacts;

typedef struct {
    const char *label;
    gboolean is_superseded;
    gboolean is_present;
    const char *const *warnings; /* as in Identity.Warnings and .Messages */
    const char *const *messages;
} MeishiIdentityFact;

typedef struct {
    gboolean is_error;
    const char *file;
    guint line;
    const char *text;          /* the remark as `meishi policy check` prints it */
    guint uid;                 /* whose the file is */
    MeishiFileFact open_place; /* the file or directory that others can write to; no path: none */
} MeishiPolicyFact;

/* The first bytes of a program or library. */
typedef struct {
    gboolean is_elf;
    guint bits;    /* 32, 64 */
    guint machine; /* e_machine */
} MeishiElfFact;

typedef struct {
    const char *path;
    gboolean exists, is_readable;
    const char *closed_at; /* what keeps other users from it: the file or a directory above it */
    guint closed_uid;      /* whose that is */
    MeishiElfFact elf;
    MeishiElfFact own; /* of meishi itself */
} MeishiModuleFacts;

typedef enum {
    MEISHI_PROGRAM_READY,
    MEISHI_PROGRAM_MISSING,
    MEISHI_PROGRAM_STALE,
    MEISHI_PROGRAM_DISABLED,
    MEISHI_PROGRAM_UNREACHABLE,
    MEISHI_PROGRAM_BROKEN,
} MeishiProgramState;

/* A place where a program looks for modules (cli/setup/place.h). */
typedef struct {
    MeishiProgramState state;
    const char *program; /* as `meishi setup` names it */
    const char *title;   /* "Firefox, profile default-esr" */
    const char *path;
    const char *module;       /* that is named there now; NULL */
    const char *detail;       /* a sentence; NULL */
    const char *hint;         /* what the person types; NULL */
    const char *in_use_by;    /* NULL */
    const char *executable;   /* of the program; NULL: not known */
    MeishiElfFact elf;        /* of the executable */
    MeishiElfFact module_elf; /* of the module */
    gboolean module_is_gone;
} MeishiProgramFact;

/* Something in p11-kit's configuration that keeps programs from our module. */
typedef enum {
    MEISHI_P11_KIT_BAD_FILE,     /* a file that p11-kit cannot read, and so reads none */
    MEISHI_P11_KIT_DISABLED_IN,  /* not in these programs */
    MEISHI_P11_KIT_ENABLED_IN,   /* in these programs only */
    MEISHI_P11_KIT_USER_IGNORED, /* our file is the person's, and for root those are not read */
} MeishiP11KitTrouble;

typedef struct {
    MeishiP11KitTrouble trouble;
    const char *file;
    guint uid;         /* whose the file is */
    const char *value; /* the programs; of BAD_FILE what is wrong */
} MeishiP11KitFact;

/* A module that shows programs what they see through us as well. */
typedef struct {
    const char *title;    /* of the programs: "p11-kit", "Firefox, profile default-esr" */
    const char *module;   /* its name there */
    const char *token;    /* the label of a token that is seen twice */
    const char *file;     /* for p11-kit: the file that can say where it is enabled */
    gboolean needs_dir;   /* whose directory is not there yet */
    const char *database; /* for NSS: its directory; NULL */
} MeishiTwinFact;

/* A program in a box, which reaches the socket only where it is let. */
typedef struct {
    const char *id;    /* "org.mozilla.firefox", "firefox" */
    const char *title; /* "Firefox" */
    gboolean is_snap;
    const char *flatpak;     /* of a snap: what the same program is called as a Flatpak; NULL */
    gboolean has_flatpak;    /* and whether that is installed */
    gboolean reaches_socket; /* of a Flatpak */
} MeishiSandboxFact;

/* Variables of whoever calls; NULL: not set. */
typedef struct {
    const char *module_path; /* PKCS11_MODULE_PATH */
    gboolean module_path_exists, module_path_is_ours;
    const char *openssl_conf; /* OPENSSL_CONF */
    gboolean openssl_conf_exists;
    const char *openssl_conf_module; /* another module that it names; NULL */
    const char *no_user_config;      /* P11_KIT_NO_USER_CONFIG */
} MeishiEnvironmentFacts;

typedef struct {
    guint uid;
    MeishiRuntimeFacts runtime;
    MeishiUnitFacts unit;
    MeishiDaemonFacts daemon;
    MeishiVaultFacts vault;
    MeishiClockFacts clock;
    MeishiModuleFacts module;
    MeishiEnvironmentFacts environment;
    const MeishiStoreFact *store;
    guint n_store;
    const MeishiIdentityFact *identities;
    guint n_identities;
    const MeishiPolicyFact *policy;
    guint n_policy;
    guint n_policy_files;
    gboolean policy_has_failed; /* the daemon keeps to older rules */
    const MeishiProgramFact *programs;
    guint n_programs;
    const MeishiP11KitFact *p11_kit;
    guint n_p11_kit;
    const MeishiTwinFact *twins;
    guint n_twins;
    const MeishiSandboxFact *sandboxes;
    guint n_sandboxes;
    const char *const *token_troubles; /* sentences about modules of tokens; NULL: not known */
    GPtrArray *kept;                   /* what is freed with the facts; NULL */
} MeishiFacts;

/* Facts that own what they are given. */
MeishiFacts *meishi_facts_new(void);
void meishi_facts_free(MeishiFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiFacts, meishi_facts_free)

/* Takes @text (also NULL), which is g_free()d with the facts, and returns it. */
const char *meishi_facts_keep(MeishiFacts *facts, char *text);
/* A copy, likewise. */
const char *meishi_facts_copy(MeishiFacts *facts, const char *text);
const char *const *meishi_facts_keep_list(MeishiFacts *facts, char **list);
/* The elements of @array, which is taken; NULL for an empty one. */
gpointer meishi_facts_keep_array(MeishiFacts *facts, GArray *array, guint *ret_n);
