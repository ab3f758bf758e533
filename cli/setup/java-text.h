/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files that a Java program is started with.  Pure functions; every string returned is new.
 */
#pragma once

#include <glib.h>

/* Configuration of SunPKCS11 for @module; NULL where the path cannot be written there (the file is
 * Latin-1, the path in it is expanded). */
char *meishi_java_text_configuration(const char *module);

/* The number in "security.provider.N" that @master, the java.security of a JDK, has for SunPKCS11,
 * or the first free one. */
guint meishi_java_text_provider(const char *master);

/* Security properties that give provider @number the configuration at @path. */
char *meishi_java_text_security(guint number, const char *path);

/* Arguments for the java command: the security properties at @path, and the token as key store. */
char *meishi_java_text_arguments(const char *path);
