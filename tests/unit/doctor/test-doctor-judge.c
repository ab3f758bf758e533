/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runtime directory, sockets, daemon, clock, policy and environment.
 */
#include "tests/unit/doctor/judging.h"

#define ME    1000
#define OTHER 1001
#define RUN   "/run/user/1000"

/* The usual machine: a login session, systemd, everything enabled and served. */
#define USUAL_RUNTIME                                                                     \
    {                                                                                     \
        .variable = RUN, .base = DIRECTORY(RUN, 0700, ME),                                \
        .dir = DIRECTORY(RUN "/meishi", 0700, ME), .has_own = TRUE, .socket_path_len = 30 \
    }
#define UNIT    "/usr/lib/systemd/user/meishid.socket"
#define ENABLED "/h/.config/systemd/user/sockets.target.wants/meishid.socket"
#define SERVED(place)                                \
    {                                                \
        .path = place, .state = MEISHI_SOCKET_SERVED \
    }
#define NOT(place, why)                             \
    {                                               \
        .path = place, .state = MEISHI_SOCKET_##why \
    }
#define BUS    RUN "/meishi/bus"
#define MODULE RUN "/meishi/pkcs11"

static const JudgingCase runtime[] = {
    {"runtime/usual", meishi_judge_runtime, {.uid = ME, .runtime = USUAL_RUNTIME}, "ok runtime"},
    {"runtime/missing",
     meishi_judge_runtime,
     {.uid = ME, .runtime = {.variable = "/run/gone", .base = {.path = "/run/gone"}}},
     "problem runtime-missing: mkdir -p -m 700 /run/gone"},
    {"runtime/missing-beside-own",
     meishi_judge_runtime,
     {.uid = ME,
      .runtime = {.variable = "/run/gone", .base = {.path = "/run/gone"}, .has_own = TRUE}},
     "problem runtime-missing: export XDG_RUNTIME_DIR=/run/user/1000"},
    {"runtime/of-somebody-else",
     meishi_judge_runtime,
     {.uid = 0, .runtime = {.variable = RUN, .base = DIRECTORY(RUN, 0700, ME)}},
     "problem runtime-foreign: unset XDG_RUNTIME_DIR"},
    {"runtime/open",
     meishi_judge_runtime,
     {.uid = ME, .runtime = {.variable = "/x y", .base = DIRECTORY("/x y", 0777, ME)}},
     "problem runtime-open: chmod 700 '/x y'"},
    {"runtime/ours-open",
     meishi_judge_runtime,
     {.uid = ME,
      .runtime = {.variable = RUN,
                  .base = DIRECTORY(RUN, 0700, ME),
                  .dir = DIRECTORY(RUN "/meishi", 0720, ME)}},
     "problem runtime-open: chmod 700 /run/user/1000/meishi"},
    {"runtime/file-in-the-way",
     meishi_judge_runtime,
     {.uid = ME,
      .runtime = {.variable = RUN,
                  .base = DIRECTORY(RUN, 0700, ME),
                  .dir = REGULAR(RUN "/meishi", 0600, ME)}},
     "problem runtime-obstacle: mv /run/user/1000/meishi /run/user/1000/meishi.away"},
    {"runtime/directory-of-somebody-else",
     meishi_judge_runtime,
     {.uid = ME,
      .runtime = {.variable = RUN,
                  .base = DIRECTORY(RUN, 0700, ME),
                  .dir = DIRECTORY(RUN "/meishi", 0700, OTHER)}},
     "problem runtime-obstacle: sudo mv /run/user/1000/meishi /run/user/1000/meishi.away"},
    {"runtime/relative",
     meishi_judge_runtime,
     {.uid = ME, .runtime = {.variable = "run", .has_own = TRUE}},
     "problem runtime-relative: export XDG_RUNTIME_DIR=/run/user/1000"},
    {"runtime/too-long",
     meishi_judge_runtime,
     {.uid = ME,
      .runtime = {.variable = RUN, .dir = {.path = RUN "/meishi"}, .socket_path_len = 108}},
     "problem runtime-long: unset XDG_RUNTIME_DIR"},
    {"runtime/longest",
     meishi_judge_runtime,
     {.uid = ME,
      .runtime = {.variable = RUN,
                  .base = DIRECTORY(RUN, 0700, ME),
                  .dir = {.path = RUN "/meishi"},
                  .socket_path_len = 107}},
     "ok runtime"},
    {"runtime/none",
     meishi_judge_runtime,
     {.uid = ME, .runtime = {.dir = {.path = "/tmp/meishi-1000/meishi"}}},
     "note runtime-fallback"},
    {"runtime/unset-but-there",
     meishi_judge_runtime,
     {.uid = ME,
      .runtime = {.base = DIRECTORY(RUN, 0700, ME),
                  .dir = {.path = RUN "/meishi"},
                  .has_own = TRUE}},
     "ok runtime"},
};

static const JudgingCase units[] = {
    {"socket/usual",
     meishi_judge_units,
     {.unit = {.has_manager = TRUE, .unit = UNIT, .enabled = ENABLED},
      .daemon = {.module = SERVED(MODULE)}},
     "ok socket"},
    {"socket/no-systemd", meishi_judge_units, {.unit = {.unit = UNIT}}, "note socket-no-manager"},
    {"socket/disabled",
     meishi_judge_units,
     {.unit = {.has_manager = TRUE, .unit = UNIT}, .daemon = {.module = SERVED(MODULE)}},
     "problem socket-disabled: systemctl --user enable --now meishid.socket"},
    {"socket/masked",
     meishi_judge_units,
     {.unit = {.has_manager = TRUE, .masked = "/h/.config/systemd/user/meishid.socket"}},
     "problem socket-masked: systemctl --user unmask meishid.socket"},
    {"socket/stopped",
     meishi_judge_units,
     {.unit = {.has_manager = TRUE, .unit = UNIT, .enabled = ENABLED},
      .daemon = {.module = NOT(MODULE, ABSENT)}},
     "problem socket-stopped: systemctl --user restart meishid.socket"},
    {"socket/elsewhere",
     meishi_judge_units,
     {.unit = {.has_manager = TRUE, .installed = "/opt/m/lib/systemd/user/meishid.socket"}},
     "problem socket-not-installed: systemctl --user enable --now "
     "/opt/m/lib/systemd/user/meishid.socket"},
    {"socket/nowhere",
     meishi_judge_units,
     {.unit = {.has_manager = TRUE}},
     "problem socket-not-installed"},
};

static const JudgingCase daemons[] = {
    {"daemon/usual",
     meishi_judge_daemon,
     {.daemon = {.bus = SERVED(BUS),
                 .module = SERVED(MODULE),
                 .is_known = TRUE,
                 .version = "1",
                 .own_version = "1",
                 .pid = 7}},
     "ok daemon"},
    {"daemon/absent",
     meishi_judge_daemon,
     {.daemon = {.bus = NOT(BUS, ABSENT), .module = NOT(MODULE, ABSENT)}},
     "problem daemon-absent: meishi status"},
    {"daemon/absent-under-systemd",
     meishi_judge_daemon,
     {.unit = {.has_manager = TRUE, .unit = UNIT, .enabled = ENABLED},
      .daemon = {.bus = NOT(BUS, ABSENT)}},
     "problem daemon-absent: systemctl --user restart meishid.socket meishid-bus.socket"},
    {"daemon/masked",
     meishi_judge_daemon,
     {.unit = {.has_manager = TRUE, .unit = UNIT, .masked = "/x"},
      .daemon = {.bus = NOT(BUS, ABSENT)}},
     "problem daemon-absent: meishi status"},
    {"daemon/stale",
     meishi_judge_daemon,
     {.daemon = {.bus = NOT(BUS, STALE)}},
     "problem daemon-stale: meishi status"},
    {"daemon/foreign",
     meishi_judge_daemon,
     {.uid = ME, .runtime = {.has_own = TRUE}, .daemon = {.bus = NOT(BUS, FOREIGN)}},
     "problem daemon-foreign: export XDG_RUNTIME_DIR=/run/user/1000"},
    {"daemon/version",
     meishi_judge_daemon,
     {.daemon = {.bus = SERVED(BUS),
                 .module = SERVED(MODULE),
                 .is_known = TRUE,
                 .version = "1",
                 .own_version = "2",
                 .pid = 7}},
     "problem daemon-version: kill 7"},
    {"daemon/version-under-systemd",
     meishi_judge_daemon,
     {.unit = {.has_manager = TRUE, .unit = UNIT, .enabled = ENABLED},
      .daemon = {.bus = SERVED(BUS), .is_known = TRUE, .version = "1", .own_version = "2"}},
     "problem daemon-version: systemctl --user restart meishid.service"},
    {"daemon/replaced",
     meishi_judge_daemon,
     {.daemon = {.bus = SERVED(BUS),
                 .module = SERVED(MODULE),
                 .is_known = TRUE,
                 .version = "1",
                 .own_version = "1",
                 .is_replaced = TRUE,
                 .pid = 7}},
     "problem daemon-replaced: kill 7"},
    {"daemon/deaf",
     meishi_judge_daemon,
     {.daemon = {.bus = SERVED(BUS),
                 .module = NOT(MODULE, STALE),
                 .is_known = TRUE,
                 .version = "1",
                 .own_version = "1",
                 .pid = 7}},
     "problem daemon-module-socket: kill 7"},
    {"daemon/hangs",
     meishi_judge_daemon,
     {.daemon = {.bus = SERVED(BUS), .module = SERVED(MODULE), .pid = 7}},
     "problem daemon-unreachable: kill -s KILL 7"},
    {"daemon/unreachable",
     meishi_judge_daemon,
     {.daemon =
          {.bus = {.path = BUS, .state = MEISHI_SOCKET_FAILED, .error = "Permission denied"}}},
     "problem daemon-unreachable"},
};

#define NOW G_GINT64_CONSTANT(1800000000)
#define DAY (24 * 60 * 60)

static const JudgingCase clocks[] = {
    {"clock/usual",
     meishi_judge_clock,
     {.clock = {.now = NOW, .program_time = NOW - DAY, .store_time = NOW, .n_certs = 2}},
     "ok clock"},
    {"clock/before-build",
     meishi_judge_clock,
     {.clock = {.now = 0, .program_time = NOW}},
     "problem clock-before-build: sudo timedatectl set-ntp true"},
    {"clock/before-store",
     meishi_judge_clock,
     {.clock = {.now = NOW, .store_time = NOW + 2 * DAY, .store_file = "/s/vault.db"}},
     "problem clock-before-store: sudo timedatectl set-ntp true"},
    {"clock/slack",
     meishi_judge_clock,
     {.clock = {.now = NOW, .store_time = NOW + DAY, .program_time = NOW + DAY}},
     "ok clock"},
    {"clock/before-certificates",
     meishi_judge_clock,
     {.clock = {.now = NOW, .n_certs = 2, .n_not_yet = 2}},
     "problem clock-before-certificates: sudo timedatectl set-ntp true"},
    {"clock/one-certificate-is-no-proof",
     meishi_judge_clock,
     {.clock = {.now = NOW, .n_certs = 1, .n_not_yet = 1}},
     "ok clock"},
    {"clock/one-of-two",
     meishi_judge_clock,
     {.clock = {.now = NOW, .n_certs = 2, .n_not_yet = 1}},
     "ok clock"},
};

static const MeishiPolicyFact syntax[] = {
    {.is_error = TRUE, .file = "/h/a.conf", .line = 3, .text = "a.conf:3: error: x", .uid = ME}};
static const MeishiPolicyFact of_root[] = {
    {.is_error = TRUE, .file = "/etc/meishi/a.conf", .line = 3, .text = "x", .uid = 0}};
static const MeishiPolicyFact writable[] = {{.is_error = TRUE,
                                             .file = "/h/a.conf",
                                             .text = "others may write it",
                                             .uid = ME,
                                             .open_place = REGULAR("/h/a.conf", 0666, ME)}};
static const MeishiPolicyFact in_open_directory[] = {
    {.is_error = TRUE,
     .file = "/etc/meishi/a.conf",
     .text = "others may write it",
     .open_place = DIRECTORY("/etc/meishi", 0777, 0)}};
static const MeishiPolicyFact warning[] = {
    {.is_error = FALSE, .file = "/h/a.conf", .line = 1, .text = "x", .uid = ME}};

static const JudgingCase policies[] = {
    {"policy/usual", meishi_judge_policy, {.n_policy_files = 1}, "ok policy"},
    {"policy/syntax",
     meishi_judge_policy,
     {.uid = ME, .policy = syntax, .n_policy = 1},
     "problem policy-error: ${VISUAL:-${EDITOR:-vi}} /h/a.conf"},
    {"policy/of-root",
     meishi_judge_policy,
     {.uid = ME, .policy = of_root, .n_policy = 1, .policy_has_failed = TRUE},
     "problem policy-error: sudoedit /etc/meishi/a.conf"},
    {"policy/as-root",
     meishi_judge_policy,
     {.uid = 0, .policy = of_root, .n_policy = 1},
     "problem policy-error: ${VISUAL:-${EDITOR:-vi}} /etc/meishi/a.conf"},
    {"policy/writable",
     meishi_judge_policy,
     {.uid = ME, .policy = writable, .n_policy = 1},
     "problem policy-error: chmod go-w /h/a.conf"},
    {"policy/writable-directory",
     meishi_judge_policy,
     {.uid = ME, .policy = in_open_directory, .n_policy = 1},
     "problem policy-error: sudo chmod go-w /etc/meishi"},
    {"policy/warning",
     meishi_judge_policy,
     {.uid = ME, .policy = warning, .n_policy = 1},
     "note policy-warning: ${VISUAL:-${EDITOR:-vi}} /h/a.conf"},
};

static const JudgingCase environments[] = {
    {"environment/empty", meishi_judge_environment, {.uid = ME}, "ok environment"},
    {"environment/our-module",
     meishi_judge_environment,
     {.environment = {.module_path = "/m.so",
                      .module_path_exists = TRUE,
                      .module_path_is_ours = TRUE}},
     "ok environment"},
    {"environment/other-module",
     meishi_judge_environment,
     {.environment = {.module_path = "/o.so", .module_path_exists = TRUE}},
     "problem environment-module: unset PKCS11_MODULE_PATH"},
    {"environment/openssl-gone",
     meishi_judge_environment,
     {.environment = {.openssl_conf = "/gone.cnf"}},
     "problem environment-openssl: unset OPENSSL_CONF"},
    {"environment/openssl-other",
     meishi_judge_environment,
     {.environment = {.openssl_conf = "/o.cnf",
                      .openssl_conf_exists = TRUE,
                      .openssl_conf_module = "/o.so"}},
     "problem environment-openssl: unset OPENSSL_CONF"},
    {"environment/openssl-harmless",
     meishi_judge_environment,
     {.environment = {.openssl_conf = "/o.cnf", .openssl_conf_exists = TRUE}},
     "ok environment"},
    {"environment/no-user-config",
     meishi_judge_environment,
     {.uid = ME, .environment = {.no_user_config = "1"}},
     "problem environment-p11-kit: unset P11_KIT_NO_USER_CONFIG"},
    {"environment/no-user-config-of-root",
     meishi_judge_environment,
     {.uid = 0, .environment = {.no_user_config = "1"}},
     "ok environment"},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    judging_add(runtime, G_N_ELEMENTS(runtime));
    judging_add(units, G_N_ELEMENTS(units));
    judging_add(daemons, G_N_ELEMENTS(daemons));
    judging_add(clocks, G_N_ELEMENTS(clocks));
    judging_add(policies, G_N_ELEMENTS(policies));
    judging_add(environments, G_N_ELEMENTS(environments));
    return g_test_run();
}
