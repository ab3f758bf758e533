# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs on another machine log in with keys that stay on this one, as doc/remote.md says."""

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from harness.elsewhere import Machines
from harness.matrix import VERSIONS
from harness.process import wait_until
from harness.servers import OpensslServer
from harness.smartcard import find_module
from harness.terminal import Terminal
from harness.wallet import HELD, Wallet

PAGE = Path(os.environ.get("MEISHI_SOURCE_DIR", Path(__file__).parents[2])) / "doc" / "remote.md"
MODULE = "/usr/lib/x86_64-linux-gnu/pkcs11/meishi-pkcs11.so"
FAR_SOCKET = "/run/user/1000/meishi-lent"
REMOTE = "p11-kit/p11-kit-remote"

# A program that speaks D-Bus and looks at nothing but the address.
LOCK = """
import sys
from harness.dbus import ROOT, VAULT, Door
Door(sys.argv[1]).call(ROOT, f"{VAULT}.Lock")
"""


class Lending:
    """What the page says, with the places of these machines."""

    def __init__(self, machines, wallet):
        self.near, self.far = machines.near, machines.far
        self.machines, self.wallet = machines, wallet
        self.socket = self.near.runtime / "meishi-lent"
        self.far_socket = self.far.runtime / "meishi-lent"
        for name in ("config/pkcs11", "config/pkcs11/modules"):
            self.far._mkdir(self.far.home / name)
        self.far.write("config/pkcs11/pkcs11.conf", "user-config: only\n", 0o644)
        self.far.write("config/pkcs11/modules/lent.module", self.block("lent.module"), 0o644)
        # Where p11-kit is asked, and nothing else.
        self.far.env.pop("PKCS11_MODULE_PATH", None)
        self._running = []

    def block(self, name):
        """A block of the page."""
        (text,) = re.findall(rf"^```\w+ {name}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
        text = text.replace(MODULE, str(self.near.tree.module))
        return text.replace(FAR_SOCKET, str(self.far_socket))

    def lend(self, name="lend", target=None):
        """Runs p11-kit's server near."""
        command = self.block(name)
        if target:
            command = command.replace("https://git.example.com/", f"{target} --no-probe")
        server = self.near.background("sh", "-c", f"exec {command}")
        self._running.append(server)
        server.wait_ready(self.socket.exists, "listens")
        return server

    def ssh_config(self, block=""):
        """With how to reach far."""
        return self.near.write("ssh_config", self.machines.ssh_config() + block)

    def connect(self, *options):
        """An ssh to far that stays, and forwards what the page says, or `options`."""
        config = self.ssh_config("" if options else self.block("lent.conf"))
        # What runs far ends with the connection, because its input does.
        ssh = self.near.background(
            "ssh", "-F", config, *options, "far", "echo connected; exec cat", stdin=subprocess.PIPE
        )
        self._running.append(ssh)
        ssh.wait_ready(lambda: "connected" in ssh.output(), "is connected")
        return ssh

    def policy(self, text):
        directory = self.near.config / "meishi"
        for path in (directory, directory / "policy.d"):
            self.near._mkdir(path)
        self.near.write("config/meishi/policy.d/60-lent.conf", text)

    def rules(self):
        return self.near.meishi("policy", "show").stdout

    def shown(self):
        """The labels that p11-kit shows far."""
        done = self.far.run("p11tool", "--list-all-certs", "pkcs11:token=Meishi", check=False)
        done.stdout += self.far.run(
            "p11tool", "--list-all-certs", "pkcs11:token=Corp%20card", check=False
        ).stdout
        return set(re.findall(r"Label: (\S.*)", done.stdout)) & self.names()

    def names(self):
        return {self.wallet.identity(*held).name for held in HELD}

    def stop(self):
        for one in reversed(self._running):
            one.stop()
            if one.child.stdin:
                one.child.stdin.close()
        self._running = []
        for socket in (self.socket, self.far_socket):
            socket.unlink(missing_ok=True)
        self.policy("[Policy]\nVersion=1\n")
        wait_until(lambda: "elsewhere" not in self.rules(), "the rules are not in force any more")


@pytest.fixture(scope="module")
def machines(tree, scratch):
    made = Machines(tree, scratch / "machines")
    yield made
    made.close()


@pytest.fixture(scope="module")
def wallet(machines, pki):
    yield Wallet(machines.near, pki)
    machines.near.close()


@pytest.fixture
def lending(machines, wallet):
    made = Lending(machines, wallet)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def servers(machines, scratch, pki):
    """For programs far."""
    made = {
        version: OpensslServer(
            scratch / f"far{version}", pki, version, "-num_tickets", "0", under=machines.enter_far
        )
        for version in VERSIONS
    }  # fmt: skip
    yield made
    for one in made.values():
        one.stop()


def curl(lending, key, place, url):
    wallet = lending.wallet
    return ("curl", "-sS", "--max-time", "120", "--cacert", wallet.pki.root.cert, "--cert",
            wallet.uri(key, place), url)  # fmt: skip


def wget(lending, key, place, url):
    wallet = lending.wallet
    uri = wallet.uri(key, place)
    return ("wget", "-nv", "-T", "60", "-t", "1", "-O", "-",
            f"--ca-certificate={wallet.pki.root.cert}", f"--certificate={uri}",
            f"--private-key={uri}", url)  # fmt: skip


def assert_gets_in(lending, client, key, place, server):
    identity = lending.wallet.identity(key, place)
    n_seen = server.n_seen(identity)
    done = lending.far.run(*client(lending, key, place, server.url()), timeout=150)
    assert "s_server" in done.stdout
    assert server.n_seen(identity) == n_seen + 1


def assert_has_none(lending, key, place, server):
    """What curl says where it does not find a certificate."""
    done = lending.far.run(*curl(lending, key, place, server.url()), check=False)
    assert done.returncode == 58 and "cannot load client cert" in done.stderr, done.stderr


# ---- it works -----------------------------------------------------------------------------------


@pytest.mark.parametrize("client", [curl, wget], ids=["curl", "wget"])
def test_programs_far_log_in(lending, servers, matrix, client):
    lending.lend()
    lending.connect()
    for key, place in HELD:
        for version in VERSIONS:
            title = f"{client.__name__} on another machine"
            with matrix.cell(title, "openssl s_server", key, version, place):
                assert_gets_in(lending, client, key, place, servers[version])


def test_as_it_is_typed(lending, servers):
    """The page's own commands."""
    lending.lend()
    lending.connect()
    identity, server = lending.wallet.identity("EC", "vault"), servers["1.3"]
    n_seen = server.n_seen(identity)
    authority = lending.wallet.pki.root.cert
    settings = lending.far.write("wgetrc", f"ca_certificate = {authority}\ntries = 1\n")
    typed = lending.block("use").replace("object=Alice", f"object={quote(identity.name)}")
    done = lending.far.run(
        "sh", "-ec", typed.replace("https://git.example.com/", server.url()),
        env={"CURL_CA_BUNDLE": str(authority), "WGETRC": str(settings)},
    )  # fmt: skip
    assert server.n_seen(identity) == n_seen + 2, done.stderr


def test_far_socket_is_for_one_user(lending):
    lending.lend()
    lending.connect()
    assert stat.S_IMODE(lending.far_socket.stat().st_mode) == 0o600
    assert lending.far_socket.stat().st_uid == lending.far.uid


def test_disconnected_is_gone(lending, servers):
    lending.lend()
    ssh = lending.connect()
    assert lending.shown() == lending.names()
    ssh.stop()
    wait_until(lambda: lending.shown() == set(), "nothing is shown far")
    assert_has_none(lending, "RSA", "vault", servers["1.3"])


def test_connected_again(lending):
    """What the page says of the file that stays behind."""
    lending.lend()
    lending.connect().stop()
    if lending.far_socket.exists():
        words = shlex.split(lending.block("again"))
        assert words[:2] == ["ssh", "far"]
        lending.far.run("sh", "-c", shlex.join(words[2:]))
    lending.connect()
    assert lending.shown() == lending.names()


# ---- what the person lends ----------------------------------------------------------------------


def test_one_is_lent(lending, servers):
    """The one for the server that it is about, and the key of no other."""
    target, identity = "https://git.internal/", lending.wallet.identity("EC", "token")
    lending.near.meishi("choices", "set", target, "--use", identity.name)
    lending.lend("lend-one", target)
    lending.connect()
    assert lending.shown() == {identity.name}
    assert_gets_in(lending, curl, "EC", "token", servers["1.3"])
    assert_has_none(lending, "RSA", "vault", servers["1.3"])


def test_policy_says_what_is_lent(lending):
    lending.lend()
    lending.connect()
    assert lending.shown() == lending.names()
    kept = lending.wallet.identity("RSA", "vault").name
    lending.policy(lending.block("60-lent.conf").replace("Alice at the bank", kept))
    wait_until(lambda: lending.shown() == lending.names() - {kept}, "it is not lent any more")
    near = lending.near.run("p11tool", "--list-all-certs", "pkcs11:token=Meishi").stdout
    assert f"Label: {kept}\n" in near


def test_the_person_is_asked_each_time(lending, servers):
    """Near, on whose behalf, and no is no."""
    lending.policy(lending.block("60-lent.conf"))
    near = lending.near
    wait_until(lambda: "elsewhere" in lending.rules(), "the policy is in force")
    lending.lend()
    lending.connect()
    terminal = Terminal(
        near.command(near.tree.meishi, "agent", "--tty"), near.env, near.home, **near.identity()
    )
    terminal.expect("until you press Ctrl-C")
    for answer, status in (("y", 0), ("y", 0), ("n", None)):
        client = lending.far.background(*curl(lending, "EC", "vault", servers["1.3"].url()))
        terminal.expect(REMOTE)
        terminal.expect(r"Allow \[n\]: $")
        terminal.send(f"{answer}\n")
        ended = client.wait(120)
        assert ended == status if status is not None else ended != 0, client.output()
    terminal.send("\x03")
    assert terminal.finish() == 0


# ---- what does not work, and what must not be done ----------------------------------------------


def test_own_socket_cannot_be_forwarded(lending):
    """Meishi's module at the far end: it finds nobody, and does no harm."""
    own = lending.far.runtime / "meishi" / "pkcs11"
    lending.far._mkdir(own.parent)
    lending.connect("-R", f"{own}:{lending.near.module_socket}")
    assert own.is_socket()
    done = lending.far.run("pkcs11-tool", "--module", lending.far.tree.module, "-O", check=False)
    assert "No slot with a token was found." in done.stderr
    own.unlink()


def test_root_of_far_can_use_what_is_lent(lending, servers):
    """As the page says, and only while the person is connected."""
    lending.lend()
    ssh = lending.connect()
    server, identity = servers["1.3"], lending.wallet.identity("EC", "vault")
    argv = map(str, curl(lending, "EC", "vault", server.url()))
    env = lending.far.env | {
        "PKCS11_MODULE_PATH": str(find_module("p11-kit-client.so")),
        "P11_KIT_SERVER_ADDRESS": f"unix:path={lending.far_socket}",
    }
    command = [*lending.machines.enter_far, *argv]

    def status():
        return subprocess.run(command, env=env, capture_output=True, check=False).returncode

    assert status() == 0 and server.n_seen(identity) > 0
    n_seen = server.n_seen(identity)
    ssh.stop()
    assert status() == 58 and server.n_seen(identity) == n_seen


def test_bus_must_not_be_forwarded(lending):
    """Why the page says so: root of far, who becomes whom it wants, acts for the person near."""
    near, far = lending.near, lending.far
    bus = far.runtime / "meishi" / "bus"
    far._mkdir(bus.parent)
    lending.connect("-R", f"{bus}:{near.bus_socket}")
    become = []
    if os.getuid() == 0:
        become = ["setpriv", "--reuid", str(near.uid), "--regid", str(near.gid), "--clear-groups"]
        for path in (far.home, far.runtime, bus.parent, bus):
            os.chown(path, near.uid, near.gid)
    lock = (sys.executable, "-B", "-c", LOCK, f"unix:path={bus}")
    assert "Vault       unlocked" in near.meishi("status").stdout
    done = subprocess.run(
        [*lending.machines.enter_far, *become, *lock], capture_output=True, text=True, check=False,
        env=far.env | {"PYTHONPATH": str(Path(__file__).parent)},
    )  # fmt: skip
    for path in (far.home, far.runtime, bus.parent, bus):
        os.chown(path, far.uid, far.gid)
    bus.unlink()
    assert done.returncode == 0, done.stderr
    assert "Vault       locked" in near.meishi("status").stdout
    near.meishi("unlock")


# ---- for ssh alone ------------------------------------------------------------------------------


def test_agent_goes_on_to_a_third_machine(lending):
    """Far itself is the third one here, which lets in whoever has the wallet's key."""
    near, far, sshd = lending.near, lending.far, lending.machines.sshd
    name = lending.wallet.identity("EC", "vault").name
    listed = near.run("ssh-keygen", "-D", near.tree.module).stdout.splitlines()
    far.write("ssh/authorized", "\n".join(line for line in listed if line.endswith(name)) + "\n")
    names = [f"{variable}={value}" for variable, value in sshd.names().items()]
    third = shlex.join(["env", *names, "ssh", *sshd.options(), sshd.destination, "echo third"])
    script = near.write("agent.sh", lending.block("agent").replace(
        "ssh -A far", f"ssh -F {lending.ssh_config()} -A far {shlex.quote(third)}"
    ))  # fmt: skip
    socket = near.home / "agent"
    agent = near.background("ssh-agent", "-D", "-a", socket, "-P", near.tree.module)
    agent.wait_ready(socket.exists, "listens")
    asking = {"SSH_ASKPASS": "/bin/true", "SSH_ASKPASS_REQUIRE": "force"}
    done = near.run("sh", script, env=asking | {"SSH_AUTH_SOCK": str(socket)}, check=False)
    agent.stop()
    assert done.stdout == "third\n", done.stderr
