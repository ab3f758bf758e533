/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nothing is written to a database before it has been judged sound and of a version we know; what
 * does not pass is closed again with its write-ahead log beside it, byte for byte as it was.  A
 * new database is made under another name and renamed when it is complete.
 */
#include "daemon/store/store-file.h"

#include "daemon/base/error.h"
#include "daemon/store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 1000
#define MAX_VALUE       (64 * 1024 * 1024) /* bytes; far above any certificate */

/* ---- files --------------------------------------------------------------------------------- */

void
meishi_store_file_set_errno(const char *action, const char *path, GError **error)
{
    int saved = errno;

    g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(saved), "Cannot %s %s: %s", action,
                path, g_strerror(saved));
}

static gboolean
refuse_access(const char *path, const char *what, const char *remedy, GError **error)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS, "%s %s. %s", path, what, remedy);
    return FALSE;
}

static void
refuse_unwritable(const char *path, GError **error)
{
    g_autofree char *quoted = g_shell_quote(path);
    g_autofree char *chmod =
        g_strdup_printf("Give yourself the right with `chmod u+w %s`.", quoted);

    refuse_access(path, "is not writable", chmod, error);
}

static gboolean
judge_access(const char *path, mode_t type, const struct stat *st, GError **error)
{
    g_autofree char *quoted = g_shell_quote(path);
    g_autofree char *chmod =
        g_strdup_printf("Close it with `chmod %s %s`.", type == S_IFDIR ? "700" : "600", quoted);

    if ((st->st_mode & S_IFMT) != type)
        return refuse_access(path, type == S_IFDIR ? "is not a directory" : "is not a regular file",
                             "Put the vault itself there, not a link to it.", error);
    if (st->st_uid != getuid())
        return refuse_access(path, "belongs to somebody else", "A vault is its owner's alone.",
                             error);
    if ((st->st_mode & 077) != 0)
        return refuse_access(path, "is open to others", chmod, error);
    return TRUE;
}

gboolean
meishi_store_file_check_private(const char *path, mode_t type, gboolean *ret_exists, GError **error)
{
    struct stat st;

    if (lstat(path, &st) == 0) {
        if (!judge_access(path, type, &st, error))
            return FALSE;
        if (ret_exists != NULL)
            *ret_exists = TRUE;
        return TRUE;
    }
    if (errno != ENOENT || ret_exists == NULL) {
        meishi_store_file_set_errno("look at", path, error);
        return FALSE;
    }
    *ret_exists = FALSE;
    return TRUE;
}

/* ---- before SQLite sees it ----------------------------------------------------------------- */

/* https://www.sqlite.org/fileformat.html, 1.3 */
#define HEADER_LEN            100
#define HEADER_MAGIC          "SQLite format 3"
#define HEADER_WRITE_VERSION  18
#define HEADER_READ_VERSION   19
#define HEADER_USER_VERSION   60
#define HEADER_APPLICATION_ID 68

static guint32
read_be32(const guint8 *bytes)
{
    guint32 be;

    memcpy(&be, bytes, sizeof be);
    return GUINT32_FROM_BE(be);
}

static gboolean
header_is_ours(const guint8 *header)
{
    return memcmp(header, HEADER_MAGIC, sizeof HEADER_MAGIC) == 0 &&
           header[HEADER_WRITE_VERSION] <= 2 && header[HEADER_READ_VERSION] <= 2 &&
           read_be32(header + HEADER_APPLICATION_ID) == MEISHI_STORE_APPLICATION_ID;
}

static gboolean
judge_header(const char *path, const guint8 *header, gsize len, const MeishiStoreSchema *schema,
             GError **error)
{
    if (len < HEADER_LEN || !header_is_ours(header)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT,
                    "%s is damaged (it does not begin like a Meishi vault). It was left as it is. "
                    "Move its directory out of the way and restore a backup with `meishi vault "
                    "restore`.",
                    path);
        return FALSE;
    }
    if (read_be32(header + HEADER_USER_VERSION) > schema->version) {
        meishi_store_schema_set_newer(path, read_be32(header + HEADER_USER_VERSION), schema, error);
        return FALSE;
    }
    return TRUE;
}

/* A file of another kind or a newer version is not even opened by SQLite, which would make files
 * beside it. */
static gboolean
check_header(const char *path, const MeishiStoreSchema *schema, GError **error)
{
    guint8 header[HEADER_LEN];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    gssize len;

    if (fd < 0) {
        meishi_store_file_set_errno("open", path, error);
        return FALSE;
    }
    len = pread(fd, header, sizeof header, 0);
    if (len < 0)
        meishi_store_file_set_errno("read", path, error);
    close(fd);
    return len >= 0 && judge_header(path, header, (gsize)len, schema, error);
}

/* ---- connections --------------------------------------------------------------------------- */

static void
restrict_connection(sqlite3 *db)
{
    static const struct {
        int option, value;
    } config[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(config); i++)
        (void)sqlite3_db_config(db, config[i].option, config[i].value, NULL);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, MAX_VALUE);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    (void)sqlite3_extended_result_codes(db, 1);
}

/* Exclusive locking keeps the index of the write-ahead log on the heap: no third file, and no
 * SIGBUS from a mapping of it on a full disk. */
static const char connection_pragmas[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                         "PRAGMA temp_store = MEMORY;"
                                         "PRAGMA mmap_size = 0;"
                                         "PRAGMA cell_size_check = ON;"
                                         "PRAGMA secure_delete = ON;"
                                         "PRAGMA synchronous = FULL;";

sqlite3 *
meishi_store_file_connect(const char *path, GError **error)
{
    g_autoptr(sqlite3) db = NULL;

    errno = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        meishi_sql_set_error(db, error);
        return NULL;
    }
    restrict_connection(db);
    if (sqlite3_db_readonly(db, "main") == 1) {
        refuse_unwritable(path, error);
        return NULL;
    }
    return meishi_sql_script(db, connection_pragmas, error) ? g_steal_pointer(&db) : NULL;
}

static gboolean
check_structure(sqlite3 *db, GError **error)
{
    g_autofree char *found = meishi_sql_get_text(db, "PRAGMA quick_check(1)", error);

    if (found == NULL)
        return FALSE;
    if (g_str_equal(found, "ok"))
        return TRUE;
    return meishi_sql_set_corrupt(db, found, error);
}

/* ---- migration ----------------------------------------------------------------------------- */

static gboolean
copy_into(sqlite3 *from, sqlite3 *to, GError **error)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

    if (backup != NULL) {
        (void)sqlite3_backup_step(backup, -1);
        (void)sqlite3_backup_finish(backup);
    }
    if (sqlite3_errcode(to) == SQLITE_OK)
        return TRUE;
    meishi_sql_set_error(to, error);
    return FALSE;
}

/* Keeps what there is as PATH.v1 (2, ...): a migration that goes wrong in a way that nobody
 * thought of must not be the end of somebody's keys. */
static gboolean
copy_aside(sqlite3 *db, guint version, GError **error)
{
    const char *path = sqlite3_db_filename(db, "main");
    g_autofree char *copy = g_strdup_printf("%s.v%u", path, version);
    g_autoptr(sqlite3) to = NULL;

    if (!meishi_store_file_start(copy, NULL, error))
        return FALSE;
    if (sqlite3_open_v2(copy, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        meishi_sql_set_error(to, error);
        return FALSE;
    }
    return copy_into(db, to, error);
}

static gboolean
migrate(sqlite3 *db, const MeishiStoreSchema *schema, guint version, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = NULL;

    if (version == schema->version)
        return TRUE;
    transaction = meishi_sql_begin(db, error);
    return transaction != NULL && meishi_store_schema_migrate(db, schema, version, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}

/* ---- opening ------------------------------------------------------------------------------- */

static sqlite3 *
judge(const char *path, const MeishiStoreSchema *schema, guint *ret_version, GError **error)
{
    g_autoptr(sqlite3) db = meishi_store_file_connect(path, error);

    if (db == NULL || !meishi_store_schema_get_version(db, schema, ret_version, error) ||
        !meishi_store_schema_verify(db, schema, *ret_version, error) || !check_structure(db, error))
        return NULL;
    return g_steal_pointer(&db);
}

/* To look at a database that has a log, SQLite makes an empty one where there is none. */
static void
remove_empty_log(const char *path)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    struct stat st;

    if (lstat(log, &st) == 0 && st.st_size == 0)
        (void)unlink(log);
}

static sqlite3 *
open_judged(const char *path, const MeishiStoreSchema *schema, guint *ret_version, GError **error)
{
    sqlite3 *db = NULL;

    if (!check_header(path, schema, error))
        return NULL;
    db = judge(path, schema, ret_version, error);
    if (db == NULL)
        remove_empty_log(path);
    return db;
}

static gboolean
start_log(sqlite3 *db, GError **error)
{
    g_autofree char *mode = meishi_sql_get_text(db, "PRAGMA journal_mode = WAL", error);

    if (mode == NULL)
        return FALSE;
    if (g_str_equal(mode, "wal"))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_IO, "%s cannot have a write-ahead log here",
                sqlite3_db_filename(db, "main"));
    return FALSE;
}

sqlite3 *
meishi_store_file_open(const char *path, const MeishiStoreSchema *schema, GError **error)
{
    guint version;
    g_autoptr(sqlite3) db = open_judged(path, schema, &version, error);

    if (db == NULL || (version < schema->version && !copy_aside(db, version, error)) ||
        !migrate(db, schema, version, error) || !start_log(db, error))
        return NULL;
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return g_steal_pointer(&db);
}

sqlite3 *
meishi_store_file_open_image(const char *path, const MeishiStoreSchema *schema, GError **error)
{
    guint version;
    g_autoptr(sqlite3) db = open_judged(path, schema, &version, error);

    return db != NULL && migrate(db, schema, version, error) ? g_steal_pointer(&db) : NULL;
}

/* ---- making -------------------------------------------------------------------------------- */

/* Not synced: what is not sound is thrown away, and what is gets a transaction, which syncs the
 * whole file. */
static gboolean
write_all(int fd, GBytes *content)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(content, &len);

    for (gsize done = 0; done < len;) {
        gssize n = write(fd, data + done, len - done);

        if (n < 0 && errno != EINTR)
            return FALSE;
        done += n > 0 ? (gsize)n : 0;
    }
    return TRUE;
}

gboolean
meishi_store_file_start(const char *path, GBytes *content, GError **error)
{
    int fd;
    gboolean ok;

    meishi_store_file_remove(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ok = fd >= 0 && (content == NULL || write_all(fd, content));
    if (!ok)
        meishi_store_file_set_errno("write", path, error);
    if (fd >= 0)
        close(fd);
    return ok;
}

static gboolean
sync_directory(const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        meishi_store_file_set_errno("write", dir, error);
    if (fd >= 0)
        close(fd);
    return ok;
}

gboolean
meishi_store_file_finish(sqlite3 *db, const char *from, const char *to, GError **error)
{
    g_autoptr(sqlite3) connection = db;
    /* Whatever lies in a log is part of the file first, or the file is not renamed. */
    g_autofree char *mode = meishi_sql_get_text(db, "PRAGMA journal_mode = DELETE", error);

    if (mode == NULL)
        return FALSE;
    if (!g_str_equal(mode, "delete") || sqlite3_close(g_steal_pointer(&connection)) != SQLITE_OK) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_IO, "Cannot complete %s", from);
        return FALSE;
    }
    if (rename(from, to) != 0) {
        meishi_store_file_set_errno("make", to, error);
        return FALSE;
    }
    if (sync_directory(to, error))
        return TRUE;
    meishi_store_file_remove(to);
    return FALSE;
}

void
meishi_store_file_remove(const char *path)
{
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};

    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);

        (void)unlink(file);
    }
}
