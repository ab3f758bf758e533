/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long the daemon's main loop stands still while it reads its policy anew: 1000 rules in one
 * file, in a hundred and in a thousand, from a disk whose cache is warm, in time of the processor.
 */
#include "daemon/agent/rulebook.h"
#include "tests/lib/policy-root.h"

#include <stdio.h>
#include <time.h>

#define N_RULES  1000
#define MIN_USEC 1000000

static void
write_rules(const char *root, guint n_files)
{
    for (guint f = 0; f < n_files; f++) {
        g_autoptr(GString) text = g_string_new("[Policy]\nVersion=1\n");
        g_autofree char *name = g_strdup_printf("%04u.conf", f);

        for (guint r = f * N_RULES / n_files; r < (f + 1) * N_RULES / n_files; r++)
            g_string_append_printf(text,
                                   "\n[Rule r%u]\nPriority=%u\n"
                                   "Match-Host=www.h%u.example;*.apps.h%u.example\n"
                                   "Match-Port=443;8443-8449\n"
                                   "Identity-Chain-Issuer=CN=Issuing CA %u,O=Example,C=JP\n"
                                   "Identity-EKU=clientAuth\nAction=select\nOn-Multiple=best\n",
                                   r, r % 900, r, r, r % 50);
        policy_root_write(root, POLICY_ADMIN, name, text->str);
    }
}

static gint64
cpu_usec(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (gint64)t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

static double
time_reload(MeishiRulebook *book)
{
    gint64 start = cpu_usec();
    guint n = 0;

    do {
        g_autoptr(GError) error = NULL;

        if (!meishi_rulebook_reload(book, &error))
            g_error("the rules of the benchmark are wrong: %s", error->message);
        n++;
    } while (cpu_usec() - start < MIN_USEC);
    return (double)(cpu_usec() - start) / n;
}

int
main(void)
{
    static const guint files[] = {1, 100, 1000};

    printf("%8s %8s %14s\n", "rules", "files", "reload (us)");
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        char *root = policy_root_new();
        g_autoptr(MeishiRulebook) book = NULL;

        write_rules(root, files[i]);
        meishi_rulebook_set_root(root);
        book = meishi_rulebook_new();
        printf("%8d %8u %14.0f\n", N_RULES, files[i], time_reload(book));
        policy_root_free(root);
    }
    return 0;
}
