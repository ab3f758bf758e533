/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looking at files without opening more than has to be.
 */
#include "cli/doctor/gather/gather-private.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_TEXT (1024 * 1024)

MeishiFileFact
meishi_gather_file(MeishiFacts *facts, const char *path)
{
    MeishiFileFact fact = {.path = meishi_facts_copy(facts, path)};
    struct stat st;

    if (lstat(path, &st) != 0)
        return fact;
    fact.exists = TRUE;
    fact.mode = st.st_mode;
    fact.uid = st.st_uid;
    return fact;
}

/* e_machine is in the byte order that e_ident says, and at the same place in both classes. */
static void
read_header(const unsigned char *bytes, MeishiElfFact *elf)
{
    guint16 machine;

    if (memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return;
    memcpy(&machine, bytes + G_STRUCT_OFFSET(Elf64_Ehdr, e_machine), sizeof machine);
    elf->is_elf = TRUE;
    elf->bits = bytes[EI_CLASS] == ELFCLASS32 ? 32 : 64;
    elf->machine = bytes[EI_DATA] == ELFDATA2MSB ? be16toh(machine) : le16toh(machine);
}

MeishiElfFact
meishi_gather_elf(const char *path)
{
    MeishiElfFact elf = {FALSE, 0, 0};
    unsigned char bytes[sizeof(Elf64_Ehdr)];
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;

    if (fd < 0)
        return elf;
    if (pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes)
        read_header(bytes, &elf);
    close(fd);
    return elf;
}

gboolean
meishi_gather_is_same_file(const char *a, const char *b)
{
    struct stat x, y;

    return a != NULL && b != NULL && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

char *
meishi_gather_text(const char *path)
{
    g_autofree char *text = NULL;
    struct stat st;
    gsize len;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_TEXT ||
        !g_file_get_contents(path, &text, &len, NULL) || strlen(text) != len)
        return NULL;
    return g_steal_pointer(&text);
}
