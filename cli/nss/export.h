/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What meishi and meishi-nss-export say to each other.
 *
 *   meishi-nss-export DIRECTORY SEAL [PASSWORD]
 *
 * SEAL and PASSWORD are numbers of descriptors: the password that what comes out is encrypted with,
 * in ASCII, and the database's own.  Standard output is one GVariant of MEISHI_NSS_EXPORT_TYPE in
 * the byte order of the machine: state, detail, and of each identity its nickname, why it could not
 * be taken ("" where it could) and a PKCS#12 file.  The exit status is 0 whenever that was written.
 */
#pragma once

#define MEISHI_NSS_EXPORT_TYPE     "(ssa(ssay))"

#define MEISHI_NSS_EXPORT_OK       "ok"
#define MEISHI_NSS_EXPORT_PASSWORD "password" /* one is needed, or another one */
#define MEISHI_NSS_EXPORT_FAILED   "failed"   /* detail is NSS's name for why */

#define MEISHI_NSS_EXPORT_MAX      (64 * 1024 * 1024)
#define MEISHI_NSS_MAX_PASSWORD    4096
