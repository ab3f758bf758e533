/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads e_ident and e_machine of elf(5) as Debian names architectures.
 */
#include "cli/doctor/judge/architecture.h"

#include <elf.h>

/* As Debian names them; NULL for what it has not. */
static const char *
name_architecture(const MeishiElfFact *elf)
{
    static const struct {
        guint machine, bits;
        const char *name;
    } known[] = {
        {EM_386, 32, "i386"},      {EM_X86_64, 64, "amd64"},  {EM_ARM, 32, "armhf"},
        {EM_AARCH64, 64, "arm64"}, {EM_PPC64, 64, "ppc64el"}, {EM_S390, 64, "s390x"},
        {EM_RISCV, 64, "riscv64"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i].machine == elf->machine && known[i].bits == elf->bits)
            return known[i].name;
    }
    return NULL;
}

gboolean
meishi_architecture_differs(const MeishiElfFact *a, const MeishiElfFact *b)
{
    return a->is_elf && b->is_elf && (a->bits != b->bits || a->machine != b->machine);
}

char *
meishi_architecture_describe(const MeishiElfFact *elf)
{
    const char *name = name_architecture(elf);

    return name != NULL ? g_strdup(name)
                        : g_strdup_printf("%u bits, machine %u", elf->bits, elf->machine);
}

void
meishi_architecture_mend(const MeishiElfFact *elf, MeishiFinding *finding)
{
    const char *name = name_architecture(elf);

    if (name != NULL)
        meishi_finding_mends(finding, "sudo apt install meishi-pkcs11:%s", name);
}
