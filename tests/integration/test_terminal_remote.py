# SPDX-License-Identifier: LGPL-2.1-or-later
"""The terminal prompter where its terminal is inside another program: tmux, sshd, script."""

import shlex

import pytest
from harness.process import wait_until
from harness.scripted import ANSWERED, NOT_NOW, ScriptedDaemon, settle
from harness.sshd import Sshd
from harness.terminal import Terminal

WHO = (
    "'application': <'exe:/usr/bin/curl'>, 'pid': <uint32 4711>, 'host': <'git.example.com'>,"
    " 'port': <uint32 8443>"
)
LIST = ", ".join(
    f"{{'identity': <objectpath '/i/{n}'>, 'label': <'Hana {n}'>, 'issuer': <'CN=CA'>,"
    f" 'kind': <'{'ok' if n < 30 else 'soft'}'>, 'code': <'EXPIRED'>, 'reason': <'over'>}}"
    for n in range(1, 32)
)
CHOICE = f"{{{WHO}, 'kind': <'choose'>, 'scopes': <['once']>, 'candidates': <[{LIST}]>}}"
SECRET = "wq-Marker-88"
KINDS = {
    "choose": (CHOICE, "29\n", "identity", "/i/29"),
    "confirm": (f"{{{WHO}, 'label': <'Hana'>}}", "y\n", "allow", "once"),
    "unlock": (f"{{{WHO}}}", f"{SECRET}\n", "secret", SECRET.encode()),
    "pin": (f"{{{WHO}, 'token': <'C'>}}", f"{SECRET}\n", "secret", SECRET.encode()),
}


@pytest.fixture
def daemon(ordinary):
    made = ScriptedDaemon(ordinary)
    yield made
    made.die()


def answer_all(daemon, typed):
    """Each kind in turn; `typed` sends what a person types."""
    for n, (kind, (question, text, name, value)) in enumerate(KINDS.items(), 1):
        daemon.ask(kind, question)
        typed(kind, text)
        result, answer = daemon.answer(n)
        assert result == ANSWERED and answer[name] == value
    daemon.ask("explain", CHOICE)
    typed("explain", "\n")
    assert daemon.answer(len(KINDS) + 1) == (ANSWERED, {})


PROMPTS = {
    "choose": "Use: ", "confirm": "Allow [n]: ", "unlock": "Passphrase of the vault: ",
    "pin": "PIN of “C”: ", "explain": "Enter closes: ",
}  # fmt: skip


# ---- tmux ---------------------------------------------------------------------------------------


class Tmux:
    """A server of its own with one window."""

    def __init__(self, person):
        self.person = person
        self.command = ["tmux", "-S", str(person.home / "tmux"), "-f", "/dev/null"]

    def run(self, *args):
        # It starts programs by the shell, and nobody's is none.
        return self.person.run(*self.command, *args, env={"SHELL": "/bin/sh"}).stdout

    def start(self, *argv):
        self.run("-u", "new-session", "-d", "-x", "100", "-y", "24", shlex.join(map(str, argv)))

    def text(self):
        """All that was ever shown."""
        return self.run("capture-pane", "-p", "-J", "-S", "-")

    def type(self, text):
        self.run("send-keys", "-l", text.rstrip("\n"))
        self.run("send-keys", "Enter")


@pytest.fixture
def tmux(ordinary):
    made = Tmux(ordinary)
    yield made
    made.person.run(*made.command, "kill-server", check=False)


@pytest.mark.parametrize("options", [(), ("--plain",)], ids=["", "plain"])
def test_tmux(ordinary, daemon, tmux, options):
    tmux.start(ordinary.tree.meishi, "agent", "--tty", *options)
    wait_until(lambda: settle() or daemon.path, "the agent registers")
    wait_until(lambda: "until you press Ctrl-C" in tmux.text(), "the agent is ready")
    shown = []

    def typed(kind, text):
        prompt = PROMPTS[kind].rstrip()
        wait_until(lambda: tmux.text().rstrip().endswith(prompt), prompt)
        tmux.type(text)
        shown.append(tmux.text())

    answer_all(daemon, typed)
    everything = "".join(shown)
    assert "  1) Hana 1" in everything and " 29) Hana 29" in everything
    assert "30) not offered: Hana 30; EXPIRED: over" in everything.replace(", from CA", "")
    assert SECRET not in everything
    tmux.run("send-keys", "C-c")
    wait_until(lambda: settle() or daemon.connection.is_closed(), "the agent has ended")


def test_tmux_whose_window_is_closed(ordinary, daemon, tmux):
    tmux.start(ordinary.tree.meishi, "agent", "--tty")
    daemon.ask("unlock", KINDS["unlock"][0])
    wait_until(lambda: "Passphrase of the vault:" in tmux.text(), "the question")
    tmux.run("kill-session")
    wait_until(lambda: settle() or daemon.connection.is_closed(), "the agent has ended")
    assert all(answer[1] == NOT_NOW for answer in daemon.answers)


def test_tmux_that_is_detached_and_resized(ordinary, daemon, tmux):
    """Nobody looks at it, and the size changes meanwhile: the question is still the same."""
    tmux.start(ordinary.tree.meishi, "agent", "--tty")
    daemon.ask("choose", CHOICE)
    wait_until(lambda: "\nUse:" in tmux.text(), "the question")
    tmux.run("resize-window", "-x", "40", "-y", "10")
    tmux.type("2")
    assert daemon.answer()[1]["identity"] == "/i/2"


# ---- ssh ----------------------------------------------------------------------------------------


@pytest.fixture
def sshd(ordinary):
    made = Sshd(ordinary)
    yield made
    made.stop()


@pytest.mark.parametrize("options", [(), ("--plain",)], ids=["", "plain"])
def test_ssh(ordinary, daemon, sshd, options):
    terminal = sshd.login(ordinary.tree.meishi, "agent", "--tty", *options)
    wait_until(lambda: settle() or daemon.path, "the agent registers")
    terminal.expect("until you press Ctrl-C")

    def typed(kind, text):
        terminal.expect(f"{PROMPTS[kind].replace('[', chr(92) + '[')}$")
        terminal.send(text)

    answer_all(daemon, typed)
    assert SECRET not in terminal.text
    terminal.send("\x03")
    assert terminal.finish() == 0


def test_ssh_that_breaks_off(ordinary, daemon, sshd):
    terminal = sshd.login(ordinary.tree.meishi, "agent", "--tty")
    wait_until(lambda: settle() or daemon.path, "the agent registers")
    terminal.expect("until you press Ctrl-C")
    daemon.ask("unlock", KINDS["unlock"][0])
    terminal.expect("Passphrase of the vault: $")
    terminal.child.kill()
    wait_until(lambda: settle() or daemon.connection.is_closed(), "the agent has ended")
    assert all(answer[1] == NOT_NOW for answer in daemon.answers)
    terminal.finish()


# ---- script, expect -----------------------------------------------------------------------------


def test_script_keeps_no_secret(ordinary, daemon):
    """script(1) writes down all that the terminal shows."""
    command = shlex.join([str(ordinary.tree.meishi), "agent", "--tty"])
    terminal = Terminal(
        ["script", "-q", "-c", command, "typescript"], ordinary.env, ordinary.home,
        **ordinary.identity(),
    )  # fmt: skip
    wait_until(lambda: settle() or daemon.path, "the agent registers")
    terminal.expect("until you press Ctrl-C")

    def typed(kind, text):
        terminal.expect(f"{PROMPTS[kind].replace('[', chr(92) + '[')}$")
        terminal.send(text)

    answer_all(daemon, typed)
    terminal.send("\x03")
    terminal.finish()
    kept = (ordinary.home / "typescript").read_text()
    assert "Passphrase of the vault" in kept and SECRET not in kept


EXPECT = r"""
set timeout 60
spawn %s agent --tty
expect "Passphrase of the vault: "
send "Sesame\r"
expect -ex {Allow [n]: }
send "y\r"
expect eof
"""


def test_expect(ordinary, daemon):
    script = ordinary.write("script.exp", EXPECT % ordinary.tree.meishi)
    expect = ordinary.background("expect", script)
    daemon.ask("unlock", KINDS["unlock"][0])
    assert daemon.answer() == (ANSWERED, {"secret": b"Sesame"})
    daemon.ask("confirm", KINDS["confirm"][0])
    wait_until(lambda: settle() or len(daemon.answers) > 1 or not expect.is_alive(), "an answer")
    assert daemon.answers[1:] and daemon.answer(2) == (ANSWERED, {"allow": "once"}), expect.output()
    daemon.die()
    assert expect.wait() == 0
    assert "Sesame" not in expect.output()
