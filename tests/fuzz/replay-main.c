/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a fuzz target over its corpus, so that every input once found stays a test where libFuzzer
 * is missing.  Beside each file itself, a fixed number of variants of it (cut short, one byte
 * changed) goes through the target: the same ones in every run.
 *
 * Arguments are files and directories (not searched deeper).  A target fails by crashing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST_INPUT (1u << 20)
#define N_VARIANTS    200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t
next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A copy that ends where the input ends, so that a sanitizer sees a read beyond it. */
static void
run_one(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void
run_variants(uint8_t *data, size_t size)
{
    uint32_t state = (uint32_t)size + 1;

    for (unsigned i = 0; size > 0 && i < N_VARIANTS; i++) {
        size_t at = next_random(&state) % size;
        uint8_t saved = data[at];

        if (i % 2 == 0) {
            run_one(data, at);
            continue;
        }
        data[at] = (uint8_t)next_random(&state);
        run_one(data, size);
        data[at] = saved;
    }
}

static bool
replay_file(const char *path)
{
    uint8_t *data = malloc(LARGEST_INPUT);
    FILE *file = fopen(path, "rb");
    size_t size;

    if (data == NULL || file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        free(data);
        if (file != NULL)
            fclose(file);
        return false;
    }
    size = fread(data, 1, LARGEST_INPUT, file);
    fclose(file);
    run_one(data, size);
    run_variants(data, size);
    free(data);
    return true;
}

static int
replay_directory(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    int n_run = 0;

    for (int i = 0; i < n; i++) {
        char *file = NULL;

        if (n_run >= 0 && entries[i]->d_name[0] != '.' &&
            asprintf(&file, "%s/%s", path, entries[i]->d_name) > 0)
            n_run = replay_file(file) ? n_run + 1 : -1;
        free(file);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return n < 0 ? -1 : n_run;
}

int
main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        struct stat st;
        int n = -1;

        if (stat(argv[i], &st) == 0)
            n = S_ISDIR(st.st_mode) ? replay_directory(argv[i]) : replay_file(argv[i]);
        if (n < 0)
            return 1;
        total += n;
    }
    printf("%d inputs, each with up to %d variants\n", total, N_VARIANTS);
    return total > 0 ? 0 : 1; /* an empty corpus tests nothing */
}
