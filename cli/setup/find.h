/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One function for each program: adds its places (MeishiPlace) to a list.  Reads, and changes
 * nothing.
 */
#pragma once

#include "cli/setup/place.h"
#include "cli/setup/surroundings.h"

void meishi_find_p11_kit(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_firefox(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_thunderbird(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_libreoffice(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_chromium(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_java(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_openssl(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_ssh(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_git(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_curl(const MeishiSurroundings *around, GPtrArray *places);

/* For all users: these and p11-kit's. */
void meishi_find_policies(const MeishiSurroundings *around, GPtrArray *places);
void meishi_find_units(const MeishiSurroundings *around, GPtrArray *places);
