/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the programs that bring NSS keep their databases of certificates and keys: one per profile
 * for Firefox and Thunderbird, one per person for Chromium and its kin, and the same once more
 * inside each Snap and Flatpak.  Only looks; whether there is a database yet is for the caller.
 */
#pragma once

#include <glib.h>

typedef struct {
    const char *program; /* "firefox", "thunderbird", "chromium"; static */
    char *title;         /* for people: "Firefox (Snap), profile “default”" */
    char *profile;       /* its name in profiles.ini; NULL for Chromium */
    char *sandbox;       /* "snap:firefox", "flatpak:org.mozilla.firefox"; NULL */
    char *path;          /* the directory of cert9.db, key4.db and pkcs11.txt */
} MeishiNssStore;

void meishi_nss_store_free(MeishiNssStore *store); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiNssStore, meishi_nss_store_free)

/* The person's directories; NULL: those of this process. */
typedef struct {
    const char *home;
    const char *config; /* $XDG_CONFIG_HOME, else ~/.config */
    const char *data;   /* $XDG_DATA_HOME, else ~/.local/share */
} MeishiNssStoresHome;

/* Programs that are known, NULL-terminated; static. */
const char *const *meishi_nss_stores_programs(void);

/* The directories of @program (MeishiNssStore) that exist, in a fixed order and each once, however
 * many names it has.  Chromium makes its own at its first start: where that has not been, there is
 * none.  @ret_looked, if not NULL: every place that was looked at, for an error message. */
GPtrArray *meishi_nss_stores_find(const MeishiNssStoresHome *home, const char *program,
                                  GStrv *ret_looked) G_GNUC_WARN_UNUSED_RESULT;
