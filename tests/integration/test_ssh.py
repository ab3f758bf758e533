# SPDX-License-Identifier: LGPL-2.1-or-later
"""ssh logs in with keys that live in Meishi: by itself, through an agent, and for git; a real sshd says
with which key."""

import shlex

import pytest
from harness.matrix import KEYS, PLACES
from harness.person import describe
from harness.process import wait_until
from harness.softhsm import PIN
from harness.sshd import Sshd
from harness.terminal import Terminal
from harness.wallet import HELD, TOKEN

CHOSEN = pytest.mark.parametrize("place,key", HELD)


class Login:
    """The wallet's owner and an sshd that lets in whoever has one of the wallet's keys."""

    def __init__(self, wallet):
        self.wallet = wallet
        self.person = wallet.person
        self.module = self.person.tree.module
        self.sshd = Sshd(self.person)
        self.public = self._public_keys()
        keys = "".join(f"{line}\n" for line in self.public.values())
        self.person.write("ssh/authorized", keys)

    def public_file(self, place, key):
        """What ssh is told to say which key it is."""
        return self.person.write(f"{place}-{key}.pub", self.public[place, key] + "\n")

    def ssh(self, *options, held=None, env=None):
        """What ssh says when it logs in, with the key that is `held` or with whatever it finds."""
        key = held and self.public_file(*held)
        done = self.person.run(
            "ssh", *self.sshd.options(key), *options, self.sshd.destination, "echo", "in",
            env=self.sshd.names() | (env or {}),
        )  # fmt: skip
        return done.stdout

    def fingerprint(self, place, key):
        done = self.person.run("ssh-keygen", "-lf", self.public_file(place, key))
        return done.stdout.split()[1]

    def n_accepted(self, place, key):
        """How often the server let somebody in with this key."""
        wanted = f" {self.fingerprint(place, key)}"
        lines = self.sshd.log().splitlines()
        return sum("Accepted publickey" in line and line.endswith(wanted) for line in lines)

    def _public_keys(self):
        listed = self.person.run("ssh-keygen", "-D", self.module).stdout.splitlines()
        by_label = {line.split(" ", 2)[2]: line for line in listed}
        return {held: by_label[self.wallet.identity(*held).name] for held in HELD}


@pytest.fixture(scope="module")
def login(wallet):
    made = Login(wallet)
    yield made
    made.sshd.stop()


# ---- ssh by itself ------------------------------------------------------------------------------


@CHOSEN
def test_ssh(login, matrix, place, key):
    """One key of several, by its public half."""
    with matrix.cell("ssh", "sshd", key, None, place):
        assert login.ssh("-o", f"PKCS11Provider={login.module}", held=(place, key)) == "in\n"
        assert login.n_accepted(place, key) == 1


def test_ssh_takes_what_opens(login):
    """`ssh -I` without a word of the key: it offers all, those of issuers among them."""
    before = sum(login.n_accepted(*held) for held in HELD)
    assert login.ssh("-I", login.module) == "in\n"
    assert sum(login.n_accepted(*held) for held in HELD) == before + 1


def test_ssh_in_a_script_is_asked_for_the_pin_by_meishi(login):
    """ssh asks nothing in BatchMode and knows of no PIN: whoever asks is Meishi, which knows that it
    is for ssh."""
    person = login.person
    person.meishi("token", "logout", TOKEN)
    terminal = Terminal(
        [person.tree.meishi, "agent", "--tty"], person.env, person.home, **person.identity()
    )
    terminal.expect("until you press Ctrl-C")
    ssh = person.background(
        "ssh", *login.sshd.options(login.public_file("token", "EC")), "-o", "BatchMode=yes",
        "-o", f"PKCS11Provider={login.module}", login.sshd.destination, "echo", "in",
        env=login.sshd.names(),
    )  # fmt: skip
    terminal.expect("/usr/bin/ssh")
    terminal.expect_question(f"PIN of “{TOKEN}”: $")
    terminal.send(f"{PIN}\n")
    assert ssh.wait() == 0 and ssh.output() == "in\n"
    terminal.send("\x03")
    assert terminal.finish() == 0


# ---- its agent ----------------------------------------------------------------------------------


class Agent:
    """An ssh-agent that may load the module.  Those of Debian allow what is below /usr/lib and
    /usr/local/lib; the tree of a test is elsewhere."""

    def __init__(self, login):
        self.login = login
        self.person = login.person
        self.socket = self.person.home / "agent"
        self.env = login.sshd.names() | {"SSH_AUTH_SOCK": str(self.socket)}
        self.process = self.person.background(
            "ssh-agent", "-D", "-a", self.socket, "-P", login.module, env=login.sshd.names()
        )
        self.process.wait_ready(self.socket.exists, "listens")

    def add(self, *options, env=None, check=True):
        """Whatever the passphrase is that ssh-add wants, the module needs none."""
        asking = {"SSH_ASKPASS": "/bin/true", "SSH_ASKPASS_REQUIRE": "force"}
        return self.person.run("ssh-add", *options, env=self.env | asking | (env or {}), check=check)

    def stop(self):
        self.process.stop()
        self.socket.unlink(missing_ok=True)


@pytest.fixture
def agent(login):
    made = Agent(login)
    yield made
    made.stop()


def test_agent(login, agent, matrix):
    agent.add("-s", login.module)
    listed = agent.add("-L").stdout
    for place in PLACES:
        for key in KEYS:
            with matrix.cell("ssh-agent", "sshd", key, None, place):
                assert login.public[place, key].split()[1] in listed
                before = login.n_accepted(place, key)
                assert login.ssh(held=(place, key), env=agent.env) == "in\n"
                assert login.n_accepted(place, key) == before + 1
    agent.add("-e", login.module)
    assert agent.add("-L", check=False).stdout == "The agent has no identities.\n"


def test_agent_outlives_the_daemon(login, agent):
    """It loaded the module once; the daemon is another one meanwhile, and what it had of the token
    ended as if that had been pulled."""
    agent.add("-s", login.module)
    login.person.stop_daemon()
    login.person.start_daemon(*login.wallet.card.options)
    assert login.ssh(held=("vault", "EC"), env=agent.env) == "in\n"
    wait_until(lambda: len(login.wallet.listed()) == len(HELD), "the token is seen again")
    login.wallet.login()
    agent.add("-e", login.module)
    agent.add("-s", login.module)
    assert login.ssh(held=("token", "RSA"), env=agent.env) == "in\n"


# ---- git ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def repository(wallet):
    """One with a commit, as the far end has it."""
    person = wallet.person
    path = person.home / "hello.git"
    work = person.home / "work"
    who = ("-c", "user.name=Hana", "-c", "user.email=hana@example.com")
    person.run("git", "init", "-q", "-b", "main", work)
    person.write("work/greeting", "Hello\n")
    person.run("git", "-C", work, "add", "greeting")
    person.run("git", "-C", work, *who, "commit", "-q", "-m", "greeting")
    person.run("git", "clone", "-q", "--bare", work, path)
    return path


@CHOSEN
def test_git(login, repository, matrix, place, key):
    """Fetched and pushed over ssh."""
    command = shlex.join(
        ["ssh", *login.sshd.options(login.public_file(place, key)),
         "-o", f"PKCS11Provider={login.module}"]
    )  # fmt: skip
    env = login.sshd.names() | {"GIT_SSH_COMMAND": command}
    clone = login.person.home / f"clone-{place}-{key}"
    with matrix.cell("git over ssh", "sshd", key, None, place):
        before = login.n_accepted(place, key)
        url = f"{login.sshd.destination}:{repository}"
        done = login.person.run("git", "clone", "-q", url, clone, env=env)
        assert (clone / "greeting").read_text() == "Hello\n", describe(done)
        login.person.run(
            "git", "-C", clone, "push", "-q", "origin", f"main:{place}-{key}", env=env
        )
        assert login.n_accepted(place, key) == before + 2
    branches = login.person.run("git", "-C", repository, "branch", "--list").stdout
    assert f"{place}-{key}" in branches
