/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The module, the places where programs look for it, p11-kit, boxes, tokens, and what is seen
 * twice.
 */
#include "tests/unit/doctor/judging.h"

#define ME  1000
#define LIB "/usr/lib/meishi-pkcs11.so"

static const JudgingCase modules[] = {
    {"module/usual",
     meishi_judge_module,
     {.module = {.path = LIB, .exists = TRUE, .is_readable = TRUE, .elf = AMD64, .own = AMD64}},
     "ok module"},
    {"module/missing",
     meishi_judge_module,
     {.module = {.path = LIB}},
     "problem module-missing: sudo apt install --reinstall meishi-pkcs11"},
    {"module/architecture",
     meishi_judge_module,
     {.module = {.path = LIB, .exists = TRUE, .is_readable = TRUE, .elf = I386, .own = AMD64}},
     "problem module-architecture: sudo apt install meishi-pkcs11:amd64\nok module"},
    {"module/unknown-architecture",
     meishi_judge_module,
     {.module = {.path = LIB, .exists = TRUE, .elf = I386, .own = {TRUE, 64, 999}}},
     "problem module-architecture\nok module"},
    {"module/no-elf",
     meishi_judge_module,
     {.module = {.path = LIB, .exists = TRUE, .is_readable = TRUE, .own = AMD64}},
     "ok module"},
    {"module/closed-to-others",
     meishi_judge_module,
     {.uid = ME,
      .module =
          {.path = LIB, .exists = TRUE, .is_readable = TRUE, .closed_at = "/h", .closed_uid = ME}},
     "note module-closed: chmod a+rX /h"},
    {"module/closed-to-us",
     meishi_judge_module,
     {.uid = ME, .module = {.path = LIB, .exists = TRUE, .closed_at = LIB}},
     "problem module-closed: sudo chmod a+rX " LIB},
};

/* ---- programs -------------------------------------------------------------------------------- */

static const MeishiProgramFact ready[] = {
    {.state = MEISHI_PROGRAM_READY, .program = "p11-kit", .title = "p11-kit", .module = LIB},
    {.state = MEISHI_PROGRAM_READY,
     .program = "firefox",
     .title = "Firefox",
     .module = LIB,
     .executable = "/usr/bin/firefox",
     .elf = AMD64,
     .module_elf = AMD64},
};
static const MeishiProgramFact missing[] = {
    {.state = MEISHI_PROGRAM_READY, .program = "p11-kit", .title = "p11-kit"},
    {.state = MEISHI_PROGRAM_MISSING, .program = "firefox", .title = "Firefox, profile a"},
    {.state = MEISHI_PROGRAM_MISSING, .program = "firefox", .title = "Firefox, profile b"},
    {.state = MEISHI_PROGRAM_MISSING,
     .program = "chromium",
     .title = "Chromium",
     .in_use_by = "chromium (process 7)"},
};
static const MeishiProgramFact without_java[] = {
    {.state = MEISHI_PROGRAM_READY, .program = "p11-kit", .title = "p11-kit"},
    {.state = MEISHI_PROGRAM_MISSING, .program = "java", .title = "Java, SunPKCS11"},
    {.state = MEISHI_PROGRAM_MISSING, .program = "java", .title = "Java, arguments for a"},
};
static const MeishiProgramFact stale[] = {
    {.state = MEISHI_PROGRAM_STALE,
     .program = "firefox",
     .title = "Firefox",
     .module = "/old.so",
     .module_is_gone = TRUE},
    {.state = MEISHI_PROGRAM_STALE, .program = "java", .title = "Java"},
};
static const MeishiProgramFact broken[] = {
    {.state = MEISHI_PROGRAM_BROKEN,
     .program = "p11-kit",
     .title = "p11-kit",
     .detail = "It is not read.",
     .hint = "sudo meishi setup --system"},
    {.state = MEISHI_PROGRAM_BROKEN,
     .program = "firefox",
     .title = "Firefox",
     .detail = "It cannot be read."},
};
static const MeishiProgramFact elsewhere[] = {
    {.state = MEISHI_PROGRAM_DISABLED, .program = "p11-kit", .title = "p11-kit"},
    {.state = MEISHI_PROGRAM_UNREACHABLE, .program = "firefox", .title = "Firefox (Snap)"},
};
static const MeishiProgramFact small[] = {{.state = MEISHI_PROGRAM_READY,
                                           .program = "firefox",
                                           .title = "Firefox",
                                           .module = LIB,
                                           .executable = "/opt/firefox/firefox",
                                           .elf = I386,
                                           .module_elf = AMD64}};

static const JudgingCase programs[] = {
    {"programs/none", meishi_judge_programs, {.uid = ME}, ""},
    {"programs/ready", meishi_judge_programs, {.programs = ready, .n_programs = 2}, "ok programs"},
    {"programs/missing",
     meishi_judge_programs,
     {.uid = ME, .programs = missing, .n_programs = 4},
     "problem program-missing: meishi setup firefox\n"
     "problem program-missing: meishi setup chromium\nok programs"},
    {"programs/without-java",
     meishi_judge_programs,
     {.uid = ME, .programs = without_java, .n_programs = 3},
     "note program-optional: meishi setup java\nok programs"},
    {"programs/of-root",
     meishi_judge_programs,
     {.uid = 0, .programs = stale, .n_programs = 1},
     "problem program-stale: meishi setup --system firefox"},
    {"programs/stale",
     meishi_judge_programs,
     {.uid = ME, .programs = stale, .n_programs = 2},
     "problem program-stale: meishi setup firefox\nproblem program-stale: meishi setup java"},
    {"programs/broken",
     meishi_judge_programs,
     {.programs = broken, .n_programs = 2},
     "problem program-broken: sudo meishi setup --system\nproblem program-broken"},
    {"programs/told-elsewhere",
     meishi_judge_programs,
     {.programs = elsewhere, .n_programs = 2},
     ""},
    {"programs/architecture",
     meishi_judge_programs,
     {.programs = small, .n_programs = 1},
     "problem program-architecture: sudo apt install meishi-pkcs11:i386"},
};

/* ---- p11-kit --------------------------------------------------------------------------------- */

static const MeishiP11KitFact troubles[] = {
    {.trouble = MEISHI_P11_KIT_BAD_FILE,
     .file = "/h/.config/pkcs11/modules/x.module~",
     .uid = ME,
     .value = "the line \"x\" has no colon"},
    {.trouble = MEISHI_P11_KIT_BAD_FILE, .file = "/etc/pkcs11/modules/y", .value = "no"},
    {.trouble = MEISHI_P11_KIT_DISABLED_IN,
     .file = "/etc/pkcs11/modules/meishi.module",
     .value = "wget"},
    {.trouble = MEISHI_P11_KIT_ENABLED_IN, .file = "/h/m.module", .uid = ME, .value = "wget"},
    {.trouble = MEISHI_P11_KIT_USER_IGNORED, .file = "/r/m.module", .uid = 0},
};

static const JudgingCase p11_kit[] = {
    {"p11-kit/usual", meishi_judge_p11_kit, {.uid = ME}, "ok p11-kit"},
    {"p11-kit/troubles",
     meishi_judge_p11_kit,
     {.uid = ME, .p11_kit = troubles, .n_p11_kit = 5},
     "problem p11-kit-bad-file: mv '/h/.config/pkcs11/modules/x.module~' "
     "'/h/.config/pkcs11/x.module~'.bad\n"
     "problem p11-kit-bad-file: sudo mv /etc/pkcs11/modules/y /etc/pkcs11/y.bad\n"
     "problem p11-kit-disabled: sudo sed -i '/^[[:space:]]*disable-in[[:space:]]*:/d' "
     "/etc/pkcs11/modules/meishi.module\n"
     "problem p11-kit-enabled-elsewhere: sed -i '/^[[:space:]]*enable-in[[:space:]]*:/d' "
     "/h/m.module\n"
     "problem p11-kit-root: meishi setup --system p11-kit"},
};

/* ---- the rest -------------------------------------------------------------------------------- */

static const MeishiTwinFact twins[] = {
    {.title = "p11-kit",
     .module = "opensc",
     .token = "Card",
     .file = "/h/m/opensc.module",
     .needs_dir = TRUE},
    {.title = "p11-kit", .module = "soft", .token = "Card", .file = "/h/m/soft.module"},
    {.title = "Firefox", .module = "My card", .token = "Card", .database = "/h/nss"},
};
static const MeishiSandboxFact boxes[] = {
    {.id = "org.mozilla.firefox", .title = "Firefox"},
    {.id = "org.chromium.Chromium", .title = "Chromium", .reaches_socket = TRUE},
    {.id = "firefox",
     .title = "Firefox",
     .is_snap = TRUE,
     .flatpak = "org.mozilla.firefox",
     .has_flatpak = TRUE},
    {.id = "opera", .title = "Opera", .is_snap = TRUE, .flatpak = "com.opera.Opera"},
};
static const char *const well[] = {NULL};
static const char *const hung[] = {"The module “a” does not run: It hung.", NULL};

static const JudgingCase rest[] = {
    {"twice/not-known", meishi_judge_twins, {.uid = ME}, ""},
    {"twice/nothing", meishi_judge_twins, {.daemon = {.is_known = TRUE}}, "ok twice-none"},
    {"twice/cards",
     meishi_judge_twins,
     {.uid = ME, .twins = twins, .n_twins = 3},
     "problem twice: mkdir -p /h/m && printf '\\nenable-in: meishid\\n' >> /h/m/opensc.module\n"
     "problem twice: printf '\\nenable-in: meishid\\n' >> /h/m/soft.module\n"
     "problem twice: modutil -force -dbdir sql:/h/nss -delete 'My card'"},
    {"sandboxes/none", meishi_judge_sandboxes, {.uid = ME}, "ok sandboxes-none"},
    {"sandboxes/some",
     meishi_judge_sandboxes,
     {.sandboxes = boxes, .n_sandboxes = 4},
     "problem flatpak-closed: flatpak override --user --filesystem=xdg-run/meishi:ro "
     "org.mozilla.firefox\n"
     "ok flatpak\nnote snap\n"
     "problem snap: flatpak install --user flathub com.opera.Opera"},
    {"tokens/not-known", meishi_judge_tokens, {.uid = ME}, ""},
    {"tokens/well", meishi_judge_tokens, {.token_troubles = well}, "ok tokens"},
    {"tokens/trouble", meishi_judge_tokens, {.token_troubles = hung}, "note token-module"},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    judging_add(modules, G_N_ELEMENTS(modules));
    judging_add(programs, G_N_ELEMENTS(programs));
    judging_add(p11_kit, G_N_ELEMENTS(p11_kit));
    judging_add(rest, G_N_ELEMENTS(rest));
    return g_test_run();
}
