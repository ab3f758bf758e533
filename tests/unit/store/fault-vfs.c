/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counts what changes the disk (write, truncate, sync, delete, opening for writing) and lets one
 * of them fail.  Everything else goes straight through.
 */
#include "tests/unit/store/fault-vfs.h"

#include <sqlite3.h>
#include <string.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real; /* in the same allocation */
} FaultFile;

static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;
static FaultKind kind;
static gboolean is_armed, has_failed;
static guint n_left;

void
fault_vfs_arm(FaultKind new_kind, guint nth)
{
    kind = new_kind;
    n_left = nth;
    is_armed = TRUE;
    has_failed = FALSE;
}

gboolean
fault_vfs_disarm(void)
{
    is_armed = FALSE;
    return has_failed;
}

static gboolean
is_due(void)
{
    if (!is_armed)
        return FALSE;
    if (has_failed)
        return kind == FAULT_STAYS_BAD;
    if (n_left-- > 0)
        return FALSE;
    has_failed = TRUE;
    return TRUE;
}

/* ---- files --------------------------------------------------------------------------------- */

static sqlite3_file *
real_of(sqlite3_file *file)
{
    return ((FaultFile *)(void *)file)->real;
}

static int
close_file(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int
read_file(sqlite3_file *file, void *data, int len, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), data, len, at);
}

static int
write_file(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    const sqlite3_io_methods *methods = real_of(file)->pMethods;

    if (!is_due())
        return methods->xWrite(real_of(file), data, len, at);
    if (kind == FAULT_FULL)
        return SQLITE_FULL;
    (void)methods->xWrite(real_of(file), data, len / 2, at);
    return SQLITE_IOERR_WRITE;
}

static int
truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    return is_due() ? SQLITE_IOERR_TRUNCATE
                    : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

/* Really syncing would only make the test slow: nobody cuts the power. */
static int
sync_file(sqlite3_file *file, int flags)
{
    return is_due() ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}

static int
lock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int
unlock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int
check_reserved_lock(sqlite3_file *file, int *ret_locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_locked);
}

static int
file_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int
sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
device_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: without shared memory, which exclusive locking does not need. */
static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
};

/* ---- the file system ----------------------------------------------------------------------- */

static int
open_file(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    FaultFile *fault = (FaultFile *)(void *)file;
    int result;

    file->pMethods = NULL;
    if ((flags & SQLITE_OPEN_CREATE) != 0 && is_due())
        return SQLITE_CANTOPEN;
    fault->real = (sqlite3_file *)(void *)(fault + 1);
    result = real_vfs->xOpen(real_vfs, name, fault->real, flags, ret_flags);
    if (fault->real->pMethods != NULL)
        file->pMethods = &file_methods;
    return result;
}

static int
delete_file(sqlite3_vfs *self, const char *name, int sync_dir)
{
    return is_due() ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, 0);
}

void
fault_vfs_install(void)
{
    g_assert_cmpint(sqlite3_initialize(), ==, SQLITE_OK);
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.pNext = NULL;
    vfs.zName = "meishi-fault";
    vfs.szOsFile = (int)sizeof(FaultFile) + real_vfs->szOsFile;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    g_assert_cmpint(sqlite3_vfs_register(&vfs, 1), ==, SQLITE_OK);
}
