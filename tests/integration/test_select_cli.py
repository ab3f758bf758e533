# SPDX-License-Identifier: LGPL-2.1-or-later
"""meishi select, why, exec and choices against servers that want certificates, with a person at a
terminal where one has to choose."""

import http.server
import json
import os
import re
import shlex
import ssl
import subprocess
import threading

import pytest
from harness.person import ORDINARY_UID, Person
from harness.pki import PASSWORD
from harness.terminal import Terminal

USAGE, NOT_FOUND, NONE, PERSON, DENIED = 2, 3, 10, 11, 12

UNUSED = "unused.example.com:8443"  # nobody connects there
EITHER = "(Hana Sato|Hana at work)"


def choose(terminal, number, remember=""):
    """Answers both questions."""
    terminal.expect(r"Use( \[\d\])?: ")
    terminal.send(f"{number}\n")
    terminal.expect(r"Remember:.*\]: ")
    terminal.send(f"{remember}\n")


class PlainServer(http.server.ThreadingHTTPServer):
    """A web server that asks for no certificate."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    def __init__(self, pki):
        super().__init__(("127.0.0.1", 0), self.Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.server.cert, pki.server.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class Owner:
    """A person with three identities: two that the servers accept, one of another authority."""

    def __init__(self, person, pki):
        self.person, self.pki = person, pki
        self.first = pki.identity("Hana Sato", "rsa2048")
        self.second = pki.identity("Hana at work", "p256")
        self.other = pki.identity("Partner", "p256", issuer=pki.authority("Partner CA"))
        person.use_p11_kit()
        person.start_daemon()
        for one in (self.first, self.second, self.other):
            person.import_files(pki.p12(one), password=PASSWORD)
        listed = json.loads(person.meishi("list", "--json").stdout)
        self.uris = {one["label"]: one["uri"] for one in listed}

    def trusting(self, command, server, *args):
        return (command, "--ca-file", self.pki.root.cert, server, *args)

    def meishi(self, *args, **kwargs):
        return self.person.meishi(*args, **kwargs)

    def json(self, *args, status=0):
        done = self.meishi(*args, "--json", check=False)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)

    def refused(self, *args, status, says, **kwargs):
        done = self.meishi(*args, check=False, **kwargs)
        assert done.returncode == status, done.stdout + done.stderr
        assert says in done.stderr, done.stderr
        assert done.stdout == ""
        return done

    def terminal(self, *argv, columns=120):
        return Terminal(
            argv, self.person.env, self.person.home, columns=columns, **self.person.identity()
        )

    def select_at_terminal(self, server, *args, **kwargs):
        """`meishi select` with standard output in a file, as in "$(meishi select ...)"."""
        out = self.person.write("selected", b"")
        command = self.trusting("select", server, *args)
        words = " ".join(shlex.quote(str(word)) for word in (self.person.tree.meishi, *command))
        return self.terminal("sh", "-c", f"exec {words} > {out}", **kwargs)

    @property
    def selected(self):
        return (self.person.home / "selected").read_text()

    def choices(self):
        return self.json("choices", "list")

    def policy(self, rule):
        directory = self.person.config / "meishi" / "policy.d"
        directory.mkdir(mode=0o700, exist_ok=True)
        os.chown(directory, self.person.uid, self.person.gid)
        self.person.write("config/meishi/policy.d/10-test.conf", f"[Policy]\nVersion=1\n{rule}")
        self.person.stop_daemon()
        self.person.start_daemon()


@pytest.fixture(scope="module")
def owner_for_all(tree, scratch, pki):
    person = Person(tree, scratch / "owner", ORDINARY_UID if os.getuid() == 0 else None)
    yield Owner(person, pki)
    person.close()


@pytest.fixture
def owner(owner_for_all):
    """Nothing remembered, no policy."""
    yield owner_for_all
    policy = owner_for_all.person.config / "meishi" / "policy.d" / "10-test.conf"
    if policy.exists():
        policy.unlink()
        owner_for_all.person.stop_daemon()
        owner_for_all.person.start_daemon()
    owner_for_all.meishi("choices", "forget", "--all")


# ---- select: at a terminal ----------------------------------------------------------------------


def test_select_asks_and_prints_the_uri(owner, nginx):
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    terminal.expect(rf"127.0.0.1:{nginx.port('1.3')} asks for a certificate\n")
    terminal.expect(r"accepts: CN=Example User CA,O=Example Corp, \+1\n")
    first = terminal.expect(rf"  1\) {EITHER} +Example User CA  until \S+  software\n")
    second = terminal.expect(rf"  2\) {EITHER} +Example User CA")
    terminal.expect(r"  o\) 1 other not offered    n\) send none    N\) never here    q\) not now")
    terminal.expect(r"Use( \[1\])?: ")
    assert terminal.is_echoing()
    terminal.send("2\n")
    terminal.expect(r"Remember: o\)nce s\)ession a\)lways.* \[o\]: ")
    terminal.send("\n")
    assert terminal.finish() == 0
    assert first.group(1) != second.group(1)
    assert owner.selected == owner.uris[second.group(1)] + "\n"
    [choice] = owner.choices()
    assert (choice["scope"], choice["application"]) == ("once", None)


def test_always_is_remembered_and_not_asked_again(owner, nginx):
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    choose(terminal, 1, "a")
    assert terminal.finish() == 0
    chosen = owner.selected
    [choice] = owner.choices()
    assert (choice["scope"], choice["reach"]) == ("always", "host-port")
    assert choice["port"] == nginx.port("1.3")
    done = owner.meishi(*owner.trusting("select", nginx.url("1.3")))
    assert (done.stdout, done.stderr) == (chosen, "")
    # Another port of the same host is another server.
    done = owner.meishi(*owner.trusting("select", nginx.url("1.2")), check=False)
    assert done.returncode == PERSON


def test_for_every_port(owner, nginx):
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    terminal.expect("Use.*: ")
    terminal.send("1\n")
    terminal.expect(r"\+h every port")
    terminal.send("a+h\n")
    assert terminal.finish() == 0
    done = owner.meishi(*owner.trusting("select", nginx.url("1.2")))
    assert done.stdout == owner.selected


@pytest.mark.parametrize("typed", ["q\n", "\x03", "\x04"], ids=["q", "ctrl-c", "end"])
def test_not_now(owner, nginx, typed):
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    terminal.expect("Use.*: ")
    terminal.send(typed)
    assert terminal.finish() == PERSON
    assert owner.selected == ""
    assert "Nothing was chosen." in terminal.text
    assert owner.choices() == []


@pytest.mark.parametrize("typed, scope", [("n\n", "session"), ("N\n", "always")])
def test_send_none(owner, nginx, typed, scope):
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    terminal.expect("Use.*: ")
    terminal.send(typed)
    if scope == "session":
        terminal.expect("Remember.*: ")
        terminal.send("s\n")
    assert terminal.finish() == NONE
    assert owner.selected == ""
    [choice] = owner.choices()
    assert (choice["none"], choice["scope"]) == (True, scope)
    owner.refused(*owner.trusting("select", nginx.url("1.3")), status=NONE, says="chosen before")


def test_daemon_dies_at_the_question(owner, nginx):
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    terminal.expect("Use.*: ")
    owner.person.daemon.kill()
    terminal.expect("\n.*The daemon went away before it answered")
    assert terminal.finish() == 1
    owner.person.start_daemon()


def test_others_take_two_steps(owner, nginx):
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    terminal.expect("Use.*: ")
    terminal.send("3\n")
    terminal.expect("“3” is none of the answers.")
    terminal.send("o\n")
    terminal.expect(r"  3\) Partner +Partner CA ")
    terminal.expect("CA_MISMATCH: ")
    terminal.send("3\n")
    terminal.expect(r"“Partner” was not offered: .*Use it all the same\? \[y/N\] ")
    terminal.send("n\n")
    terminal.expect("Use.*: ")
    terminal.send("3\n")
    terminal.expect("Use it all the same")
    terminal.send("y\n")
    terminal.expect("Remember.*: ")
    terminal.send("o\n")
    assert terminal.finish() == 0
    assert owner.selected == owner.uris["Partner"] + "\n"


def test_why_at_the_prompt(owner, nginx):
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    terminal.expect("Use.*: ")
    terminal.send("?\n")
    terminal.expect("why: several identities fit")
    terminal.expect("subject: CN=Hana")
    terminal.expect("not offered: ")
    terminal.expect("Use.*: ")
    terminal.send("q\n")
    assert terminal.finish() == PERSON


def test_plain(owner, nginx):
    terminal = owner.select_at_terminal(nginx.url("1.3"), "--plain")
    terminal.expect(r"  1\) Hana [^\n]*, from Example User CA, until [^\n]*\n  2\) Hana ")
    terminal.expect("\n  n\\) send none\n  N\\) never here\n  q\\) not now\n  \\?\\) why\n")
    terminal.send("q\n")
    assert terminal.finish() == PERSON
    assert "\033" not in terminal.text.partition("Use")[0]


def test_what_was_typed_before_does_not_answer(owner, nginx):
    """A finger on Enter while the server is still being asked."""
    terminal = owner.select_at_terminal(nginx.url("1.3"))
    terminal.send("\n\n\n1\n")
    terminal.expect("Use.*: ")
    assert terminal.child.poll() is None
    terminal.send("q\n")
    assert terminal.finish() == PERSON


def test_rows_that_look_alike_show_what_differs(people, pki, nginx):
    person = people(ORDINARY_UID if os.getuid() == 0 else None)
    for algorithm in ("p256", "rsa2048"):
        one = pki.identity(f"twin {algorithm}", algorithm)
        person.import_files(
            pki.p12(one), password=PASSWORD, options=("--label", "Same for both")
        )
    env, home = person.env, person.home
    terminal = Terminal(
        [person.tree.meishi, "select", "--ca-file", pki.root.cert, nginx.url("1.3")],
        env, home, columns=120, **person.identity(),
    )  # fmt: skip
    shown = [
        terminal.expect(r"\) Same for both[^\n]* (EC P-256|RSA 2048), \.\.[0-9a-f]{4}\n").group(1)
        for _ in range(2)
    ]
    assert sorted(shown) == ["EC P-256", "RSA 2048"]
    terminal.send("q\n")
    assert terminal.finish() == PERSON


# ---- select: without a person -------------------------------------------------------------------


def test_without_a_terminal_it_says_what_to_type(owner, nginx):
    done = owner.refused(
        *owner.trusting("select", nginx.url("1.3")), status=PERSON, says="there is nobody to ask"
    )
    command = next(line for line in done.stderr.splitlines() if " --use " in line).strip()
    argv = shlex.split(command)
    assert argv[:3] == ["meishi", "choices", "set"]
    owner.meishi(*argv[1:])
    uri = owner.meishi(*owner.trusting("select", nginx.url("1.3"))).stdout.strip()
    assert uri == owner.uris[argv[-1]]


def test_no_prompt_at_a_terminal(owner, nginx):
    terminal = owner.select_at_terminal(nginx.url("1.3"), "--no-prompt")
    assert terminal.finish() == PERSON
    assert "Use" not in terminal.text


def test_json_is_the_whole_decision(owner, nginx):
    url = nginx.url("1.3")
    asked = owner.json(*owner.trusting("select", url), status=PERSON)
    assert sorted(asked["candidates"]) == ["Hana Sato", "Hana at work"]
    assert asked["uri"] is None
    port = nginx.port("1.3")
    owner.meishi("choices", "set", f"127.0.0.1:{port}", "--use", "Hana at work")
    decision = owner.json(*owner.trusting("select", url))
    assert decision["target"] == {"protocol": "https", "host": "127.0.0.1", "port": port}
    assert (decision["result"], decision["label"]) == ("selected", "Hana at work")
    assert decision["uri"] == owner.uris["Hana at work"]
    assert decision["key_uri"].startswith("pkcs11:")
    assert decision["choice"] == owner.choices()[0]["id"]
    assert decision["scope"] == "always"
    assert len(decision["chain"]) == 2  # leaf and intermediate, no root
    assert "0x0403" in decision["schemes"]
    assert decision["will_confirm"] is False
    assert len(decision["selection_id"]) >= 32


def test_cas_instead_of_the_server(owner, pki):
    """Nobody listens there, and nobody is asked."""
    cas = pki.bundle("partner.pem", pki.authority("Partner CA"))
    decision = owner.json("select", "--cas", cas, UNUSED, status=PERSON)
    assert decision["candidates"] == ["Partner"]
    owner.refused(
        "select", "--cas", pki.server.cert, "--no-prompt", UNUSED, status=NONE, says="no identity"
    )
    owner.refused("select", "--cas", "/nonexistent", UNUSED, status=1, says="/nonexistent")
    owner.refused("select", "--cas", pki.root.key, UNUSED, status=USAGE, says="is none")
    owner.refused("select", "--cas", "CN=Partner CA", UNUSED, status=USAGE, says="CN=Partner CA")


def test_untrusted_server_gets_nothing(owner, nginx):
    port = nginx.port("1.3")
    owner.meishi("choices", "set", f"127.0.0.1:{port}", "--use", "Hana Sato")
    done = owner.refused("select", nginx.url("1.3"), status=NONE, says="not verified")
    assert "--ca-file=FILE names its authority" in done.stderr
    done = owner.meishi("select", "--no-probe", nginx.url("1.3"))
    assert done.stdout.strip() == owner.uris["Hana Sato"]


def test_server_that_asks_for_nothing(owner, pki):
    server = PlainServer(pki)
    try:
        url = f"https://127.0.0.1:{server.server_port}/"
        owner.meishi("choices", "set", f"127.0.0.1:{server.server_port}", "--use", "Hana Sato")
        command = owner.trusting("select", url)
        owner.refused(*command, status=NONE, says="it does not ask for one here")
        assert owner.json(*command, status=NONE)["code"] == "NOT_ASKED"
        # It may for what the program will do there.
        done = owner.meishi(*owner.trusting("exec", "--target", url), "--", "echo", "ran")
        assert done.stdout == "ran\n"
        # But not for a stranger.
        owner.refused("exec", "--target", url, "--", "echo", "ran", status=NONE, says="not verified")
    finally:
        server.stop()


def test_nobody_listens(owner):
    owner.refused("select", "127.0.0.1:1", status=1, says="--no-probe does without")


@pytest.mark.parametrize(
    "args, says",
    [
        (["select"], "Usage: meishi select HOST"),
        (["select", "https://"], "host"),
        (["select", "--no-probe", "--purpose=fun", UNUSED], "fun"),
        (["why"], "Usage: meishi why"),
        (["exec", "--target", UNUSED], "Usage: meishi exec"),
        (["exec", "true"], "--target"),
        (["choices", "set", UNUSED], "--use=NAME or --none"),
        (["choices", "set", UNUSED, "--none", "--use=x"], "--use=NAME or --none"),
        (["choices", "set", UNUSED, "--none", "--scope=ever"], "once, session or always"),
        (["choices", "set", UNUSED, "--none", "--host", "--domain"], "exclude"),
        (["choices", "forget"], "--all"),
        (["choices", "forget", "--all", "5"], "--all"),
        (["choices", "forgt"], "Did you mean `meishi choices forget`?"),
    ],
)
def test_wrong_calls(owner, args, says):
    done = owner.meishi(*args, check=False)
    assert done.returncode == USAGE, done.stderr
    assert says in done.stderr
    assert done.stdout == ""


# ---- end to end ---------------------------------------------------------------------------------


def test_curl_with_select_in_its_arguments(owner, pki, nginx):
    """The person answers on the terminal while the shell collects what `meishi select` prints."""
    url = nginx.url("1.3")
    trust = pki.root.cert
    select = f"meishi select --ca-file {trust} {url}"
    script = f'curl -sS --cacert {trust} --cert "$({select})" {url}'
    terminal = owner.terminal("sh", "-c", script)
    chosen = terminal.expect(rf"  1\) {EITHER} ").group(1)
    choose(terminal, 1)
    one = owner.first if chosen == "Hana Sato" else owner.second
    terminal.expect(re.escape(nginx.page(one, "1.3")))
    assert terminal.finish() == 0


# ---- policy -------------------------------------------------------------------------------------

WORK = "[Rule w]\nMatch-Host=127.0.0.1\nIdentity-Subject-CN=Hana at work\nAction=select\n"


def test_policy_that_selects_needs_nobody(owner, nginx):
    owner.policy(WORK)
    done = owner.meishi(*owner.trusting("select", nginx.url("1.3")))
    assert done.stdout.strip() == owner.uris["Hana at work"]
    decision = owner.json(*owner.trusting("select", nginx.url("1.3")))
    assert "10-test.conf:3, user)" in decision["rule"]


def test_policy_that_denies(owner, nginx):
    owner.policy("[Rule shut]\nMatch-Host=127.0.0.1\nAction=deny\n")
    marker = owner.person.home / "marker"
    command = owner.trusting("exec", "--target", nginx.url("1.3"))
    for args in (owner.trusting("select", nginx.url("1.3")), (*command, "--", "touch", marker)):
        done = owner.refused(*args, status=DENIED, says="10-test.conf:3, user)")
        assert "Policy forbids" in done.stderr
    assert not marker.exists()
    assert owner.meishi("why", nginx.url("1.3"), check=False).returncode == DENIED


def test_choices_against_policy_are_refused(owner):
    owner.policy("[Rule none kept]\nMatch-Host=*.example.com\nAction=prompt\nRemember=none\n")
    owner.refused("choices", "set", UNUSED, "--use=Partner", status=DENIED, says="")
    assert owner.choices() == []


# ---- why ----------------------------------------------------------------------------------------


def test_why_explains_each_identity(owner, nginx):
    command = ("why", "--from-server", "--ca-file", owner.pki.root.cert, nginx.url("1.3"))
    done = owner.meishi(*command, check=False)
    assert done.returncode == PERSON
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"127.0.0.1:{nginx.port('1.3')}  https  app=")
    assert lines[1].startswith(" 1 OK  ")
    assert any(line.startswith(' - CA_MISMATCH (11, soft)  "Partner"') for line in lines)
    assert lines[-1].startswith(" decision: PROMPT")
    assert owner.choices() == []
    owner.meishi("choices", "set", f"127.0.0.1:{nginx.port('1.3')}", "--use", "Hana Sato")
    chosen = owner.meishi(*command)
    assert 'OK  "Hana Sato"' in chosen.stdout.splitlines()[1]
    assert " decision: SELECTED" in chosen.stdout
    assert owner.choices()[0]["uses"] == 0


def test_why_in_json(owner, nginx):
    command = ("why", "--from-server", "--ca-file", owner.pki.root.cert, nginx.url("1.3"))
    explained = owner.json(*command, status=PERSON)
    assert explained["result"] == "prompt"
    verdicts = {one["label"]: one for one in explained["verdicts"]}
    assert [one["place"] for one in explained["verdicts"]] == [1, 2, 0]
    assert verdicts["Partner"]["code"] == "CA_MISMATCH"
    assert (verdicts["Partner"]["step"], verdicts["Partner"]["kind"]) == (11, "soft")
    assert set(verdicts["Partner"]) == {
        "id", "label", "code", "step", "kind", "clause", "facts", "detail", "rank", "place",
    }  # fmt: skip


def test_why_for_another_program(owner):
    owner.policy(
        "[Rule c]\nMatch-Application=exe:/usr/bin/curl\nMatch-Application-Trust=exe\n"
        "Identity-Subject-CN=Partner\nAction=select\n"
    )
    done = owner.meishi("why", "--app=exe:/usr/bin/curl", UNUSED)
    assert "app=exe:/usr/bin/curl" in done.stdout
    assert " decision: SELECTED" in done.stdout
    assert owner.meishi("why", "--app=exe:/usr/bin/wget", UNUSED, check=False).returncode == PERSON


def test_programs_by_no_name_of_ours(owner):
    owner.refused("why", "--app=/usr/bin/curl", UNUSED, status=USAGE, says="exe:/PATH")
    choose = ("choices", "set", UNUSED, "--none")
    owner.refused(*choose, "--app=curl", status=USAGE, says="exe:/PATH")
    # Under such a name no choice would ever be looked up.
    owner.refused(*choose, "--app=unit:x.service", status=USAGE, says="not for units")
    assert owner.choices() == []


def test_why_in_colours(owner):
    done = owner.meishi("why", "--color=always", UNUSED, check=False)
    assert "\033[32m 1 OK" in done.stdout
    assert "\033[1m decision:" in done.stdout
    assert "\033" not in owner.meishi("why", UNUSED, check=False).stdout


# ---- exec ---------------------------------------------------------------------------------------


def exec_for(owner, server, *argv, options=(), **kwargs):
    command = owner.trusting("exec", "--target", server, *options)
    return owner.meishi(*command, "--", *argv, **kwargs)


def certificates(done):
    return [
        line.partition(":")[2].strip()
        for line in done.stdout.splitlines()
        if line.strip().startswith("Label:")
    ]


def list_certificates(owner, url, **kwargs):
    argv = ("p11tool", "--list-all-certs", "pkcs11:token=Meishi")
    return exec_for(owner, url, *argv, **kwargs)


def test_exec_shows_one_identity(owner, nginx):
    url, port = nginx.url("1.3"), nginx.port("1.3")
    for one in (owner.first, owner.second):
        owner.meishi("choices", "set", f"127.0.0.1:{port}", "--use", one.name)
        assert certificates(list_certificates(owner, url))[0] == one.name
        others = {owner.first.name, owner.second.name, "Partner"} - {one.name}
        assert not others & set(certificates(list_certificates(owner, url)))
    everything = owner.person.run("p11tool", "--list-all-certs", "pkcs11:token=Meishi")
    assert {owner.first.name, owner.second.name, "Partner"} <= set(certificates(everything))


def test_exec_children_see_the_same(owner, nginx):
    port = nginx.port("1.3")
    owner.meishi("choices", "set", f"127.0.0.1:{port}", "--use", "Hana at work")
    script = "p11tool --list-all-certs pkcs11:token=Meishi; true"
    seen = certificates(exec_for(owner, nginx.url("1.3"), "sh", "-c", script))
    assert "Hana at work" in seen and "Hana Sato" not in seen


def test_exec_outlives_the_daemon(owner, nginx):
    """Killed and started again, the daemon shows the program no more than before."""
    url = nginx.url("1.3")
    owner.meishi("choices", "set", f"127.0.0.1:{nginx.port('1.3')}", "--use", "Hana at work")
    look = "p11tool --list-all-certs pkcs11:token=Meishi"
    script = f"{look}; read line; {look}"
    command = owner.trusting("exec", "--target", url)
    running = owner.person.background(
        owner.person.tree.meishi, *command, "--", "sh", "-c", script, stdin=subprocess.PIPE
    )
    running.wait_ready(lambda: "Hana at work" in running.output(), "lists")
    owner.person.daemon.kill()
    owner.person.start_daemon()
    running.child.stdin.write(b"go on\n")
    running.child.stdin.close()
    assert running.wait() == 0
    assert running.output().count("Label: Hana at work") == 2
    assert "Hana Sato" not in running.output()


def test_exec_curl_and_gnutls(owner, pki, nginx):
    """A program that knows no more than the token's name sends the right one."""
    for version, one in (("1.2", owner.first), ("1.3", owner.second)):
        url, port = nginx.url(version), nginx.port(version)
        owner.meishi("choices", "set", f"127.0.0.1:{port}", "--use", one.name)
        page = exec_for(
            owner, url, "curl", "-sS", "--cacert", pki.root.cert,
            "--cert", "pkcs11:token=Meishi", url,
        ).stdout  # fmt: skip
        assert nginx.page(one, version) in page
        page = exec_for(
            owner, url, "wget", "-nv", "-O", "-", f"--ca-certificate={pki.root.cert}",
            f"--certificate={owner.uris[one.name]}", f"--private-key={owner.uris[one.name]}", url,
        ).stdout  # fmt: skip
        assert nginx.page(one, version) in page


def test_exec_asks_on_the_terminal(owner, nginx):
    command = owner.trusting("exec", "--target", nginx.url("1.3"))
    script = "read x; echo got $x"
    terminal = owner.terminal(owner.person.tree.meishi, *command, "--", "sh", "-c", script)
    choose(terminal, 1)
    terminal.send("input\n")
    terminal.expect("got input\n")
    assert terminal.finish() == 0


def test_exec_without_a_person_runs_nothing(owner, nginx):
    marker = owner.person.home / "marker"
    done = exec_for(owner, nginx.url("1.3"), "touch", marker, check=False)
    assert done.returncode == PERSON
    assert not marker.exists()


def test_exec_allow_none(owner, nginx):
    url, port = nginx.url("1.3"), nginx.port("1.3")
    owner.meishi("choices", "set", f"127.0.0.1:{port}", "--none")
    done = exec_for(owner, url, "echo", "ran", check=False)
    assert (done.returncode, done.stdout) == (NONE, "")
    done = exec_for(owner, url, "echo", "ran", options=["--allow-none"])
    assert done.stdout == "ran\n"
    seen = list_certificates(owner, url, options=["--allow-none"], check=False)
    assert not {owner.first.name, owner.second.name, "Partner"} & set(certificates(seen))


def test_exec_passes_everything_on(owner):
    """Options, environment, umask, exit status and signals are the program's own affair."""
    owner.meishi("choices", "set", UNUSED, "--use", "Partner")
    command = ("exec", "--target", UNUSED, "--no-probe", "--")
    done = owner.meishi(*command, "printf", "%s|", "--json", "--", "-x", "--help")
    assert done.stdout == "--json|--|-x|--help|"
    env = owner.meishi(*command, "env").stdout
    assert sorted(env.splitlines()) == sorted(owner.person.run("env").stdout.splitlines())
    script = "umask; ulimit -c; grep NoNewPrivs /proc/self/status; exit 42"
    done = owner.meishi(*command, "sh", "-c", script, check=False, umask=0o027)
    plain = owner.person.run("sh", "-c", script, check=False, umask=0o027)
    assert (done.returncode, done.stdout) == (42, plain.stdout)
    done = owner.meishi(*command, "sh", "-c", "kill -PIPE $$; echo survived", check=False)
    assert "survived" not in done.stdout
    # As a shell starts what is in the background, and systemd a service.
    ignoring = "trap '' INT PIPE; exec \"$@\""
    script = "grep SigIgn /proc/self/status"
    done = owner.person.run("sh", "-c", ignoring, "-", owner.person.tree.meishi, *command,
                           "sh", "-c", script)  # fmt: skip
    plain = owner.person.run("sh", "-c", ignoring, "-", "sh", "-c", script)
    assert done.stdout == plain.stdout


@pytest.mark.parametrize(
    "program, status", [("/nonexistent", 127), ("no-such-program", 127), ("/etc/passwd", 126)]
)
def test_exec_of_what_cannot_run(owner, program, status):
    owner.meishi("choices", "set", UNUSED, "--use", "Partner")
    command = ("exec", "--target", UNUSED, "--no-probe", "--", program)
    owner.refused(*command, status=status, says=program)


# ---- choices ------------------------------------------------------------------------------------


def test_choices_set_list_forget_undo(owner):
    assert owner.meishi("choices").stderr == "Nothing is remembered yet.\n"
    done = owner.meishi("choices", "set", UNUSED, "--use", "hana sato")
    number = owner.choices()[0]["id"]
    assert done.stdout == (
        f"{UNUSED} gets “Hana Sato” (always). `meishi choices forget {number}` forgets it.\n"
    )
    owner.meishi("choices", "set", "imaps://mail.example.com", "--none", "--scope=session")
    curl = "--app=exe:/usr/bin/curl"
    owner.meishi("choices", "set", "shop.example.com", "--use=Partner", "--domain", curl)
    owner.meishi("choices", "set", "all.example.com", "--use=Partner", "--host", "--context=work")
    table = owner.meishi("choices").stdout
    assert table == owner.meishi("choices", "list").stdout
    rows = [line.split() for line in table.splitlines()]
    assert rows[0][:2] == ["ID", "SERVER"]
    servers = {row[1] for row in rows[1:]}
    assert servers == {UNUSED, "mail.example.com:993", ".shop.example.com", "all.example.com"}
    by_host = {choice["host"]: choice for choice in owner.choices()}
    assert by_host["mail.example.com"]["none"] is True
    assert by_host["mail.example.com"]["protocol"] == "mail"
    assert by_host["shop.example.com"]["reach"] == "domain"
    assert by_host["shop.example.com"]["application"] == "exe:/usr/bin/curl"
    assert by_host["all.example.com"]["context"] == "work"
    assert by_host["unused.example.com"]["label"] == "Hana Sato"
    assert by_host["unused.example.com"]["created"].endswith("Z")
    owner.meishi("choices", "forget", UNUSED)
    assert "unused.example.com" not in {choice["host"] for choice in owner.choices()}
    owner.meishi("choices", "undo")
    assert by_host["unused.example.com"]["host"] in {choice["host"] for choice in owner.choices()}


def test_forget_by_each_way(owner):
    def fill():
        owner.meishi("choices", "forget", "--all")
        owner.meishi("choices", "set", "a.example.com:1000", "--use=Partner")
        owner.meishi("choices", "set", "a.example.com:2000", "--use=Hana Sato")
        owner.meishi("choices", "set", "b.example.com", "--none", "--app=exe:/usr/bin/wget")
        return owner.choices()

    def left_after(*args):
        fill()
        owner.meishi("choices", "forget", *args)
        return sorted((choice["host"], choice["port"]) for choice in owner.choices())

    first, second, third = ("a.example.com", 1000), ("a.example.com", 2000), ("b.example.com", 443)
    assert left_after("a.example.com") == [third]
    assert left_after("a.example.com:1000") == [second, third]
    assert left_after("https://b.example.com/x") == [first, second]
    assert left_after("--identity=Partner") == [second, third]
    assert left_after("--app=exe:/usr/bin/wget") == [first, second]
    assert left_after("--all") == []
    number = next(choice["id"] for choice in fill() if choice["port"] == 2000)
    assert owner.json("choices", "forget", str(number)) == {"count": 1}
    assert len(owner.choices()) == 2


def test_forget_where_nothing_is_remembered(owner):
    """There is nothing to take back, so nothing is said of it."""
    assert owner.meishi("choices", "forget", "--all").stdout == "No choice was remembered.\n"
    assert owner.json("choices", "forget", "--all") == {"count": 0}


def test_choices_that_fit_nothing(owner):
    for args, says in (
        (("forget", "nobody.example.com"), "`meishi choices` shows all"),
        (("forget", "4711"), "Nothing like that"),
        (("set", UNUSED, "--use=Nobody"), "no identity “Nobody”"),
        (("set", UNUSED, "--use=Hana"), "fits 2 identities"),
    ):
        owner.refused("choices", *args, status=NOT_FOUND, says=says)


def test_replacing_can_be_undone(owner):
    owner.meishi("choices", "set", UNUSED, "--use=Partner")
    owner.meishi("choices", "set", UNUSED, "--use=Hana Sato")
    [choice] = owner.choices()
    assert choice["label"] == "Hana Sato"
    owner.meishi("choices", "undo")
    [choice] = owner.choices()
    assert choice["label"] == "Partner"


# ---- agent: questions of other programs ---------------------------------------------------------

CONFIRM = WORK + "Confirm={}\n"


@pytest.fixture
def watching(owner):
    """A terminal with `meishi agent --tty`, from when it is called."""
    made = []

    def start():
        terminal = owner.terminal(owner.person.tree.meishi, "agent", "--tty")
        terminal.expect("until you press Ctrl-C")
        made.append(terminal)
        return terminal

    yield start
    for terminal in made:
        if terminal.child.poll() is None:
            terminal.send("\x03")
            assert terminal.finish() == 0


def curl_in_background(owner, url):
    """curl as the program of `meishi exec`, which gives the daemon the server's name."""
    command = owner.trusting("exec", "--target", url)
    return owner.person.background(
        owner.person.tree.meishi, *command, "--", "curl", "-sS", "--max-time", "50",
        "--cacert", owner.pki.root.cert, "--cert", "pkcs11:token=Meishi", url,
    )  # fmt: skip


@pytest.mark.parametrize(
    "answer, passes", [("y\n", True), ("n\n", False), ("\n", False), ("q\n", False)]
)
def test_confirming_a_signature(owner, nginx, watching, answer, passes):
    owner.policy(CONFIRM.format("each-use"))
    terminal = watching()
    curl = curl_in_background(owner, nginx.url("1.3"))
    terminal.expect(r"May this program use “Hana at work”\?\n")
    terminal.expect(r"  program: curl, pid \d+, /usr/bin/curl\n")
    terminal.expect(rf"  for: 127.0.0.1:{nginx.port('1.3')}\n")
    terminal.expect(r"  y\) yes, once    n\) no    q\) not now\n")
    terminal.expect(r"Allow \[n\]: ")
    terminal.send(answer)
    if not passes:
        # libp11 tries again: there is nobody to ask any more.
        daemon = owner.person.daemon
        daemon.wait_ready(lambda: "was refused: Policy" in daemon.output(), "refuses")
        terminal.child.terminate()
        assert terminal.finish() == 0
    assert (curl.wait() == 0) is passes
    assert (nginx.page(owner.second, "1.3") in curl.output()) is passes


def test_confirmed_for_the_session(owner, nginx, watching):
    owner.policy(CONFIRM.format("each-session"))
    terminal = watching()
    curl = curl_in_background(owner, nginx.url("1.3"))
    terminal.expect(r"s\) for this session")
    terminal.expect("Allow.*: ")
    terminal.send("s\n")
    assert curl.wait() == 0
    assert curl_in_background(owner, nginx.url("1.3")).wait() == 0
    assert terminal.text.count("May this program") == 1


def test_nobody_to_confirm(owner, nginx):
    owner.policy(CONFIRM.format("each-use"))
    assert owner.json(*owner.trusting("select", nginx.url("1.3")))["will_confirm"] is True
    curl = curl_in_background(owner, nginx.url("1.3"))
    assert curl.wait() != 0
    assert "SUCCESS" not in curl.output()


def test_agent_answers_for_who_has_no_terminal(owner, nginx, watching):
    terminal = watching()
    command = owner.trusting("select", nginx.url("1.3"))
    selecting = owner.person.background(owner.person.tree.meishi, *command)
    terminal.expect(rf"127.0.0.1:{nginx.port('1.3')} asks for a certificate \(")
    chosen = terminal.expect(rf"  1\) {EITHER} ").group(1)
    choose(terminal, 1)
    assert selecting.wait() == 0
    assert selecting.output().strip() == owner.uris[chosen]


def test_agent_asks_one_after_the_other(owner, nginx, watching):
    terminal = watching()
    commands = [owner.trusting("select", nginx.url(version)) for version in ("1.2", "1.3")]
    both = [owner.person.background(owner.person.tree.meishi, *one) for one in commands]
    for _ in both:
        terminal.expect(" asks for a certificate")
        terminal.expect("Use.*: ")
        assert "asks" not in terminal.text[terminal.text.rindex("Use") :]
        terminal.send("1\n")
        terminal.expect("Remember.*: ")
        terminal.send("\n")
    assert [one.wait() for one in both] == [0, 0]


def test_agent_says_when_a_question_is_over(owner, nginx, watching):
    terminal = watching()
    command = owner.trusting("select", nginx.url("1.3"))
    selecting = owner.person.background(owner.person.tree.meishi, *command)
    terminal.expect("Use.*: ")
    selecting.kill()
    terminal.expect("The program does not wait for an answer any more.")


def test_agent_without_a_terminal(owner):
    owner.refused("agent", "--tty", status=USAGE, says="no terminal")
    owner.refused("agent", status=USAGE, says="--tty")


# ---- status -------------------------------------------------------------------------------------


def test_status_shows_policy_and_roles(owner):
    before = owner.json("status")
    assert before["roles"] == []
    owner.policy(
        "[Rule vpn]\nMatch-Host=vpn.example.com\nIdentity-Subject-CN=Partner\nAction=select\n"
        "[Role corp]\nLabel=Corp VPN\nRule=vpn\n"
    )
    status = owner.json("status")
    rules = before["policy"]["rules"] + 1  # this machine may have rules of its own
    assert status["policy"]["rules"] == rules
    assert status["policy"]["failed"] is False
    assert status["roles"] == [
        {"name": "corp", "label": "Corp VPN", "uri": "pkcs11:token=Corp%20VPN", "rule": "vpn",
         "identity": owner.json("show", "Partner")["id"], "identity_label": "Partner"}
    ]  # fmt: skip
    shown = owner.meishi("status").stdout
    assert re.search(rf"Policy +{rules} rules?, generation \d+\n", shown)
    assert re.search(r"Roles +Corp VPN: Partner\n +pkcs11:token=Corp%20VPN\n", shown)


def test_status_says_that_policy_is_broken(owner):
    owner.policy("[Rule x]\nActoin=select\n")
    status = owner.json("status")
    assert status["policy"]["failed"] is True
    assert status["policy"]["errors"] >= 1
    shown = owner.meishi("status").stdout
    assert "`meishi policy check` shows them" in shown


# ---- completion ---------------------------------------------------------------------------------


def complete(owner, *words):
    lines = owner.meishi("__complete", *words).stdout.splitlines()
    return [line.partition("\t")[0] for line in lines]


def test_completion_knows_what_is_remembered(owner):
    owner.meishi("choices", "set", UNUSED, "--use=Partner")
    [choice] = owner.choices()
    assert complete(owner, "select", "un") == [UNUSED]
    assert complete(owner, "why", "") == [UNUSED]
    assert complete(owner, "exec", "--target", "") == [UNUSED]
    assert complete(owner, "exec", "--target=un") == [f"--target={UNUSED}"]
    assert complete(owner, "choices", "forget", "") == [str(choice["id"]), UNUSED]
    assert complete(owner, "choices", "set", UNUSED, "--use", "Pa") == ["Partner"]
    assert complete(owner, "choices", "set", UNUSED, "--use=Pa") == ["--use=Partner"]
    assert complete(owner, "choices", "set", UNUSED, "--scope", "s") == ["session"]
    assert complete(owner, "select", "--purpose=a") == ["--purpose=api"]
    assert set(complete(owner, "choices", "")) == {"list", "set", "forget", "undo"}
