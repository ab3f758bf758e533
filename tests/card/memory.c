/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See memory.h.
 */
#include "tests/card/memory.h"

#include <openssl/rand.h>
#include <string.h>

#define GROUP     "Card"
#define FIELD_LEN 8
#define PUK       "12345678"
#define PUK_TRIES 3

static void
read_code(GKeyFile *file, const char *name, MeishiCardCode *code)
{
    g_autofree char *tries = g_strconcat(name, "-tries", NULL);

    g_free(code->code);
    code->code = g_key_file_get_string(file, GROUP, name, NULL);
    code->tries_left = (guint)g_key_file_get_integer(file, GROUP, tries, NULL);
}

static void
write_code(GKeyFile *file, const char *name, const MeishiCardCode *code)
{
    g_autofree char *tries = g_strconcat(name, "-tries", NULL);

    g_key_file_set_string(file, GROUP, name, code->code);
    g_key_file_set_integer(file, GROUP, tries, (int)code->tries_left);
}

static void
read_memory(MeishiCardMemory *memory, GKeyFile *file)
{
    g_autofree guchar *guid = NULL;
    g_autofree char *text = g_key_file_get_string(file, GROUP, "guid", NULL);
    gsize len = 0;

    read_code(file, "pin", &memory->pin);
    read_code(file, "puk", &memory->puk);
    guid = text != NULL ? g_base64_decode(text, &len) : NULL;
    if (len == sizeof memory->guid)
        memcpy(memory->guid, guid, len);
}

MeishiCardMemory *
meishi_card_memory_new(const char *path, const char *pin, guint tries)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    MeishiCardMemory *memory = g_new0(MeishiCardMemory, 1);

    memory->path = g_strdup(path);
    memory->pin = (MeishiCardCode){g_strdup(pin), tries, tries};
    memory->puk = (MeishiCardCode){g_strdup(PUK), PUK_TRIES, PUK_TRIES};
    g_assert_cmpint(RAND_bytes(memory->guid, sizeof memory->guid), ==, 1);
    if (path != NULL && g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        read_memory(memory, file);
    else
        meishi_card_memory_save(memory);
    return memory;
}

void
meishi_card_memory_free(MeishiCardMemory *memory)
{
    g_free(memory->path);
    g_free(memory->pin.code);
    g_free(memory->puk.code);
    g_free(memory);
}

void
meishi_card_memory_save(const MeishiCardMemory *memory)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *guid = g_base64_encode(memory->guid, sizeof memory->guid);

    if (memory->path == NULL)
        return;
    g_key_file_set_string(file, GROUP, "guid", guid);
    write_code(file, "pin", &memory->pin);
    write_code(file, "puk", &memory->puk);
    g_assert_true(g_key_file_save_to_file(file, memory->path, NULL));
}

gboolean
meishi_card_code_verify(MeishiCardCode *code, const guint8 *field)
{
    guint8 wanted[FIELD_LEN];

    memset(wanted, 0xff, sizeof wanted);
    memcpy(wanted, code->code, MIN(strlen(code->code), sizeof wanted));
    if (memcmp(field, wanted, sizeof wanted) == 0) {
        code->tries_left = code->tries_max;
        return TRUE;
    }
    code->tries_left--;
    return FALSE;
}

void
meishi_card_code_set(MeishiCardCode *code, const guint8 *field)
{
    const guint8 *end = memchr(field, 0xff, FIELD_LEN);

    g_free(code->code);
    code->code = g_strndup((const char *)field, end != NULL ? (gsize)(end - field) : FIELD_LEN);
    code->tries_left = code->tries_max;
}
