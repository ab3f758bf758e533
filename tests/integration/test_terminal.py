# SPDX-License-Identifier: LGPL-2.1-or-later
"""The terminal prompter: every kind of question, what is typed, and how the terminal is left,
whoever ends the question."""

import fcntl
import os
import re
import signal
import struct
import termios
import time

import pytest
from harness.dbus import Door
from harness.process import end, wait_until
from harness.prompter import SELECTED, Selection
from harness.scripted import ANSWERED, NOT_NOW, ScriptedDaemon, settle
from harness.terminal import Terminal

MARKER = "Zq7-MARKER-ü4"
WHO = (
    "'application': <'exe:/usr/bin/curl'>, 'application-trust': <'exe'>, 'pid': <uint32 4711>,"
    " 'host': <'git.example.com'>, 'port': <uint32 8443>"
)
HANA = (
    "{'identity': <objectpath '/i/1'>, 'label': <'Hana'>, 'issuer': <'CN=Issuing CA 3'>,"
    " 'kind': <'ok'>, 'place': <'vault'>, 'not-after': <int64 4102444800>}"
)
OLD = (
    "{'identity': <objectpath '/i/2'>, 'label': <'Old'>, 'issuer': <'CN=Issuing CA 3'>,"
    " 'kind': <'soft'>, 'code': <'EXPIRED'>, 'reason': <'ended 2026-03-01'>,"
    " 'not-after': <int64 1772323200>}"
)
SIGN = (
    "{'identity': <objectpath '/i/3'>, 'label': <'Sign'>, 'kind': <'hard'>, 'code': <'KU'>,"
    " 'reason': <'cannot sign'>}"
)


def choice(kind, *candidates, **facts):
    listed = f", 'candidates': <[{', '.join(candidates)}]>" if candidates else ""
    more = "".join(f", '{name.replace('_', '-')}': <{value}>" for name, value in facts.items())
    return f"{{{WHO}, 'kind': <'{kind}'>, 'scopes': <['once', 'always']>{listed}{more}}}"


def facts(**values):
    more = "".join(f", '{name.replace('_', '-')}': <{value}>" for name, value in values.items())
    return f"{{{WHO}{more}}}"


TWO = choice("choose", HANA, OLD, preselected="objectpath '/i/1'")
PIN = facts(token="'Corp card'", reader="'Reader 0'", min_length="uint32 4")


@pytest.fixture
def daemon(person):
    made = ScriptedDaemon(person)
    yield made
    made.die()


@pytest.fixture
def agent(person, daemon):
    """agent(*options, **env) starts one on a terminal of its own, and waits until it can be
    asked."""
    made = []

    def start(*options, **env):
        argv = [person.tree.meishi, "agent", "--tty", *options]
        made.append(Terminal(argv, person.env | env, person.home, **person.identity()))
        wait_until(lambda: settle() or daemon.path, "the agent registers")
        made[-1].expect("until you press Ctrl-C")
        made[-1].before = modes(made[-1])
        return made[-1]

    yield start
    for one in made:
        if one.child.poll() is None:
            one.child.kill()
            one.child.wait()
        os.close(one.master)


def modes(terminal):
    """All that tcgetattr(3) tells, but for the kernel's own bit."""
    found = termios.tcgetattr(terminal.master)
    return found[:3] + [found[3] & ~termios.PENDIN] + found[4:]


def assert_restored(terminal):
    wait_until(lambda: modes(terminal) == terminal.before, "the terminal is as it was")


# ---- every kind ---------------------------------------------------------------------------------

CHOSEN = {"identity": "/i/1", "scope": "once", "reach": "host-port", "any-application": False}
NONE = CHOSEN | {"identity": "/"}

KINDS = [
    ("choose", TWO, r"1\) Hana +Issuing CA 3 +until 2100-01-01 +vault", "1\n\n", CHOSEN),
    ("choose", TWO, r"o\) 1 other not offered", "o\n2\ny\na\n",
     CHOSEN | {"identity": "/i/2", "scope": "always"}),
    ("choose", choice("single", HANA), r"1\) Hana", "1\n\n", CHOSEN),
    ("choose", choice("optional", HANA, row="'asks all'"), r"why: asks all", "N\n",
     NONE | {"scope": "always"}),
    ("choose", choice("soft", OLD), r"o\) 1 other not offered", "o\n1\ny\n\n",
     CHOSEN | {"identity": "/i/2"}),
    ("choose", choice("insert", OLD), r"insert: its card or token, for “Old”", "n\n\n", NONE),
    ("choose", choice("import"), r"import: policy wants", "n\n\n", NONE),
    ("choose", choice("again", HANA, last_alert="'it is revoked'"), r"last time: it is revoked",
     "1\n\n", CHOSEN),
    ("confirm", facts(label="'Hana'"), r"May this program use “Hana”\?", "s\n",
     {"allow": "session"}),
    ("unlock", facts(wrong="true", tries_left="uint32 2"), r"2 tries are left", f"{MARKER}\n",
     {"secret": MARKER.encode()}),
    ("pin", PIN, r"needs the PIN of “Corp card”.\n", "1234\n", {"secret": b"1234"}),
    ("explain", choice("choose", SIGN, HANA, result_name="'none'"),
     r"1\) fits: Hana.*\n  2\) cannot be used: Sign; KU: cannot sign", "\n", {}),
]  # fmt: skip


NAMES = ["choose", "other", "single", "optional", "soft", "insert", "import", "again", "confirm",
         "unlock", "pin", "explain"]  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--plain",)], ids=["", "plain"])
@pytest.mark.parametrize("kind, question, shown, typed, answer", KINDS, ids=NAMES)
def test_kinds(daemon, agent, kind, question, shown, typed, answer, options):
    terminal = agent(*options)
    daemon.ask(kind, question)
    terminal.expect(shown if not options else r"curl, pid 4711|a certificate")
    for line in typed.splitlines(keepends=True):
        terminal.expect(r"(: |\[y/N\] )$")
        terminal.send(line)
    assert daemon.answer() == (ANSWERED, answer)
    assert_restored(terminal)
    assert MARKER not in terminal.text and "1234" not in terminal.text.replace("4711", "")
    if options:
        assert_plain(terminal.text)


def assert_plain(text):
    """Nothing but lines: no cursor, no colour, no columns."""
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    for line in text.splitlines():
        assert "  " not in line.strip(), f"columns in {line!r}"


def test_plain_has_a_line_for_each_thing(daemon, agent):
    terminal = agent("--plain")
    daemon.ask("choose", TWO)
    terminal.expect(r"\n  1\) Hana, from Issuing CA 3, until 2100-01-01, vault\n")
    terminal.expect(r"  o\) 1 other not offered\n  n\) send none\n  N\) never here\n  q\) not now\n")
    terminal.send("o\n")
    terminal.expect(r"\n  2\) Old, from Issuing CA 3, ended \S+; EXPIRED: ended 2026-03-01\n")


def test_answers_go_to_the_terminal_alone(person, daemon):
    command = f"exec {person.tree.meishi} agent --tty --plain > out 2> err < /dev/null"
    terminal = Terminal(["sh", "-c", command], person.env, person.home, **person.identity())
    daemon.ask("choose", TWO)
    terminal.expect("Use \\[1\\]: ")
    terminal.send("?\nq\n")
    assert daemon.answer() == (NOT_NOW, {})
    terminal.send("\x03")
    assert terminal.finish() == 0
    assert (person.home / "out").read_bytes() == b""
    assert "Hana" not in (person.home / "err").read_text()


def test_questions_come_one_after_the_other(daemon, agent):
    """What was typed for one of them is no answer to the next."""
    terminal = agent()
    first, second = daemon.ask("confirm", facts()), daemon.ask("choose", TWO)
    terminal.expect("Allow \\[n\\]: ")
    terminal.send("n\n1\n\n")
    assert daemon.answer() == (ANSWERED, {"allow": "no"})
    terminal.expect("Use \\[1\\]: ")
    time.sleep(0.3)
    settle()
    assert [answer[0] for answer in daemon.answers] == [first]
    terminal.send("n\n\n")
    assert daemon.answer(2) == (ANSWERED, NONE)
    assert daemon.answers[1][0] == second


# ---- PINs ---------------------------------------------------------------------------------------


def test_last_try_takes_a_word(daemon, agent):
    terminal = agent()
    daemon.ask("pin", facts(token="'C'", wrong="true", tries="'last'"))
    terminal.expect("That PIN is wrong.\n")
    terminal.expect("Type “last” to spend the last try, Enter for not now: ")
    assert terminal.is_echoing()
    terminal.send("1234\n")
    terminal.expect("none of the answers")
    terminal.expect("not now: ")
    terminal.send("last\n")
    terminal.expect_question("PIN of “C”: ")
    terminal.send("987654\n")
    assert daemon.answer() == (ANSWERED, {"secret": b"987654", "last-try": True})
    assert "987654" not in terminal.text
    assert_restored(terminal)


@pytest.mark.parametrize("typed", ["\n", "q\n", "\x03", "\x04"])
def test_last_try_is_not_spent(daemon, agent, typed):
    terminal = agent()
    daemon.ask("pin", facts(token="'C'", tries="'last'"))
    terminal.expect("not now: ")
    terminal.send(typed)
    assert daemon.answer() == (NOT_NOW, {})


def test_pin_of_no_possible_length(daemon, agent):
    terminal = agent()
    daemon.ask("pin", PIN)
    terminal.expect_question("PIN of “Corp card”: ")
    terminal.send("123\n")
    terminal.expect("has at least 4 characters. Nothing was sent")
    terminal.expect_question("PIN of “Corp card”: ")
    terminal.send("12345\n")
    assert daemon.answer() == (ANSWERED, {"secret": b"12345"})


def test_pin_at_the_reader(daemon, agent):
    terminal = agent()
    cookie = daemon.ask("pin", facts(token="'C'", reader="'Pad 1'", pad="true"))
    terminal.expect("reader: Pad 1\nType it at the reader")
    terminal.expect("Waiting for the reader: ")
    terminal.send("\n")
    terminal.expect("Type the PIN at the reader.")
    daemon.assert_silent()
    daemon.cancel(cookie, "answered")
    terminal.expect("answered elsewhere")
    daemon.ask("pin", facts(token="'C'", pad="true"))
    terminal.expect("Waiting for the reader: ")
    terminal.send("q\n")
    assert daemon.answer() == (NOT_NOW, {})


@pytest.mark.parametrize(
    "typed, secret",
    [
        ("abx\x7fc", "abc"),
        ("aü\x7fb", "ab"),
        ("one two\x17three", "one three"),
        ("all of it\x15new", "new"),
        ("a\x16\x7fb", "a\x7fb"),
        ("\x7f\x7f\x15\x17a", "a"),
        ("done\x04", "done"),
        ("x" * 4095 + "y", "x" * 4095 + "y"),
    ],
)
def test_keys_that_correct(daemon, agent, typed, secret):
    terminal = agent()
    utf8 = termios.tcgetattr(terminal.master)
    utf8[0] |= 0o40000  # IUTF8, which Python has no name for
    termios.tcsetattr(terminal.master, termios.TCSANOW, utf8)
    daemon.ask("unlock", facts())
    terminal.expect_question("Passphrase of the vault: ")
    for start in range(0, len(typed), 1000):
        terminal.send(typed[start : start + 1000])
        time.sleep(0.05 if len(typed) > 1000 else 0)
    terminal.send("\n")
    assert daemon.answer() == (ANSWERED, {"secret": secret.encode()})


def test_secret_that_is_too_long(daemon, agent):
    terminal = agent()
    daemon.ask("unlock", facts())
    terminal.expect_question("Passphrase of the vault: ")
    for _ in range(5):
        terminal.send("x" * 1000)
        time.sleep(0.05)
    terminal.send("\n")
    terminal.expect("too long to be a secret")
    assert daemon.answer() == (NOT_NOW, {})
    assert_restored(terminal)


# ---- how it ends --------------------------------------------------------------------------------

ENDS = {
    "ctrl-c": lambda terminal, daemon, cookie: terminal.send("\x03"),
    "ctrl-d": lambda terminal, daemon, cookie: terminal.send("\x04"),
    "timeout": lambda terminal, daemon, cookie: daemon.cancel(cookie, "timeout"),
    "elsewhere": lambda terminal, daemon, cookie: daemon.cancel(cookie, "answered"),
    "caller-gone": lambda terminal, daemon, cookie: daemon.cancel(cookie, "caller-gone"),
    "terminated": lambda terminal, daemon, cookie: terminal.child.send_signal(signal.SIGTERM),
    "hung-up": lambda terminal, daemon, cookie: terminal.child.send_signal(signal.SIGHUP),
    "daemon-dies": lambda terminal, daemon, cookie: daemon.die(),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", ["choose", "unlock", "pin"])
def test_terminal_is_as_it_was(daemon, agent, kind, end):
    terminal = agent()
    cookie = daemon.ask(kind, TWO if kind == "choose" else PIN)
    terminal.expect(r": $")
    assert terminal.is_echoing() == (kind == "choose")
    ENDS[end](terminal, daemon, cookie)
    assert_restored(terminal)
    if end in ("terminated", "hung-up", "daemon-dies"):
        assert terminal.child.wait(60) == (1 if end == "daemon-dies" else 0)
        return
    if end.startswith("ctrl"):
        assert daemon.answer() == (NOT_NOW, {})
    else:
        daemon.assert_silent()
    daemon.ask("confirm", facts())
    terminal.expect(r"Allow \[n\]: $")


@pytest.mark.parametrize("kind", ["choose", "unlock"])
def test_terminal_that_goes_away(daemon, agent, kind):
    """As when its window is closed."""
    terminal = agent()
    daemon.ask(kind, TWO if kind == "choose" else facts())
    terminal.expect(r": $")
    os.close(terminal.master)
    terminal.master = os.open("/dev/null", os.O_RDONLY)
    assert terminal.child.wait(60) == 0
    wait_until(lambda: settle() or daemon.connection.is_closed(), "the agent is gone")
    assert all(answer[1] == NOT_NOW for answer in daemon.answers)


def test_size_that_changes(daemon, agent):
    terminal = agent()
    daemon.ask("choose", TWO)
    terminal.expect(r"Use \[1\]: $")
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("4H", 10, 20, 0, 0))
    terminal.send("1\n")
    terminal.expect("Remember: ")
    terminal.send("\n")
    assert daemon.answer() == (ANSWERED, CHOSEN)


# ---- time ---------------------------------------------------------------------------------------


def in_seconds(seconds):
    return f"int64 {int(time.time()) + seconds}"


@pytest.mark.parametrize("kind, how, typed", [
    ("choose", "“\\+” and Enter", "+\n"), ("choose", "“\\+” and Enter", "?\n"),
    ("unlock", "any key", "S"),
])  # fmt: skip
def test_more_time(daemon, agent, kind, how, typed):
    terminal = agent()
    question = TWO if kind == "choose" else facts()
    cookie = daemon.ask(kind, question[:-1] + f", 'deadline': <{in_seconds(22)}>}}")
    terminal.expect(r": $")
    terminal.expect(rf"\n\d+ seconds are left; {how} asks for more time.\n")
    terminal.expect(r": $")
    terminal.send(typed)
    wait_until(lambda: settle() or daemon.extended, "more time is asked for")
    daemon.update(cookie, f"{{'deadline': <{in_seconds(60)}>}}")
    terminal.expect("There is more time now.\n")
    terminal.send("q\n" if kind == "choose" else "esame\n")
    if kind == "choose":
        assert daemon.answer() == (NOT_NOW, {})
    else:
        assert daemon.answer() == (ANSWERED, {"secret": b"Sesame"})
    assert daemon.extended == [cookie]


def test_program_that_gave_up(daemon, agent):
    terminal = agent()
    cookie = daemon.ask("choose", TWO)
    terminal.expect(r"Use \[1\]: $")
    daemon.update(cookie, "{'awaited': <false>}")
    terminal.expect("does not wait any more; your answer is for the next time.\nUse \\[1\\]: ")
    terminal.send("1\n\n")
    assert daemon.answer() == (ANSWERED, CHOSEN)


def test_real_daemon_gives_time(person, pki):
    person.start_daemon()
    for name in ("Alice", "Bob"):
        person.import_files(pki.p12(pki.identity(name, "p256")), password="correct horse")
    terminal = Terminal(
        [person.tree.meishi, "agent", "--tty"], person.env, person.home, **person.identity()
    )
    terminal.expect("until you press Ctrl-C")
    door = Door(f"unix:path={person.bus_socket}")
    selection = Selection(door)
    terminal.expect(r"www.example.com:443 asks for a certificate \(python")
    terminal.expect(r"Use: $")
    time.sleep(1.1)  # until a minute from now is later than it was
    terminal.send("+\n")
    terminal.expect("There is more time now.\n")
    terminal.expect(r"Use: $")
    terminal.send("2\n")
    terminal.expect(r"Remember: .*: $")
    terminal.send("\n")
    assert selection.response()[0] == SELECTED
    door.close()
    terminal.send("\x03")
    assert terminal.finish() == 0


# ---- what is typed is outside bytes -------------------------------------------------------------


def test_hostile_typing(daemon, agent):
    """Whatever comes, the question is open still, or was answered by what was said."""
    terminal = agent()
    daemon.ask("choose", TWO)
    terminal.expect(r"Use \[1\]: $")
    for text in (b"\xff\xfe\n", b"\x1b[2J\n", b"%s%n\n", b"9" * 900 + b"\n", b"\x16\x00x\n"):
        os.write(terminal.master, text)
        terminal.expect("is none of the answers.\nUse \\[1\\]: $")
    terminal.send("n\n\n")
    assert daemon.answer() == (ANSWERED, NONE)


# ---- Ctrl-Z -------------------------------------------------------------------------------------


@pytest.fixture
def shell(person):
    """A shell with job control on a terminal."""
    made = Terminal(
        ["dash", "-i"], person.env | {"PS1": "shell> "}, person.home, **person.identity()
    )
    made.expect("shell> $")
    made.before = modes(made)
    made.jobs = []
    yield made
    for job in made.jobs:
        end(job, signal.SIGKILL)
    made.child.kill()
    made.finish()


def start_in(shell, person, daemon, rest=""):
    shell.send(f"{person.tree.meishi} agent --tty{rest}\n")
    wait_until(lambda: settle() or daemon.path, "the agent registers")
    shell.expect("until you press Ctrl-C")
    shell.jobs.append(daemon.connection.get_peer_credentials().get_unix_pid())


@pytest.mark.parametrize("kind", ["choose", "unlock"])
def test_stopped_and_continued(person, daemon, shell, kind):
    start_in(shell, person, daemon)
    daemon.ask(kind, TWO if kind == "choose" else facts())
    shell.expect(r"(Use \[1\]|vault): $")
    shell.send("wrong\x1a" if kind == "unlock" else "\x1a")
    shell.expect(r"Stopped[^\n]*\n")
    shell.expect("shell> $")
    assert_restored(shell)
    shell.send("fg\n")
    shell.expect(r"(Use \[1\]|vault): $")
    assert shell.is_echoing() == (kind == "choose")
    shell.send("1\n\n" if kind == "choose" else "Sesame\n")
    answer = CHOSEN if kind == "choose" else {"secret": b"Sesame"}
    assert daemon.answer() == (ANSWERED, answer)
    assert len(daemon.registered) >= 2
    assert_restored(shell)


def test_asked_in_the_background(person, daemon, shell):
    start_in(shell, person, daemon, " &")
    daemon.ask("unlock", facts())
    shell.expect("A question waits; bring meishi to the foreground.")
    assert_restored(shell)
    shell.send("\n")
    shell.expect("shell> $")
    shell.send("fg\n")
    shell.expect_question("Passphrase of the vault: $")
    shell.send("Sesame\n")
    assert daemon.answer() == (ANSWERED, {"secret": b"Sesame"})
    assert_restored(shell)


def test_password_prompt_that_is_stopped(person, shell):
    """cli/prompt.c: what asks without a daemon."""
    person.write("passphrase", "open sesame")
    person.meishi("vault", "init", "passphrase", "--passphrase-file", person.home / "passphrase")
    person.meishi("lock")
    shell.send(f"{person.tree.meishi} unlock\n")
    shell.expect_question(r"assphrase.*: $")
    shell.send("half\x1a")
    shell.expect(r"Stopped[^\n]*\n")
    shell.expect("shell> $")
    assert_restored(shell)
    shell.send("fg\n")
    shell.expect_question(r"assphrase.*: $")
    shell.send("open sesame\n")
    shell.expect("shell> $")
    assert_restored(shell)
    assert "unlocked" in person.meishi("status").stdout
