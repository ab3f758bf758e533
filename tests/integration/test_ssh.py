# SPDX-License-Identifier: LGPL-2.1-or-later
"""ssh logs in with keys that live in Meishi: by itself, through an agent, and for git; a real sshd
says with which key."""

import shlex

import pytest
from harness.person import describe
from harness.softhsm import PIN
from harness.sshd import Sshd
from harness.terminal import Terminal
from harness.wallet import HELD, TOKEN

CHOSEN = pytest.mark.parametrize("key,place", HELD)


class Host:
    """The wallet's owner and an sshd that lets in whoever has one of the wallet's keys."""

    def __init__(self, wallet):
        self.wallet = wallet
        self.person = wallet.person
        self.module = self.person.tree.module
        self.sshd = Sshd(self.person)
        self.public = self._public_keys()
        keys = "".join(f"{line}\n" for line in self.public.values())
        self.person.write("ssh/authorized", keys)

    def public_file(self, key, place):
        """What ssh is told to say which key it is."""
        return self.person.write(f"{place}-{key}.pub", self.public[key, place] + "\n")

    def ssh(self, *options, held=None, env=None):
        """What ssh says when it logs in, with the key that is `held` or with whatever it finds."""
        key = held and self.public_file(*held)
        done = self.person.run(
            "ssh", *self.sshd.options(key), *options, self.sshd.destination, "echo", "in",
            env=self.sshd.names() | (env or {}),
        )  # fmt: skip
        return done.stdout

    def fingerprint(self, key, place):
        done = self.person.run("ssh-keygen", "-lf", self.public_file(key, place))
        return done.stdout.split()[1]

    def n_accepted(self, key, place):
        """How often the server let somebody in with this key."""
        wanted = f" {self.fingerprint(key, place)}"
        lines = self.sshd.log().splitlines()
        return sum("Accepted publickey" in line and line.endswith(wanted) for line in lines)

    def _public_keys(self):
        listed = self.person.run("ssh-keygen", "-D", self.module).stdout.splitlines()
        by_label = {line.split(" ", 2)[2]: line for line in listed}
        return {held: by_label[self.wallet.identity(*held).name] for held in HELD}


@pytest.fixture(scope="module")
def host(wallet):
    made = Host(wallet)
    yield made
    made.sshd.stop()


# ---- ssh by itself ------------------------------------------------------------------------------


@CHOSEN
def test_ssh(host, matrix, key, place):
    """One key of several, by its public half."""
    with matrix.cell("ssh", "sshd", key, None, place):
        assert host.ssh("-o", f"PKCS11Provider={host.module}", held=(key, place)) == "in\n"
        assert host.n_accepted(key, place) == 1


def test_ssh_takes_what_opens(host):
    """`ssh -I` without a word of the key: it offers all, those of issuers among them."""
    before = sum(host.n_accepted(*held) for held in HELD)
    assert host.ssh("-I", host.module) == "in\n"
    assert sum(host.n_accepted(*held) for held in HELD) == before + 1


def test_ssh_in_a_script_is_asked_for_the_pin_by_meishi(host):
    """ssh asks nothing in BatchMode and knows of no PIN: whoever asks is Meishi, which knows that
    it is for ssh."""
    person = host.person
    person.meishi("token", "logout", TOKEN)
    terminal = Terminal(
        [person.tree.meishi, "agent", "--tty"], person.env, person.home, **person.identity()
    )
    terminal.expect("until you press Ctrl-C")
    ssh = person.background(
        "ssh", *host.sshd.options(host.public_file("EC", "token")), "-o", "BatchMode=yes",
        "-o", f"PKCS11Provider={host.module}", host.sshd.destination, "echo", "in",
        env=host.sshd.names(),
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

    def __init__(self, host):
        self.host = host
        self.person = host.person
        self.socket = self.person.home / "agent"
        self.env = host.sshd.names() | {"SSH_AUTH_SOCK": str(self.socket)}
        self.process = self.person.background(
            "ssh-agent", "-D", "-a", self.socket, "-P", host.module, env=host.sshd.names()
        )
        self.process.wait_ready(self.socket.exists, "listens")

    def add(self, *options, env=None, check=True):
        """Whatever the passphrase is that ssh-add wants, the module needs none."""
        asking = {"SSH_ASKPASS": "/bin/true", "SSH_ASKPASS_REQUIRE": "force"}
        env = self.env | asking | (env or {})
        return self.person.run("ssh-add", *options, env=env, check=check)

    def stop(self):
        self.process.stop()
        self.socket.unlink(missing_ok=True)


@pytest.fixture
def agent(host):
    made = Agent(host)
    yield made
    made.stop()


def test_agent(host, agent, matrix):
    agent.add("-s", host.module)
    listed = agent.add("-L").stdout
    for key, place in HELD:
        with matrix.cell("ssh-agent", "sshd", key, None, place):
            assert host.public[key, place].split()[1] in listed
            before = host.n_accepted(key, place)
            assert host.ssh(held=(key, place), env=agent.env) == "in\n"
            assert host.n_accepted(key, place) == before + 1
    agent.add("-e", host.module)
    assert agent.add("-L", check=False).stdout == "The agent has no identities.\n"


def test_agent_outlives_the_daemon(host, agent):
    """It loaded the module once; the daemon is another one meanwhile, and what it had of the token
    ended as if that had been pulled."""
    agent.add("-s", host.module)
    host.person.stop_daemon()
    host.person.start_daemon(*host.wallet.card.options)
    assert host.ssh(held=("EC", "vault"), env=agent.env) == "in\n"
    host.wallet.give_pin()
    agent.add("-e", host.module)
    agent.add("-s", host.module)
    assert host.ssh(held=("RSA", "token"), env=agent.env) == "in\n"


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
def test_git(host, repository, matrix, key, place):
    """Fetched and pushed over ssh."""
    command = shlex.join(
        ["ssh", *host.sshd.options(host.public_file(key, place)),
         "-o", f"PKCS11Provider={host.module}"]
    )  # fmt: skip
    env = host.sshd.names() | {"GIT_SSH_COMMAND": command}
    clone = host.person.home / f"clone-{place}-{key}"
    with matrix.cell("git over ssh", "sshd", key, None, place):
        before = host.n_accepted(key, place)
        url = f"{host.sshd.destination}:{repository}"
        done = host.person.run("git", "clone", "-q", url, clone, env=env)
        assert (clone / "greeting").read_text() == "Hello\n", describe(done)
        host.person.run(
            "git", "-C", clone, "push", "-q", "origin", f"main:{place}-{key}", env=env
        )
        assert host.n_accepted(key, place) == before + 2
    branches = host.person.run("git", "-C", repository, "branch", "--list").stdout
    assert f"{place}-{key}" in branches
