# SPDX-License-Identifier: LGPL-2.1-or-later
"""The vault survives what happens to machines: a daemon killed at any moment, a full disk, a
directory that cannot be written, a damaged, exposed, newer or missing file.  What was confirmed is
there, nothing is half done, and nothing is overwritten."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest
from gi.repository import GLib
from harness.management import Management, ManagementError
from harness.process import Background

IDENTITY = "org.meishi.Agent1.Identity"
PASSPHRASE = "correct horse battery"

ROUNDS = 250
FIRST_ROUNDS = 60
MAX_SECONDS = 120  # of a slow machine, for each of the two
MIN_ROUNDS = 20
TODAY = 3  # version of the vault


# ---- kill -9 ------------------------------------------------------------------------------------


def store(person):
    return person.data / "meishi"


class Hands(Management):
    """What one process does to the vault, by certificate."""

    def labels(self):
        """What there is: the label of each certificate by its SHA-256."""
        return {one["CertificateSha256"]: one["Label"] for one in self.identities().values()}

    def identities(self):
        manager = "org.freedesktop.DBus.ObjectManager"
        objects = self.call(manager, "GetManagedObjects")[0]
        return {path: found[IDENTITY] for path, found in objects.items() if IDENTITY in found}

    def path_of(self, sha256):
        for path, one in self.identities().items():
            if one["CertificateSha256"] == sha256:
                return path
        raise KeyError(sha256)

    def rename(self, sha256, label):
        self._call_at(self.path_of(sha256), "Rename", GLib.Variant("(s)", (label,)))

    def remove(self, sha256):
        self._call_at(self.path_of(sha256), "Remove", None)

    def findings(self):
        return self.vault("Check")[1]

    def _call_at(self, path, method, arguments):
        try:
            self.connection.call_sync(None, path, IDENTITY, method, arguments, None, 0, -1, None)
        except GLib.Error as error:
            raise ManagementError("?", error.message) from None


class Pair:
    """Two identities in one file: an import of it is one transaction."""

    def __init__(self, pki, number):
        self.names = [f"Pair {number}{side}" for side in "ab"]
        made = [pki.identity(name) for name in self.names]
        parts = [path.read_text() for one in made for path in (one.key, one.cert, *one.issuers)]
        self.file = pki.directory / f"pair-{number}.pem"
        self.file.write_text("".join(parts))
        self.labels = {}

    def learn(self, hands):
        """Imports it once, to know its certificates; leaves nothing behind.  Returns how long one
        of these three changes takes here."""
        before = hands.labels()
        since = time.monotonic()
        hands.import_file(self.file)
        self.labels = {k: v for k, v in hands.labels().items() if k not in before}
        assert sorted(self.labels.values()) == self.names
        for sha256 in self.labels:
            hands.remove(sha256)
        return (time.monotonic() - since) / 3


@pytest.fixture(scope="module")
def pairs(pki):
    return [Pair(pki, number) for number in range(4)]


def choose(pairs, state, chance):
    """One change that can be made to `state`: what it leads to, and how to ask for it."""
    absent = [pair for pair in pairs if not pair.labels.keys() & state.keys()]
    if absent and (not state or chance.random() < 0.4):
        pair = chance.choice(absent)
        return state | pair.labels, lambda hands: hands.import_file(pair.file)
    sha256 = chance.choice(sorted(state))
    if chance.random() < 0.5:
        label = f"label {chance.randrange(10**9)}"
        return state | {sha256: label}, lambda hands: hands.rename(sha256, label)
    rest = {k: v for k, v in state.items() if k != sha256}
    return rest, lambda hands: hands.remove(sha256)


def change_until_killed(person, pairs, state, chance, longest):
    """Returns what was confirmed, and what the change under way would have led to."""
    hands = Hands(person)
    timer = threading.Timer(chance.uniform(0, longest), person.daemon.kill)
    timer.start()
    n_confirmed = 0
    try:
        while True:
            after, change = choose(pairs, state, chance)
            try:
                change(hands)
            except ManagementError as error:
                timer.join()
                assert not person.daemon.is_alive()
                assert error.name == "?", error  # nobody answered; not an answer that says no
                return state, after, n_confirmed
            state = after
            n_confirmed += 1
    finally:
        timer.join()


def enough(number, rounds, since):
    return number >= rounds or (number >= MIN_ROUNDS and time.monotonic() - since > MAX_SECONDS)


def test_kill_9_at_any_moment(person, pairs):
    chance = random.Random(20)
    person.start_daemon()
    longest = 2 * sum(pair.learn(Hands(person)) for pair in pairs)
    state, other, number, n_changes, since = {}, {}, 0, 0, time.monotonic()
    while not enough(number, ROUNDS, since):
        state, other, n_confirmed = change_until_killed(person, pairs, state, chance, longest)
        n_changes += n_confirmed
        person.start_daemon()
        hands = Hands(person)
        found = hands.labels()
        assert found in (state, other), f"round {number}"
        assert hands.findings() == [], f"round {number}"
        state = found
        number += 1
    assert n_changes > number // 4  # it did work in between


def forget_vault(person):
    person.stop_daemon()
    for directory in (store(person), person.config / "meishi"):
        shutil.rmtree(directory, ignore_errors=True)


def time_of_first_import(person, file):
    person.start_daemon()
    since = time.monotonic()
    Hands(person).import_file(file)
    taken = time.monotonic() - since
    forget_vault(person)
    return taken


def import_until_killed(person, file, delay):
    """Whether the import was confirmed."""
    person.start_daemon()
    hands = Hands(person)
    timer = threading.Timer(delay, person.daemon.kill)
    timer.start()
    try:
        hands.import_file(file)
        return True
    except ManagementError:
        return False
    finally:
        timer.join()


def test_kill_9_while_the_vault_is_made(person, pki):
    """No vault or a whole one, and the next import succeeds in either case."""
    chance = random.Random(21)
    file = Pair(pki, 9).file
    longest = 1.3 * time_of_first_import(person, file)
    outcomes, number, since = set(), 0, time.monotonic()
    while not enough(number, FIRST_ROUNDS, since):
        confirmed = import_until_killed(person, file, chance.uniform(0, longest))
        person.start_daemon()
        hands = Hands(person)
        n_found, state = len(hands.labels()), hands.state
        assert n_found in ((2,) if confirmed else (0, 2)), f"round {number}"
        assert state != "absent" or not confirmed, f"round {number}"
        hands.import_file(file)
        assert len(hands.labels()) == 2
        assert hands.findings() == []
        outcomes.add((state == "absent", confirmed))
        forget_vault(person)
        number += 1
    assert (True, False) in outcomes  # some came too early,
    assert len(outcomes) > 1  # and some did not


def make_version_1(person):
    """Takes out of the vault what later versions added; its bytes, and nothing beside it."""
    tables = ("token_issuers", "token_identities", "tokens", "meetings", "choices", "lineages")
    for table in tables:
        run_sql(person, f"DROP TABLE {table}")
    run_sql(person, "PRAGMA user_version = 1")
    assert sorted(path.name for path in store(person).iterdir()) == ["lock", "vault.db"]
    return (store(person) / "vault.db").read_bytes()


def version(person):
    connection = sqlite3.connect(f"file:{store(person)}/vault.db?mode=ro", uri=True)
    [found] = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return found


def test_kill_9_while_the_vault_is_migrated(person, pki):
    """A vault of version 1 or of today's, and all of it in either case."""
    chance = random.Random(22)
    person.import_files(Pair(pki, 8).file)
    person.stop_daemon()
    old = make_version_1(person)
    since = time.monotonic()
    person.start_daemon()
    longest = time.monotonic() - since
    labels = Hands(person).labels()
    person.stop_daemon()
    assert len(labels) == 2 and version(person) == TODAY
    # What is removed stays in the copy, so the person is told that there is one.
    copy = str(store(person) / "vault.db.v1")
    assert copy in person.meishi("status").stdout
    assert json.loads(person.meishi("status", "--json").stdout)["old_copies"] == [copy]
    person.stop_daemon()
    for number in range(MIN_ROUNDS):
        for path in store(person).iterdir():
            if path.name not in ("lock", "vault.db"):
                path.unlink()
        (store(person) / "vault.db").write_bytes(old)
        daemon = person.background(person.tree.meishid)
        time.sleep(chance.uniform(0, longest))
        daemon.kill()
        person.start_daemon()
        hands = Hands(person)
        assert hands.labels() == labels, f"round {number}"
        assert hands.findings() == [], f"round {number}"
        person.meishi("choices", "set", "a.example", "--use", "Pair 8a")
        person.stop_daemon()
        assert version(person) == TODAY, f"round {number}"


# ---- what is wrong with the disk ----------------------------------------------------------------


@pytest.fixture
def filled(ordinary, pki):
    """Somebody, never root, with one identity in the vault and no daemon."""
    ordinary.import_files(pki.p12(pki.identity("Durable")), password="correct horse")
    ordinary.stop_daemon()
    return ordinary


def contents(person):
    """Every file of the store, byte for byte, but for the lock."""
    files = [path for path in store(person).iterdir() if path.name != "lock"]
    return {path.name: path.read_bytes() for path in files}


def assert_refused(person, *said, command=("list",)):
    """The command fails with this advice."""
    done = person.meishi(*command, check=False)
    assert done.returncode == 1, done
    for words in said:
        assert words in done.stderr, done.stderr
    assert "Durable" not in done.stdout
    return done.stderr


def assert_refused_untouched(person, *said):
    """Nobody gets past it, with whatever command, and every byte stays."""
    before = contents(person)
    again = person.write("again.pem", person.copy.read_text())
    for command in (("list",), ("import", again)):
        assert_refused(person, *said, command=command)
        assert contents(person) == before


@pytest.fixture
def broken(filled, pki):
    """The same, with something at hand that could be imported."""
    identity = pki.identity("Second")
    filled.copy = filled.home / "copy.pem"
    filled.copy.write_text(identity.key.read_text() + identity.cert.read_text())
    return filled


def assert_whole(person):
    assert "Durable" in person.meishi("list").stdout
    person.meishi("vault", "check")
    person.stop_daemon()


def run_sql(person, sql):
    connection = sqlite3.connect(store(person) / "vault.db")
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_newer_version(broken):
    run_sql(broken, "PRAGMA user_version = 99")
    assert_refused_untouched(broken, "newer Meishi", "vault.db")
    run_sql(broken, f"PRAGMA user_version = {TODAY}")
    assert_whole(broken)


@pytest.mark.parametrize("at", [0, 20, 4096, 8200])
def test_damaged_file(broken, at):
    path = store(broken) / "vault.db"
    sound = path.read_bytes()
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * 64)
    assert_refused_untouched(broken, "is damaged", "meishi vault restore")
    path.write_bytes(sound)
    assert_whole(broken)


def test_truncated_file(broken):
    path = store(broken) / "vault.db"
    sound = path.read_bytes()
    for length in (0, 100, len(sound) // 2):
        path.write_bytes(sound[:length])
        assert_refused_untouched(broken, "is damaged")
    path.write_bytes(sound)
    assert_whole(broken)


def test_damaged_entry(broken):
    """SQLite would not notice: its structures are all right."""
    run_sql(broken, "UPDATE certs SET label = 'somebody else'")
    assert_refused_untouched(broken, "is damaged", "checksum")


@pytest.mark.parametrize("table", ["choices", "lineages", "meetings"])
def test_damaged_memory(broken, table):
    """What was remembered is worth less than the keys."""
    choose = ("choices", "set", "a.example", "--use", "Durable")
    broken.meishi(*choose)
    broken.meishi("choices", "set", "b.example", "--none")
    broken.stop_daemon()
    run_sql(broken, "INSERT INTO lineages SELECT id, 'x', sum FROM certs")
    run_sql(broken, "INSERT INTO meetings SELECT 'a', 1, 'x', 0, 0, 0, 0, 0, sum FROM certs")
    run_sql(broken, "UPDATE choices SET uses = uses + 1 WHERE id = 1")
    for other in {"choices", "lineages", "meetings"} - {table}:
        run_sql(broken, f"DELETE FROM {other} WHERE {'id = 1' if other == 'choices' else 'TRUE'}")
    assert "Durable" in broken.meishi("list").stdout
    assert "b.example" in broken.meishi("choices").stdout
    done = broken.meishi("vault", "check", check=False)
    assert done.returncode == 1
    assert f"of table {table} is damaged" in done.stdout + done.stderr
    assert "meishi choices forget --all" in done.stdout + done.stderr
    broken.meishi("choices", "forget", "--all")
    broken.meishi("vault", "check")
    broken.meishi(*choose)
    broken.stop_daemon()
    assert "a.example" in broken.meishi("choices").stdout


def test_missing_file(broken):
    """Never a silent empty vault."""
    path = store(broken) / "vault.db"
    sound = path.read_bytes()
    path.unlink()
    assert_refused_untouched(broken, "is gone", "meishi vault restore")
    assert not path.exists()
    path.write_bytes(sound)
    path.chmod(0o600)
    shutil.chown(path, broken.uid, broken.gid)
    assert_whole(broken)


def test_advice_after_a_loss_works(filled):
    """Move the directory out of the way, and restore."""
    passphrase = filled.write("passphrase", PASSPHRASE)
    backup = filled.home / "backup"
    filled.meishi("vault", "backup", "--passphrase-file", passphrase, backup)
    filled.stop_daemon()
    (store(filled) / "vault.db").unlink()
    assert_refused(filled, "is gone", "move the directory out of the way")
    store(filled).rename(filled.data / "meishi.lost")
    filled.meishi("vault", "restore", "--passphrase-file", passphrase, backup)
    assert_whole(filled)


@pytest.mark.parametrize(
    "name, mode, said",
    [
        ("", 0o755, "chmod 700"),
        ("", 0o770, "chmod 700"),
        ("vault.db", 0o644, "chmod 600"),
        ("vault.db", 0o660, "chmod 600"),
        ("lock", 0o604, "chmod 600"),
    ],
)
def test_exposed(filled, name, mode, said):
    """The advice is a command, and it is the right one."""
    (store(filled) / name).chmod(mode)
    stderr = assert_refused(filled, said)
    command = stderr[stderr.index(said) :].split("`")[0]
    filled.run("sh", "-c", command)
    assert_whole(filled)


def test_read_only_directory(broken):
    store(broken).chmod(0o500)
    before = contents(broken)
    assert_refused(broken, "vault.db", command=("import", broken.copy))
    assert contents(broken) == before
    store(broken).chmod(0o700)
    assert_whole(broken)


def test_read_only_file(broken):
    (store(broken) / "vault.db").chmod(0o400)
    assert_refused_untouched(broken, "not writable", "vault.db")
    (store(broken) / "vault.db").chmod(0o600)
    assert_whole(broken)


def test_read_only_home_without_vault(ordinary, pki):
    ordinary.data.chmod(0o500)
    p12 = pki.p12(pki.identity("Durable"))
    done = ordinary.import_files(p12, password="correct horse", check=False)
    ordinary.data.chmod(0o700)
    assert done.returncode == 1
    assert str(store(ordinary)) in done.stderr and "Permission denied" in done.stderr


def start_with_small_files(person):
    """A daemon whose files cannot grow beyond 20 KiB.  (Nor can its snapshots in memory, which is
    why it is not less.)"""
    script = f"ulimit -f 40 && exec {person.tree.meishid}"
    person.daemon = person.background("sh", "-c", script)
    person.daemon.wait_ready(lambda: person.daemon_pid() == person.daemon.pid, "serves")


def test_small_files(broken):
    start_with_small_files(broken)
    assert_refused(broken, "no space left", "vault.db", command=("import", broken.copy))
    broken.daemon.assert_alive()
    assert "Durable" in broken.meishi("list").stdout
    broken.stop_daemon()
    assert_whole(broken)
    broken.meishi("import", broken.copy)


def test_small_files_without_vault(ordinary, pki):
    p12 = pki.p12(pki.identity("Durable"))
    start_with_small_files(ordinary)
    done = ordinary.import_files(p12, password="correct horse", check=False)
    assert done.returncode == 1 and done.stdout == "", done
    assert not (store(ordinary) / "vault.db").exists()
    ordinary.daemon.assert_alive()
    ordinary.stop_daemon()
    ordinary.import_files(p12, password="correct horse")
    assert_whole(ordinary)


# A file system of its own for one daemon.  Root makes it in a mount namespace.  Others need
# a user namespace for that, which some systems do not allow, and a second one to be themselves.
NAMESPACE = ["unshare", "--mount"]
BACK = []
if os.getuid() != 0:
    NAMESPACE += ["--user", "--map-root-user"]
    BACK = ["unshare", "--user", f"--map-user={os.getuid()}", f"--map-group={os.getgid()}"]

MOUNT = """\
mount -t tmpfs -o mode=700,size="$1" none "$2" && cp -a "$3"/. "$2" && shift 3 && exec "$@"
"""


def can_mount():
    probe = [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def start_on_disk(person, size, template):
    """A daemon whose store is a copy of `template` on a disk of this size."""
    store(person).mkdir(mode=0o700, exist_ok=True)
    script = ["sh", "-c", MOUNT, "sh", size, store(person), template]
    argv = [*NAMESPACE, *script, *BACK, person.tree.meishid]
    person.daemon = Background(argv, person.home / "full.log", env=person.env, cwd=person.home)
    person.daemon.wait_ready(lambda: person.daemon_pid() == person.daemon.pid, "serves")


def kib_of(directory):
    """What its files take of a tmpfs, whose pages have 4 KiB."""
    return sum(-(-path.stat().st_size // 4096) * 4 for path in directory.iterdir())


def fill_up(person, pki):
    """Imports until there is no space; returns the names that were confirmed."""
    for number in range(100):
        name = f"Filling {number}"
        identity = pki.identity(name)
        file = person.write("fill.pem", identity.key.read_text() + identity.cert.read_text())
        done = person.meishi("import", file, check=False)
        if done.returncode != 0:
            assert "no space left" in done.stderr, done.stderr
            return [f"Filling {i}" for i in range(number)]
    raise AssertionError("the disk is never full")


if can_mount():

    @pytest.mark.parametrize("free", [4, 12, 32])
    def test_full_disk(person, pki, free):
        """What fits is confirmed and stays; what does not leaves no trace.  `free`: KiB."""
        person.import_files(pki.p12(pki.identity("Durable")), password="correct horse")
        person.stop_daemon()
        template = person.home / "template"
        shutil.copytree(store(person), template)
        start_on_disk(person, f"{kib_of(template) + free}k", template)
        names = ["Durable", *fill_up(person, pki)]
        listed = json.loads(person.meishi("list", "--json").stdout)
        assert sorted(one["label"] for one in listed) == sorted(names)
        person.meishi("vault", "check")
        person.daemon.assert_alive()


def test_one_daemon_for_a_vault(filled):
    """The second gives up before it touches anything, its sockets elsewhere or not."""
    filled.start_daemon()
    elsewhere = filled.home / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    shutil.chown(elsewhere, filled.uid, filled.gid)
    done = filled.run(
        filled.tree.meishid, check=False, env={"XDG_RUNTIME_DIR": str(elsewhere)}, timeout=20
    )
    assert done.returncode == 75 and "Another meishid" in done.stderr
    assert "Durable" in filled.meishi("list").stdout
