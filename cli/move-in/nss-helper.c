/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secrets go to the helper as descriptors, what it finds comes back in a memory file: nothing has a
 * name, and neither side ever waits for the other to read.
 */
#include "cli/move-in/nss-helper.h"

#include "cli/launch.h"
#include "cli/nss/export.h"
#include "daemon/asking/secret-fd.h"
#include "daemon/base/error.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SEAL_FD = 3,
    PASSWORD_FD,
};

static gboolean
hand_over(GSubprocessLauncher *launcher, const MeishiSecret *secret, int as, GError **error)
{
    g_autoptr(GUnixFDList) list = g_unix_fd_list_new();
    gint handle = meishi_secret_fd_append(secret, list, error);
    int fd = handle >= 0 ? g_unix_fd_list_get(list, handle, error) : -1;

    if (fd < 0)
        return FALSE;
    (void)lseek(fd, 0, SEEK_SET); /* it was written a moment ago */
    g_subprocess_launcher_take_fd(launcher, fd, as);
    return TRUE;
}

/* What the loader says of a foreign library is of no interest: there is another one. */
static GSubprocessLauncher *
new_launcher(const char *library, int result)
{
    GSubprocessLauncher *launcher = g_subprocess_launcher_new(
        library != NULL ? G_SUBPROCESS_FLAGS_STDERR_SILENCE : G_SUBPROCESS_FLAGS_NONE);

    g_subprocess_launcher_take_stdout_fd(launcher, dup(result));
    if (library != NULL)
        g_subprocess_launcher_setenv(launcher, "LD_LIBRARY_PATH", library, TRUE);
    return launcher;
}

static GSubprocess *
start(GSubprocessLauncher *launcher, const char *directory, const MeishiSecret *seal,
      const MeishiSecret *password, GError **error)
{
    g_autofree char *program = meishi_launch_find("meishi-nss-export", "nss");
    g_autofree char *seal_fd = g_strdup_printf("%d", SEAL_FD);
    g_autofree char *password_fd = password != NULL ? g_strdup_printf("%d", PASSWORD_FD) : NULL;

    if (program == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE,
                    "This Meishi was built without NSS (meishi-nss-export is not there). Save the "
                    "certificate to a .p12 file with the browser, and import that.");
        return NULL;
    }
    if (!hand_over(launcher, seal, SEAL_FD, error) ||
        (password != NULL && !hand_over(launcher, password, PASSWORD_FD, error)))
        return NULL;
    return g_subprocess_launcher_spawn(launcher, error, program, directory, seal_fd, password_fd,
                                       NULL);
}

static GVariant *
read_result(int fd, GError **error)
{
    g_autoptr(MeishiSecret) bytes = NULL;
    g_autoptr(GVariant) result = NULL;
    g_autoptr(GBytes) content = NULL;

    if (lseek(fd, 0, SEEK_SET) == 0)
        bytes = meishi_secret_new_from_fd(fd, MEISHI_NSS_EXPORT_MAX, error);
    if (bytes == NULL)
        return NULL;
    content = g_bytes_new(meishi_secret_data(bytes), meishi_secret_len(bytes));
    result = g_variant_ref_sink(
        g_variant_new_from_bytes(G_VARIANT_TYPE(MEISHI_NSS_EXPORT_TYPE), content, FALSE));
    return g_variant_get_normal_form(result);
}

/* The helper has an alarm, so that this ends. */
static gboolean
wait_for(GSubprocess *process, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (g_subprocess_wait_check(process, NULL, &cause))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED,
                "The database could not be read: meishi-nss-export: %s", cause->message);
    return FALSE;
}

GVariant *
meishi_nss_helper_run(const char *directory, const char *library, const MeishiSecret *seal,
                      const MeishiSecret *password, GError **error)
{
    int fd = memfd_create("meishi-import", MFD_CLOEXEC);
    g_autoptr(GSubprocessLauncher) launcher = NULL;
    g_autoptr(GSubprocess) process = NULL;
    GVariant *result = NULL;

    if (fd < 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_IO, "Cannot make a memory file: %s",
                    g_strerror(errno));
        return NULL;
    }
    launcher = new_launcher(library, fd);
    process = start(launcher, directory, seal, password, error);
    if (process != NULL && wait_for(process, error))
        result = read_result(fd, error);
    close(fd);
    return result;
}
