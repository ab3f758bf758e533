# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pinentries that ask in the place of the terminal prompter: real ones, and some of no use."""

import os
import re
import signal
import stat
import termios
import time

import pytest
from harness.process import end, wait_until
from harness.scripted import ANSWERED, NOT_NOW, ScriptedDaemon, settle
from harness.terminal import Terminal

# No part of it is a name of anything, and it needs escapes in Assuan.
MARKER = "pxQ%7\u00fcmarker-4711-kR"
PIN = (
    "{'application': <'exe:/usr/bin/curl'>, 'pid': <uint32 4711>, 'host': <'git.example.com'>,"
    " 'port': <uint32 8443>, 'token': <'Corp % card'>, 'min-length': <uint32 4>%s}"
)


def question(extra=""):
    return PIN.replace("%s", extra)


@pytest.fixture
def daemon(person):
    made = ScriptedDaemon(person)
    yield made
    made.die()


@pytest.fixture
def agent(person, daemon):
    """agent(*options, **env) starts one on a terminal of its own."""
    made = []

    def start(*options, **env):
        argv = [person.tree.meishi, "agent", "--tty", *options]
        made.append(Terminal(argv, person.env | env, person.home, **person.identity()))
        wait_until(lambda: settle() or daemon.path or made[-1].child.poll(), "the agent registers")
        made[-1].expect("until you press Ctrl-C")
        made[-1].before = modes(made[-1])
        return made[-1]

    yield start
    for one in made:
        if one.child.poll() is None:
            deaf = children(one.child.pid)  # to the end of their input, and so to ours
            one.child.kill()
            one.child.wait()
            for pid in deaf:
                end(int(pid), signal.SIGKILL)
        os.close(one.master)


def modes(terminal):
    found = termios.tcgetattr(terminal.master)
    return found[:3] + [found[3] & ~termios.PENDIN] + found[4:]


def assert_restored(terminal):
    wait_until(lambda: modes(terminal) == terminal.before, "the terminal is as it was")


def wait_for_screen(terminal, text):
    """What is typed before the pinentry reads may be dropped."""
    terminal.expect(text)
    wait_until(lambda: modes(terminal) != terminal.before, "the pinentry has the terminal")
    time.sleep(0.2)


def fake(person, script, name="fake-pinentry", mode=0o700):
    return person.write(name, f"#!/bin/sh\n{script}\n", mode)


def children(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += file.read().split()
        except FileNotFoundError:  # a thread that has ended
            continue
    return found


# ---- real ones ----------------------------------------------------------------------------------


def test_curses(daemon, agent):
    terminal = agent("--pinentry=pinentry-curses")
    daemon.ask("pin", question(", 'wrong': <true>, 'tries': <'few'>"))
    terminal.expect("pinentry-curses asks.\n")
    terminal.expect("That PIN is wrong")
    assert "Corp % card" in terminal.text and "curl, pid 4711" in terminal.text
    wait_for_screen(terminal, "PIN:")
    terminal.send("987654\r")
    assert daemon.answer() == (ANSWERED, {"secret": b"987654"})
    assert_restored(terminal)
    assert "987654" not in terminal.text
    wait_until(lambda: not children(terminal.child.pid), "the pinentry has ended")


def test_curses_is_cancelled_by_the_person(daemon, agent):
    terminal = agent("--pinentry=pinentry-curses")
    daemon.ask("unlock", question())
    wait_for_screen(terminal, "Passphrase:")
    terminal.send("\t\t\r")
    assert daemon.answer() == (NOT_NOW, {})
    assert_restored(terminal)


@pytest.mark.parametrize("end", ["daemon", "ctrl-c", "terminated", "daemon-dies"])
def test_curses_is_ended(daemon, agent, end):
    """It gives the terminal back, whoever ends the question."""
    terminal = agent("--pinentry=pinentry-curses")
    cookie = daemon.ask("unlock", question())
    wait_for_screen(terminal, "Passphrase:")
    if end == "daemon":
        daemon.cancel(cookie, "timeout")
    elif end == "ctrl-c":
        terminal.send("\x03")
        assert daemon.answer() == (NOT_NOW, {})
    elif end == "terminated":
        terminal.child.send_signal(signal.SIGTERM)
        assert terminal.child.wait(60) == 0
    else:
        daemon.die()
        assert terminal.child.wait(60) == 1
    assert_restored(terminal)
    if terminal.child.poll() is None:
        wait_until(lambda: not children(terminal.child.pid), "the pinentry has ended")


def test_curses_confirms(daemon, agent):
    terminal = agent("--pinentry=pinentry-curses")
    daemon.ask("confirm", question(", 'label': <'Hana'>"))
    terminal.expect("May this program use")
    wait_for_screen(terminal, "Deny")
    terminal.send("\r")
    assert daemon.answer() == (ANSWERED, {"allow": "once"})
    assert_restored(terminal)


def test_tty(daemon, agent):
    terminal = agent("--pinentry=/usr/bin/pinentry-tty")
    daemon.ask("unlock", question())
    wait_for_screen(terminal, "Passphrase:")
    terminal.send("Sesame\r")
    assert daemon.answer() == (ANSWERED, {"secret": b"Sesame"})
    assert_restored(terminal)
    assert "Sesame" not in terminal.text


def test_list_stays_on_the_terminal(daemon, agent):
    terminal = agent("--pinentry=pinentry-curses")
    daemon.ask("choose", "{'host': <'a.example'>}")
    terminal.expect("a.example asks for a certificate")
    terminal.expect("Use: $")
    terminal.send("n\n")
    assert daemon.answer()[0] == ANSWERED


def test_last_try_takes_a_word_first(daemon, agent):
    terminal = agent("--pinentry=pinentry-curses")
    daemon.ask("pin", question(", 'tries': <'last'>"))
    terminal.expect("to spend the last try, Enter for not now: $")
    terminal.send("last\n")
    wait_for_screen(terminal, "PIN:")
    terminal.send("1234567\r")
    assert daemon.answer() == (ANSWERED, {"secret": b"1234567", "last-try": True})
    assert_restored(terminal)


# ---- of no use ----------------------------------------------------------------------------------

GREET = "echo OK; "
OBEY = GREET + "while read -r word rest; do case $word in %s *) echo OK;; esac; done"


def at_getpin(what):
    return OBEY.replace("%s", f"GETPIN) {what};;")


USELESS = {
    "ends": "exit 1",
    "greets-and-ends": GREET + "exit 0",
    "crashes": GREET + "kill -SEGV $$",
    "garbage": "head -c 100000 /dev/zero | tr '\\0' x; echo; cat > /dev/null",
    "binary": "head -c 5000 /dev/urandom; cat > /dev/null",
    "refuses-to-say-what-for": GREET + "while read -r line; do echo ERR 1 no; done",
    "crashes-at-getpin": at_getpin("kill -SEGV $$"),
    "line-too-long": at_getpin("printf D\\ ; head -c 3000 /dev/zero | tr '\\0' 1; echo; echo OK"),
    "secret-too-long": at_getpin(
        "for n in 1 2 3 4 5 6 7 8 9; do printf D\\ ; head -c 900 /dev/zero | tr '\\0' 1; echo; done;"
        " echo OK"
    ),
    "inquires": at_getpin("echo INQUIRE secrets; read -r answer; echo OK"),
    "another-error": at_getpin("echo ERR 83886081 General error"),
}


@pytest.mark.parametrize("name", USELESS)
def test_useless(person, daemon, agent, name):
    """The terminal asks by itself, and what comes of that counts."""
    terminal = agent(f"--pinentry={fake(person, USELESS[name])}")
    daemon.ask("pin", question())
    terminal.expect("fake-pinentry cannot ask: .* You are asked here.\n")
    terminal.expect_question("PIN of “Corp % card”: $")
    terminal.send("4321\n")
    assert daemon.answer() == (ANSWERED, {"secret": b"4321"})
    assert_restored(terminal)
    assert not children(terminal.child.pid)


def test_hangs_before_it_greets(person, daemon, agent):
    """The agent hears the daemon all the while."""
    terminal = agent(f"--pinentry={fake(person, 'trap : TERM; while :; do sleep 1; done')}")
    cookie = daemon.ask("pin", question())
    terminal.expect("fake-pinentry asks")
    daemon.update(cookie, "{'awaited': <false>}")
    terminal.expect("cannot ask: it does not answer. You are asked here.")
    terminal.expect_question("PIN of “Corp % card”: $")
    terminal.send("\n")
    assert daemon.answer() == (NOT_NOW, {})


def test_hangs_while_it_asks(person, daemon, agent):
    """As long as nobody answers, it is as good as any; the daemon's end is its end."""
    terminal = agent(f"--pinentry={fake(person, at_getpin('sleep 1000'))}")
    cookie = daemon.ask("pin", question())
    terminal.expect("fake-pinentry asks")
    time.sleep(0.5)
    daemon.cancel(cookie, "timeout")
    terminal.expect("Nobody answered in time")
    assert_restored(terminal)
    wait_until(lambda: not children(terminal.child.pid), "the pinentry has ended")


def test_empty_answer_is_not_now(person, daemon, agent):
    agent(f"--pinentry={fake(person, at_getpin('echo OK'))}")
    daemon.ask("unlock", question())
    assert daemon.answer() == (NOT_NOW, {})


def test_too_short_is_asked_for_again(person, daemon, agent):
    """And the pinentry is told why."""
    script = (
        f"n=$(cat {person.home}/n 2>/dev/null); echo x$n > {person.home}/n; echo OK; while read -r"
        f" word rest; do echo \"$word $rest\" >> {person.home}/said; case $word in GETPIN)"
        " if [ -z \"$n\" ]; then echo D 12; else echo D 1234; fi;; esac; echo OK; done"
    )
    agent(f"--pinentry={fake(person, script)}")
    daemon.ask("pin", question())
    assert daemon.answer() == (ANSWERED, {"secret": b"1234"})
    said = (person.home / "said").read_text()
    assert "SETERROR A PIN of this token has at least 4 characters." in said
    assert "SETDESC This program needs the PIN of “Corp %25 card”.%0A" in said
    assert re.search(r"^OPTION ttyname=/dev/tty$", said, re.M)
    assert re.search(r"^OPTION ttytype=xterm$", said, re.M)
    assert re.search(rf"^OPTION owner=4711/{person.uid} \S+$", said, re.M)
    assert said.count("BYE") == 2


# ---- which program ------------------------------------------------------------------------------


def refusal(person, *options):
    """What `meishi agent` says that does not start."""
    argv = [person.tree.meishi, "agent", "--tty", *options]
    terminal = Terminal(argv, person.env, person.home, **person.identity())
    assert terminal.finish() == 2
    return terminal.text


def test_programs_that_are_not_used(person, daemon):
    assert "there is no such program" in refusal(person, "--pinentry=no-such-pinentry")
    assert "it is not there" in refusal(person, "--pinentry=/no/such/pinentry")
    assert "write its whole path" in refusal(person, "--pinentry=./fake-pinentry")
    assert "it is no program" in refusal(person, f"--pinentry={fake(person, '', mode=0o600)}")
    assert "it is no program" in refusal(person, "--pinentry=/tmp")
    everybodys = fake(person, "", mode=0o777)
    everybodys.chmod(0o777)
    assert "somebody else could change it" in refusal(person, f"--pinentry={everybodys}")
    everybodys.chmod(0o700)
    link = person.home / "link"
    link.symlink_to(everybodys)
    person.home.chmod(0o777)
    assert "somebody else could change it" in refusal(person, f"--pinentry={link}")
    person.home.chmod(0o700)
    (person.config / "meishi").mkdir(mode=0o700)
    conf = person.write("config/meishi/prompter.conf", "[Prompter]\nPinentry=/no/such/program\n")
    assert "/no/such/program" in refusal(person)
    conf.write_text("what is this")
    assert "prompter.conf cannot be read" in refusal(person)
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600


def test_configured(person, daemon, agent):
    (person.config / "meishi").mkdir(mode=0o700)
    program = fake(person, at_getpin("echo D 1234; echo OK"))
    person.write("config/meishi/prompter.conf", f"[Prompter]\nPinentry={program}\n")
    agent()
    daemon.ask("pin", question())
    assert daemon.answer() == (ANSWERED, {"secret": b"1234"})


def test_configured_and_not_wanted(person, daemon, agent):
    (person.config / "meishi").mkdir(mode=0o700)
    person.write("config/meishi/prompter.conf", "[Prompter]\nPinentry=/no/such/program\n")
    terminal = agent("--pinentry=none")
    daemon.ask("pin", question())
    terminal.expect_question("PIN of “Corp % card”: $")


# ---- memory -------------------------------------------------------------------------------------


def mappings(pid):
    """(start, end, flags) of what can be read and written."""
    found = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
            if head:
                found.append([int(head[1], 16), int(head[2], 16), head[3], ()])
            elif line.startswith("VmFlags:"):
                found[-1][3] = line.split()[1:]
    return [(start, end, flags) for start, end, rights, flags in found if "rw" in rights]


def places(pid, needle):
    """The flags of each mapping that `needle` is in."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, flags in mappings(pid):
            try:
                content = os.pread(memory.fileno(), end - start, start)
            except OSError:
                continue
            if needle in content:
                found.append(flags)
    return found


def test_secret_is_in_locked_memory_alone(person, daemon, agent):
    """While libassuan has it, as it came and decoded; and nowhere when it was handed on."""
    escaped = MARKER.replace("%", "%25")
    gate = person.home / "gate"
    os.mkfifo(gate)
    os.chown(gate, person.uid, person.gid)
    said = person.write("secret", f"D {escaped}\n")
    program = fake(person, at_getpin(f"cat {said}; read -r go < {gate}; echo OK"))
    terminal = agent(f"--pinentry={program}")
    pid = terminal.child.pid
    if os.getuid() != 0:
        with pytest.raises(PermissionError):  # not even its own person reads it
            places(pid, b"x")
        daemon.ask("unlock", question())
        with open(gate, "w", encoding="ascii") as go:
            go.write("go\n")
        assert daemon.answer() == (ANSWERED, {"secret": MARKER.encode()})
        return
    daemon.ask("unlock", question())
    go = os.open(gate, os.O_WRONLY)
    tail = MARKER[4:].encode()  # behind the escape: as it came, and decoded
    seen = wait_until(lambda: places(pid, tail), "the secret has come")
    for flags in seen:
        assert "lo" in flags and "dd" in flags, "in memory that may be swapped or dumped"
    os.write(go, b"go\n")
    os.close(go)
    assert daemon.answer() == (ANSWERED, {"secret": MARKER.encode()})
    assert_restored(terminal)
    assert places(pid, tail) == []
    assert places(pid, b"until you press Ctrl-C") != [] or places(pid, b"Corp") != []


def test_typed_secret_is_nowhere_afterwards(person, daemon, agent):
    terminal = agent()
    daemon.ask("unlock", question())
    terminal.expect_question("Passphrase of the vault: $")
    terminal.send(MARKER)
    if os.getuid() == 0:
        seen = wait_until(lambda: places(terminal.child.pid, MARKER.encode()), "it was typed")
        assert all("lo" in flags and "dd" in flags for flags in seen)
    terminal.send("\n")
    assert daemon.answer() == (ANSWERED, {"secret": MARKER.encode()})
    assert_restored(terminal)
    if os.getuid() == 0:
        assert places(terminal.child.pid, MARKER.encode()) == []
