/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether the clock can be right: it is later than everything that has happened.
 */
#include "cli/doctor/judge/judges.h"

/* Clocks of file servers differ, and a package may be built in another time zone's tomorrow. */
#define SLACK_SECONDS (24 * 60 * 60)

static char *
describe_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

    return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("impossible");
}

static void
mend(MeishiFinding *finding)
{
    meishi_finding_means(finding, "With a wrong clock, certificates seem expired or not yet valid, "
                                  "here and to servers.");
    meishi_finding_mends(finding, "sudo timedatectl set-ntp true");
}

void
meishi_judge_clock(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiClockFacts *clock = &facts->clock;
    g_autofree char *now = describe_time(clock->now);
    g_autofree char *store_time = describe_time(clock->store_time);

    if (clock->program_time > clock->now + SLACK_SECONDS)
        mend(meishi_finding_problem(findings, "clock-before-build",
                                    "It says %s; Meishi was built later than that", now));
    else if (clock->store_time > clock->now + SLACK_SECONDS)
        mend(meishi_finding_problem(findings, "clock-before-store",
                                    "It says %s; %s was written on %s", now, clock->store_file,
                                    store_time));
    else if (clock->n_certs > 1 && clock->n_not_yet == clock->n_certs)
        mend(meishi_finding_problem(findings, "clock-before-certificates",
                                    "It says %s; none of your %u certificates is valid yet", now,
                                    clock->n_certs));
    else
        meishi_finding_ok(findings, "clock", "%s", now);
}
