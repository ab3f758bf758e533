/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/apply.c, apply-undo.c and journal.c: whatever happens in between, what others wrote is
 * there in the end, and nothing of ours.
 */
#include "cli/setup/apply.h"

#include "tests/unit/setup/sample-home.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LIST     "home/db/pkcs11.txt"
#define INTERNAL "library=\nname=NSS Internal PKCS #11 Module\n\n"
#define OTHER    "library=/usr/lib/other.so\nname=Other\n\n"

static MeishiPlace *
new_place(const Home *home, MeishiPlaceKind kind, const char *relative)
{
    MeishiPlace *place = meishi_place_new(kind, "program", "A place");

    place->state = MEISHI_PLACE_MISSING;
    place->path = home_path(home, relative);
    place->wanted = g_strdup(home->around.module);
    if (kind == MEISHI_PLACE_JAVA)
        place->whole = g_bytes_new_static("ours\n", 5);
    return place;
}

static MeishiJournal *
open_journal(const Home *home)
{
    g_autoptr(GError) error = NULL;
    MeishiJournal *journal = meishi_journal_open(&home->around, &error);

    g_assert_no_error(error);
    return journal;
}

static void
assert_outcome(MeishiOutcome *outcome, MeishiOutcomeKind expected)
{
    if (outcome->kind != expected)
        g_test_message("%s: %s", meishi_outcome_name(outcome->kind), outcome->message);
    g_assert_cmpint(outcome->kind, ==, expected);
    g_assert_true(!meishi_outcome_is_bad(outcome) || outcome->message != NULL);
    meishi_outcome_free(outcome);
}

static void
apply(const Home *home, const MeishiPlace *place, MeishiOutcomeKind expected)
{
    g_autoptr(MeishiJournal) journal = open_journal(home);

    assert_outcome(meishi_apply_place(&home->around, journal, place, FALSE), expected);
}

static void
apply_kind(const Home *home, MeishiPlaceKind kind, const char *relative)
{
    g_autoptr(MeishiPlace) place = new_place(home, kind, relative);

    apply(home, place, MEISHI_OUTCOME_DONE);
}

/* Undoes everything; each with @expected. */
static void
undo(const Home *home, MeishiOutcomeKind expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiJournal) journal = meishi_journal_open_existing(&home->around, &error);
    g_autoptr(GPtrArray) changes = NULL;

    g_assert_no_error(error);
    changes = meishi_journal_list(journal);
    g_assert_cmpuint(changes->len, >, 0);
    for (guint i = 0; i < changes->len; i++)
        assert_outcome(meishi_apply_undo(&home->around, journal, changes->pdata[i], FALSE),
                       expected);
    meishi_journal_remove_dirs(journal);
}

static void
assert_text(const Home *home, const char *relative, const char *expected)
{
    g_autofree char *text = home_read(home, relative);

    g_assert_cmpstr(text, ==, expected);
}

static void
assert_is_set_up(const Home *home)
{
    g_autofree char *text = home_read(home, LIST);

    g_assert_nonnull(text);
    g_assert_nonnull(strstr(text, home->around.module));
}

/* Nothing is left of a journal whose last change was undone. */
static void
assert_no_journal(const Home *home)
{
    g_assert_false(home_has(home, "home/.local"));
}

/* ---- there and back -------------------------------------------------------------------------- */

static void
test_file_with_its_look(Home *home, gconstpointer unused)
{
    g_autofree char *path = home_path(home, LIST);
    const struct timespec times[] = {{.tv_sec = 1600000000, .tv_nsec = 7},
                                     {.tv_sec = 1600000000, .tv_nsec = 7}};
    struct stat st;

    home_write(home, LIST, INTERNAL);
    g_assert_cmpint(g_chmod(path, 0644), ==, 0);
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    assert_is_set_up(home);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 07777, ==, 0644);
    undo(home, MEISHI_OUTCOME_RESTORED);
    assert_text(home, LIST, INTERNAL);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 07777, ==, 0644);
    g_assert_cmpint(st.st_mtim.tv_sec, ==, 1600000000);
    g_assert_cmpint(st.st_mtim.tv_nsec, ==, 7);
    assert_no_journal(home);
}

static void
test_new_file_in_new_directories(Home *home, gconstpointer unused)
{
    g_autofree char *dir = home_path(home, "home/.pki");
    struct stat st;

    apply_kind(home, MEISHI_PLACE_NSS, "home/.pki/nssdb/pkcs11.txt");
    g_assert_cmpint(stat(dir, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 07777, ==, 0700);
    undo(home, MEISHI_OUTCOME_RESTORED);
    g_assert_false(home_has(home, "home/.pki"));
    assert_no_journal(home);
}

/* Whoever may write in a sandbox may have put a link there since the place was found. */
static void
test_link_out_of_a_sandbox(Home *home, gconstpointer unused)
{
    g_autoptr(MeishiPlace) place = new_place(home, MEISHI_PLACE_NSS, "home/box/pkcs11.txt");

    place->within = home_path(home, "home/box");
    home_make_dir(home, "home/box");
    home_write(home, "home/.profile", "mine\n");
    g_assert_cmpint(symlink("../.profile", place->path), ==, 0);
    apply(home, place, MEISHI_OUTCOME_FAILED);
    assert_text(home, "home/.profile", "mine\n");
    assert_no_journal(home);
}

static void
test_two_files_in_one_new_directory(Home *home, gconstpointer unused)
{
    apply_kind(home, MEISHI_PLACE_JAVA, "home/new/sub/a");
    apply_kind(home, MEISHI_PLACE_JAVA, "home/new/sub/b");
    undo(home, MEISHI_OUTCOME_RESTORED);
    g_assert_false(home_has(home, "home/new"));
}

static void
test_twice(Home *home, gconstpointer unused)
{
    home_write(home, LIST, INTERNAL);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    undo(home, MEISHI_OUTCOME_RESTORED);
    assert_text(home, LIST, INTERNAL);
}

/* Another prefix takes over what the first one wrote; what was before both comes back. */
static void
test_another_module(Home *home, gconstpointer unused)
{
    g_autoptr(MeishiPlace) place = new_place(home, MEISHI_PLACE_NSS, LIST);

    home_write(home, LIST, INTERNAL);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    place->state = MEISHI_PLACE_STALE;
    g_free(place->wanted);
    place->wanted = g_strdup("/opt/new/meishi-pkcs11.so");
    apply(home, place, MEISHI_OUTCOME_DONE);
    undo(home, MEISHI_OUTCOME_RESTORED);
    assert_text(home, LIST, INTERNAL);
}

static void
test_link_stays(Home *home, gconstpointer unused)
{
    g_autofree char *link = home_path(home, "home/.ssh/config");

    home_write(home, "home/dotfiles/ssh", "Host a\n");
    home_make_dir(home, "home/.ssh");
    g_assert_cmpint(symlink("../dotfiles/ssh", link), ==, 0);
    apply_kind(home, MEISHI_PLACE_SSH, "home/.ssh/config");
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    undo(home, MEISHI_OUTCOME_RESTORED);
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    assert_text(home, "home/dotfiles/ssh", "Host a\n");
}

static void
test_dry_run(Home *home, gconstpointer unused)
{
    g_autoptr(MeishiPlace) place = new_place(home, MEISHI_PLACE_NSS, LIST);

    assert_outcome(meishi_apply_place(&home->around, NULL, place, FALSE), MEISHI_OUTCOME_DONE);
    g_assert_false(home_has(home, "home/db"));
    assert_no_journal(home);
}

/* ---- others, meanwhile ----------------------------------------------------------------------- */

static void
test_others_added(Home *home, gconstpointer unused)
{
    g_autofree char *text = NULL, *more = NULL;

    home_write(home, LIST, INTERNAL);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    text = home_read(home, LIST);
    more = g_strconcat(text, OTHER, NULL);
    home_write(home, LIST, more);
    undo(home, MEISHI_OUTCOME_TAKEN_OUT);
    assert_text(home, LIST, INTERNAL OTHER);
    assert_no_journal(home);
}

/* They changed it, and setup came again: what they wrote is what comes back. */
static void
test_others_added_before_the_second_time(Home *home, gconstpointer unused)
{
    home_write(home, LIST, INTERNAL);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    home_write(home, LIST, INTERNAL OTHER);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    undo(home, MEISHI_OUTCOME_RESTORED);
    assert_text(home, LIST, INTERNAL OTHER);
}

static void
test_others_removed_the_file(Home *home, gconstpointer unused)
{
    g_autofree char *path = home_path(home, LIST);

    home_write(home, LIST, INTERNAL);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    g_assert_cmpint(g_unlink(path), ==, 0);
    undo(home, MEISHI_OUTCOME_RESTORED);
    g_assert_false(home_has(home, LIST));
    assert_no_journal(home);
}

static void
test_others_live_in_our_directory(Home *home, gconstpointer unused)
{
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    home_write(home, "home/db/cert9.db", "theirs");
    undo(home, MEISHI_OUTCOME_RESTORED);
    g_assert_false(home_has(home, LIST));
    assert_text(home, "home/db/cert9.db", "theirs");
    assert_no_journal(home);
}

/* A file that was all ours and is not any more: nobody can say which half is whose. */
static void
test_others_edited_our_file(Home *home, gconstpointer unused)
{
    apply_kind(home, MEISHI_PLACE_JAVA, "home/java");
    home_write(home, "home/java", "ours\nand theirs\n");
    undo(home, MEISHI_OUTCOME_FAILED);
    assert_text(home, "home/java", "ours\nand theirs\n");
    home_write(home, "home/java", "ours\n");
    undo(home, MEISHI_OUTCOME_RESTORED); /* it was kept in mind */
    g_assert_false(home_has(home, "home/java"));
}

/* ---- refused --------------------------------------------------------------------------------- */

static void
test_refused(Home *home, gconstpointer unused)
{
    g_autoptr(MeishiPlace) linked = new_place(home, MEISHI_PLACE_NSS, LIST);
    g_autoptr(MeishiPlace) directory = new_place(home, MEISHI_PLACE_NSS, "home/directory");
    g_autoptr(MeishiPlace) nowhere = new_place(home, MEISHI_PLACE_NSS, "home/nowhere");
    g_autofree char *other = home_path(home, "home/other");

    home_write(home, LIST, INTERNAL);
    g_assert_cmpint(link(linked->path, other), ==, 0);
    home_make_dir(home, "home/directory");
    g_assert_cmpint(symlink("gone", nowhere->path), ==, 0);
    apply(home, linked, MEISHI_OUTCOME_FAILED);
    apply(home, directory, MEISHI_OUTCOME_FAILED);
    apply(home, nowhere, MEISHI_OUTCOME_FAILED);
    assert_text(home, LIST, INTERNAL);
    assert_no_journal(home);
}

static void
test_not_now(Home *home, gconstpointer unused)
{
    g_autoptr(MeishiPlace) busy = new_place(home, MEISHI_PLACE_NSS, LIST);
    g_autoptr(MeishiPlace) unasked = new_place(home, MEISHI_PLACE_SSH, "home/.ssh/config");

    busy->in_use_by = g_strdup("firefox (process 1)");
    unasked->is_default = FALSE;
    apply(home, busy, MEISHI_OUTCOME_BUSY);
    apply(home, unasked, MEISHI_OUTCOME_LEFT);
    g_assert_false(home_has(home, "home/db"));
    g_assert_false(home_has(home, "home/.ssh"));
}

/* ---- power cuts ------------------------------------------------------------------------------ */

/* The journal is on disk, the change is not, and its temporary file is. */
static void
test_cut_before_the_change(Home *home, gconstpointer unused)
{
    home_write(home, LIST, INTERNAL);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    home_write(home, LIST, INTERNAL);
    home_write(home, LIST ".meishi-new", "half");
    undo(home, MEISHI_OUTCOME_RESTORED);
    assert_text(home, LIST, INTERNAL);
    g_assert_false(home_has(home, LIST ".meishi-new"));
    assert_no_journal(home);
}

static void
test_cut_and_again(Home *home, gconstpointer unused)
{
    home_write(home, LIST, INTERNAL);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    home_write(home, LIST, INTERNAL);
    home_write(home, LIST ".meishi-new", "half");
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    assert_is_set_up(home);
    g_assert_false(home_has(home, LIST ".meishi-new"));
    undo(home, MEISHI_OUTCOME_RESTORED);
    assert_text(home, LIST, INTERNAL);
}

/* What undo needs is not what it was: everything stays, and is said. */
static void
test_damaged_backup(Home *home, gconstpointer unused)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, INTERNAL, -1);
    g_autofree char *backup =
        g_strdup_printf("home/.local/share/meishi/setup/%.24s.before", digest);

    home_write(home, LIST, INTERNAL);
    apply_kind(home, MEISHI_PLACE_NSS, LIST);
    assert_text(home, backup, INTERNAL);
    home_write(home, backup, "damaged");
    undo(home, MEISHI_OUTCOME_FAILED);
    assert_is_set_up(home);
}

static void
test_strange_journal(Home *home, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    home_write(home, "home/.local/share/meishi/setup/x.change", "what is this");
    g_assert_null(meishi_journal_open_existing(&home->around, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "x.change"));
    g_assert_true(home_has(home, "home/.local/share/meishi/setup/x.change"));
}

static gpointer
open_and_close(gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiJournal) journal = meishi_journal_open(data, &error);

    return error != NULL ? g_strdup(error->message) : NULL;
}

/* Whoever waits for the journal of a run that found nothing to do gets one of its own. */
static void
test_journal_that_disappears(Home *home, gconstpointer unused)
{
    MeishiJournal *journal = open_journal(home);
    g_autoptr(GThread) other = g_thread_new("other", open_and_close, &home->around);
    g_autofree char *trouble = NULL;

    g_usleep(G_USEC_PER_SEC / 5); /* most times it waits by then; both ways are right */
    meishi_journal_close(journal);
    trouble = g_thread_join(g_steal_pointer(&other));
    g_assert_cmpstr(trouble, ==, NULL);
    assert_no_journal(home);
}

static void
add(const char *path, void (*test)(Home *, gconstpointer))
{
    g_test_add(path, Home, NULL, home_set_up, test, home_tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/apply/look", test_file_with_its_look);
    add("/apply/new", test_new_file_in_new_directories);
    add("/apply/new-directory-of-two", test_two_files_in_one_new_directory);
    add("/apply/twice", test_twice);
    add("/apply/another-module", test_another_module);
    add("/apply/link", test_link_stays);
    add("/apply/link/out-of-a-sandbox", test_link_out_of_a_sandbox);
    add("/apply/dry-run", test_dry_run);
    add("/apply/journal-that-disappears", test_journal_that_disappears);
    add("/apply/others/added", test_others_added);
    add("/apply/others/added-before", test_others_added_before_the_second_time);
    add("/apply/others/removed", test_others_removed_the_file);
    add("/apply/others/directory", test_others_live_in_our_directory);
    add("/apply/others/edited", test_others_edited_our_file);
    add("/apply/refused", test_refused);
    add("/apply/not-now", test_not_now);
    add("/apply/cut/before", test_cut_before_the_change);
    add("/apply/cut/again", test_cut_and_again);
    add("/apply/damaged-backup", test_damaged_backup);
    add("/apply/strange-journal", test_strange_journal);
    return g_test_run();
}
