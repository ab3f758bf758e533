/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The person before an agent's questions of one kind: holds the one that is open and how many there
 * were; says yes, no and "not now", and may have gone.  What an answer means is for each test.
 */
#pragma once

#include "daemon/agent/prompters.h"

typedef struct {
    MeishiPrompters *prompters;
    const char *kind; /* of all that is asked */
    guint n_asked;
    char *cookie;       /* of the question that is open; NULL */
    GVariant *question; /* the last one */
    GString *ended;     /* "REASON " for each that was taken away */
} Person;

/* There from now on; @kind lives as long as the person. */
Person *person_new(MeishiPrompters *prompters, const char *kind);
void person_free(Person *person); /* leaves */

void person_leave(Person *person);
void person_come(Person *person);
/* A further prompter of the same person, for meishi_prompters_remove() with @owner. */
void person_come_as(Person *person, gpointer owner);

/* To the open question. */
void person_dismiss(Person *person);
/* "allow": @allow, or an answer that says nothing for NULL. */
void person_answer(Person *person, const char *allow);
