/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/module/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

char *
fixture_make_runtime_dir(void)
{
    char *dir = g_dir_make_tmp("meishi-XXXXXX", NULL);

    g_assert_nonnull(dir);
    g_setenv("XDG_RUNTIME_DIR", dir, TRUE);
    return dir;
}

void
fixture_remove_runtime_dir(char *dir)
{
    g_autofree char *subdir = g_build_filename(dir, "meishi", NULL);
    g_autofree char *socket = g_build_filename(subdir, "pkcs11", NULL);

    g_unlink(socket);
    g_rmdir(subdir);
    g_rmdir(dir);
    g_free(dir);
}

CK_SESSION_HANDLE
fixture_open(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE session;

    assert_rv(C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_OK);
    return session;
}

void
fixture_set_up_without_agent(Fixture *f, gconstpointer unused)
{
    f->dir = g_strdup(g_getenv("XDG_RUNTIME_DIR"));
    f->agent = NULL;
    assert_rv(C_Initialize(NULL), CKR_OK);
}

void
fixture_set_up(Fixture *f, gconstpointer unused)
{
    fixture_set_up_without_agent(f, NULL);
    fixture_start_agent(f);
    f->session = fixture_open(1);
    f->eddsa = fixture_open(2);
}

void
fixture_tear_down(Fixture *f, gconstpointer unused)
{
    g_autofree char *socket = g_build_filename(f->dir, "meishi", "pkcs11", NULL);
    CK_RV rv = C_Finalize(NULL);

    g_assert_true(rv == CKR_OK || rv == CKR_CRYPTOKI_NOT_INITIALIZED);
    if (f->agent != NULL)
        fixture_kill_agent(f);
    g_unlink(socket);
    g_free(f->dir);
}

void
fixture_kill_agent(Fixture *f)
{
    fake_agent_free(f->agent);
    f->agent = NULL;
}

void
fixture_start_agent(Fixture *f)
{
    f->agent = fake_agent_new(f->dir);
}

char *
fixture_find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG n)
{
    GString *found = g_string_new(NULL);
    CK_OBJECT_HANDLE handles[3];
    CK_ULONG count;

    assert_rv(C_FindObjectsInit(session, templ, n), CKR_OK);
    do {
        assert_rv(C_FindObjects(session, handles, 3, &count), CKR_OK);
        for (CK_ULONG i = 0; i < count; i++)
            g_string_append_printf(found, "%s%lu", found->len > 0 ? " " : "", handles[i]);
    } while (count > 0);
    assert_rv(C_FindObjectsFinal(session), CKR_OK);
    return g_string_free(found, FALSE);
}

CK_RV
fixture_sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_BYTE data[] = "thirty-two bytes to be signed...", signature[256];
    CK_ULONG len = sizeof signature;
    CK_RV rv;

    assert_rv(C_SignInit(session, &mechanism, key), CKR_OK);
    rv = C_Sign(session, data, sizeof data, signature, &len);
    if (rv != CKR_OK)
        return rv;
    g_assert_cmpuint(len, ==, type == CKM_RSA_PKCS ? 256 : 64);
    for (CK_ULONG i = 0; i < len; i++)
        g_assert_cmpuint(signature[i], ==, fake_agent_sum(data, sizeof data));
    return CKR_OK;
}
