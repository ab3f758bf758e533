# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meishi policy` as installed: what it finds wrong with files, what it says they decide, what it
makes of browsers' policies, and how a running daemon takes a change."""

import json
import os
from pathlib import Path

import pytest

from harness.person import describe
from harness.process import wait_until

HEX = "6c5f0f3b3d4b9f5a3a0a8d2f5a9c9d7e1d2c3b4a59687f6e5d4c3b2a19080706"
RULE = "[Rule r]\nMatch-Host=a.example\n"
SELECT = RULE + "Action=select\n"
NONE = RULE + "Action=none\n"
FIXTURES = Path(os.environ.get("MEISHI_SOURCE_DIR", ".")) / "tests" / "fixtures" / "policy"

# text: (line, severity, group, key, a piece of the message); a line of 0 is the file as a whole.
REMARKS = {
    # errors
    "[Import x]\nFile=/x\n": (1, "error", "Import x", None, "unknown group"),
    RULE + "Colour=red\n": (3, "error", "Rule r", "Colour", "unknown key"),
    "[Policy]\nVersion=1\nVersion=1\n": (3, "error", "Policy", "Version", "already"),
    "[Policy]\n[Lock]\n[Policy]\n": (3, "error", "Policy", None, "already"),
    "[Policy]\nVersion=2\n": (2, "error", "Policy", "Version", "reads version 1"),
    "[Policy\n": (1, "error", "Policy", None, "a group is written"),
    "Version=1\n": (1, "error", None, "Version", "before the first group"),
    RULE + "Action=allow\n": (3, "error", "Rule r", "Action", "not one of select, prompt"),
    "[Defaults]\nInteractive=no\n": (2, "error", "Defaults", "Interactive", "not one of yes"),
    SELECT + "Priority=1001\n": (4, "error", "Rule r", "Priority", "0 to 1000"),
    SELECT + "Identity-SPKI-SHA256=abcd\n": (4, "error", "Rule r", "Identity-SPKI-SHA256", "64 hex"),
    SELECT + "Identity-Policy-OID=1.x\n": (4, "error", "Rule r", "Identity-Policy-OID", "not an OID"),
    SELECT + "Identity-EKU=client\n": (4, "error", "Rule r", "Identity-EKU", "nor an OID"),
    SELECT + "Identity-Validity-Left=1 day\n":
        (4, "error", "Rule r", "Identity-Validity-Left", "length of time"),
    SELECT + "Identity-Issuer=Example\n": (4, "error", "Rule r", "Identity-Issuer", "TYPE=value"),
    SELECT + "Identity-Key-Type=dsa\n": (4, "error", "Rule r", "Identity-Key-Type", "not one of rsa"),
    SELECT + "Identity-Token-Kind=usb\n":
        (4, "error", "Rule r", "Identity-Token-Kind", "not one of software"),
    SELECT + "Match-Port=0-x\n": (4, "error", "Rule r", "Match-Port", "port"),
    SELECT + "Match-Application=curl\n": (4, "error", "Rule r", "Match-Application", "not a program"),
    "[Rule r]\nAction=none\nMatch-Host=10.0.0.0/33\n": (3, "error", "Rule r", "Match-Host", "33"),
    "[Rule r]\nAction=none\nMatch-Host=https://a.example\n":
        (3, "error", "Rule r", "Match-Host", "scheme"),
    "[Rule r]\nAction=none\nMatch-Host=a.example/x\n": (3, "error", "Rule r", "Match-Host", "path"),
    "[Rule r]\nAction=none\nMatch-Host=a.*.example\n":
        (3, "error", "Rule r", "Match-Host", "first label"),
    "[Rule r]\nAction=select\n": (1, "error", "Rule r", "Action", "any identity"),
    "[Rule r]\nMatch-Host=!a.example\nAction=restrict\n":
        (1, "error", "Rule r", "Action", "every identity"),
    RULE + "Identity-Issuer-O=X\nAction=deny\n": (1, "error", "Rule r", "Action", "speak of a place"),
    SELECT + "[Rule s]\nMatch-Host=a.example\nAction=prompt\n":
        (4, "error", "Rule s", "Priority", "another Priority"),
    SELECT + "[Role x]\nLabel=X\nRule=y\n": (4, "error", "Role x", "Rule", "no [Rule y]"),
    NONE + "[Role x]\nLabel=X\nRule=r\n": (4, "error", "Role x", "Rule", "Action=select"),
    SELECT + "".join(f"[Role x{i}]\nLabel=X{i}\nRule=r\n" for i in range(33)):
        (100, "error", "Role x32", "Rule", "more than 32 roles"),
    SELECT + "Identity-Self-Signed=yes\nIdentity-Chain-Issuer=CN=X\n":
        (1, "error", "Rule r", "Identity-Self-Signed", "no chain"),
    "[Lock]\nKeys=Rule x/Action\n": (2, "error", "Lock", "Keys", "cannot be locked"),
    # warnings
    SELECT + "[Rule s]\nMatch-Host=a.example\nPriority=1\nAction=prompt\n":
        (4, "warning", "Rule s", None, "never asked"),
    SELECT + "Match-Application=exe:/usr/bin/curl\n":
        (1, "warning", "Rule r", "Match-Application", "any program"),
    SELECT + "Remember=session\n": (1, "warning", "Rule r", "Remember", "never looked at"),
    "[Rule r]\nMatch-Host=*.jp\nAction=none\n":
        (2, "warning", "Rule r", "Match-Host", "everything below .jp"),
    SELECT + "Identity-Issuer=/C=JP/O=Kame\n":
        (4, "warning", "Rule r", "Identity-Issuer", "read as O=Kame,C=JP"),
    "[Rule r]\nMatch-Host=bücher.example\nAction=none\n":
        (2, "warning", "Rule r", "Match-Host", "xn--bcher-kva"),
    SELECT + "Identity-Issuer-CN=X\n": (1, "warning", "Rule r", "Identity-Issuer-CN", "any authority"),
    "[Defaults]\nInteractive=never\n" + SELECT + "Confirm=each-use\n":
        (3, "warning", "Rule r", "Confirm", "nobody can confirm"),
    NONE.replace("\n", "\r\n"): (0, "warning", None, None, "Windows"),
    "\ufeff" + NONE: (0, "warning", None, None, "byte order mark"),
    RULE: (1, "warning", "Rule r", None, "no effect"),
}  # fmt: skip


def policy_dir(person, root, layer):
    """One of the four directories below `root`, made as `person`."""
    path = root / {"vendor": "usr/share", "admin": "etc", "runtime": "run", "user": "user"}[layer]
    path = path / "meishi" / "policy.d"
    path.mkdir(parents=True, exist_ok=True)
    for made in [path, *path.parents]:
        os.chown(made, person.uid, person.gid)
        made.chmod(0o755)
        if made == root:
            return path
    raise AssertionError(f"{path} is not below {root}")


@pytest.fixture
def root(person):
    path = person.home / "root"
    path.mkdir()
    return path


def put(person, root, layer, name, text):
    path = policy_dir(person, root, layer) / name
    path.write_text(text)
    path.chmod(0o644)
    os.chown(path, person.uid, person.gid)
    return path


def check(person, *args, status):
    done = person.meishi("policy", "check", *args, check=False)
    assert done.returncode == status, describe(done)
    return done.stdout


# ---- check ------------------------------------------------------------------------------------


def test_check_finds_every_mistake(person):
    for text, (line, severity, group, key, message) in REMARKS.items():
        path = person.write("10-test.conf", text)
        status = {"error": 2, "warning": 1}[severity]
        found = json.loads(check(person, path, "--json", status=status))["remarks"]
        where = [(r["line"], r["severity"], r["group"], r["key"]) for r in found]
        assert where == [(line, severity, group, key)], text
        assert message in found[0]["message"], text
        place = f"{path}:{line}: " if line else f"{path}: "
        first = check(person, path, status=status).splitlines()[0]
        assert first.startswith(f"{place}{severity}: ") and message in first, text
        check(person, path, "--strict", status=2)


def test_check_is_content_with_what_is_right(person):
    path = person.write("10-test.conf", "# nothing to say\n[Policy]\nVersion=1\n" + NONE)
    assert check(person, path, status=0) == "Checked 1 file; all is well.\n"
    check(person, path, "--strict", status=0)


def test_check_takes_what_is_piped_in(person):
    done = person.meishi("policy", "check", "-", stdin=RULE + "Action=x\n", check=False)
    assert done.returncode == 2
    assert done.stdout.startswith("standard input:3: error: ")


def test_check_without_a_file_is_trouble(person):
    done = person.meishi("policy", "check", "nothing.conf", check=False)
    assert done.returncode == 2
    assert "nothing.conf" in done.stderr


def test_check_installed_sees_the_layers(person, root):
    put(person, root, "vendor", "10-a.conf", RULE + "Action=prompt\n[Lock]\nKeys=Rule r/*\n")
    user = put(person, root, "user", "20-b.conf", NONE)
    out = check(person, "--root", root, status=1)
    assert f"{user}:1: warning: [Rule r] is locked by a lower layer" in out
    put(person, root, "admin", "10-a.conf", "")
    check(person, "--root", root, status=0)


def test_check_installed_sees_owner_and_mode(person, root):
    path = put(person, root, "admin", "10-a.conf", NONE)
    path.chmod(0o664)
    assert f"{path}: error: others may write it" in check(person, "--root", root, status=2)
    path.chmod(0o644)
    path.parent.chmod(0o777)
    assert f"{path}: error: others may write it" in check(person, "--root", root, status=2)
    path.parent.chmod(0o755)
    if os.getuid() == 0:
        os.chown(path, 65533, -1)
        assert f"{path}: error: it or its directory belongs to user id 65533" in check(person, "--root", root, status=2)


def test_check_installed_sees_links(person, root):
    directory = policy_dir(person, root, "runtime")
    (directory / "10-a.conf").symlink_to("elsewhere")
    (directory / "20-b.conf").symlink_to("/dev/null")
    out = check(person, "--root", root, status=2)
    assert "10-a.conf: error: is a symbolic link" in out
    assert "20-b.conf" not in out


def test_check_compares_with_certificates(person, pki):
    hana = pki.identity("policy-hana", days=10)
    path = person.write(
        "10-test.conf",
        f"[Rule gone]\nMatch-Host=a.example\nIdentity-Fingerprint-SHA256={HEX}\nAction=select\n"
        "[Rule long]\nMatch-Host=b.example\nIdentity-Validity-Left=30d\nAction=select\n",
    )
    check(person, path, status=0)
    out = check(person, path, "--identity", hana.cert, status=1)
    assert f"{path}:1: warning: [Rule gone] Identity-Fingerprint-SHA256: no certificate" in out
    assert f"{path}:5: warning: [Rule long] Identity-Validity-Left: longer" in out


def test_check_compares_with_the_store(person, pki):
    """Files of the person's own, in the real place, while a daemon runs."""
    directory = person.config / "meishi" / "policy.d"
    directory.mkdir(parents=True)
    for made in (directory, directory.parent):
        os.chown(made, person.uid, person.gid)
    person.write(
        "config/meishi/policy.d/10-a.conf",
        f"[Rule gone]\nMatch-Host=a.example\nIdentity-Fingerprint-SHA256={HEX}\nAction=select\n",
    )
    check(person, status=0)
    person.start_daemon()
    assert "no certificate with this fingerprint" in check(person, status=1)


def test_examples_are_clean_as_installed(tree, person):
    for path in tree.files:
        if path.suffix == ".conf" and path.name != "30-nuisance.conf":
            check(person, path, "--strict", status=0)


# ---- explain and diff -------------------------------------------------------------------------


@pytest.fixture
def corp(person):
    return person.write(
        "corp.conf",
        "[Rule corp]\nMatch-Host=*.corp.example\nIdentity-Issuer=CN=Example User CA,O=Example Corp\n"
        "Action=select\n[Rule no]\nMatch-Host=no.example\nAction=none\n"
        "[Rule deny]\nMatch-Host=deny.example\nAction=deny\n",
    )


@pytest.mark.parametrize(
    "host, status, text",
    [("www.corp.example", 0, "rule corp ("), ("no.example", 10, "POLICY_NONE"),
     ("www.example", 11, "PROMPT"), ("deny.example", 12, "DENIED")],
)  # fmt: skip
def test_explain_without_a_daemon(person, pki, corp, host, status, text):
    hana = pki.identity("policy-hana", days=10)
    args = ["policy", "explain", "--host", host, "--policy", corp, "--identity", hana.cert]
    done = person.meishi(*args, check=False)
    assert done.returncode == status, describe(done)
    assert text in done.stdout
    shown = json.loads(person.meishi(*args, "--json", check=False).stdout)
    assert shown["target"] == {"protocol": "https", "host": host, "port": 443}
    # Where a rule says none or no, nobody is looked at.
    labels = [one["label"] for one in shown["verdicts"]]
    assert labels == ([] if status in (10, 12) else ["policy-hana"])
    assert person.daemon_pid() is None


def test_explain_with_the_authorities_of_a_server(person, pki, corp):
    hana = pki.identity("policy-hana", days=10)
    args = ["policy", "explain", "--host", "www.corp.example", "--policy", corp,
            "--identity", hana.cert]  # fmt: skip
    named = person.meishi(*args, "--cas", pki.intermediate.cert)
    assert "CA match: leaf issuer (DER equal)" in named.stdout
    other = person.meishi(*args, "--cas", "CN=Somebody,O=Else", check=False)
    assert "CA_MISMATCH" in other.stdout


def test_explain_with_the_identities_of_the_store(person, pki, corp):
    hana = pki.identity("policy-hana", days=10)
    person.import_files(hana.cert, hana.key, pki.intermediate.cert)
    done = person.meishi("policy", "explain", "--host", "www.corp.example", "--policy", corp)
    assert "SELECTED" in done.stdout and "policy-hana" in done.stdout


def test_diff_lists_what_changes(person, pki, corp):
    hana = pki.identity("policy-hana", days=10)
    new = person.write("new.conf", corp.read_text().replace("*.corp.example", "www.corp.example"))
    hosts = person.write("hosts", "# ours\nwww.corp.example\nx.corp.example:8443 https\nno.example\n")
    args = ["--hosts", hosts, "--identity", hana.cert]
    same = person.meishi("policy", "diff", corp, corp, *args)
    assert "All of 3 decisions stay the same" in same.stdout
    changed = person.meishi("policy", "diff", corp, new, *args, check=False)
    assert changed.returncode == 1, describe(changed)
    assert "x.corp.example:8443 https\n  - SELECTED" in changed.stdout
    assert "www.corp.example" not in changed.stdout.replace("new.conf", "")
    listed = json.loads(person.meishi("policy", "diff", corp, new, *args, "--json", check=False).stdout)
    assert [c["target"] for c in listed] == ["x.corp.example:8443 https"]
    assert listed[0]["old"]["label"] == "policy-hana"
    assert listed[0]["old"]["rule"] == "corp" and listed[0]["new"]["rule"] is None


def test_diff_shows_no_escape_sequences(person, pki, corp):
    hana = pki.identity("policy-hana", days=10)
    new = person.write("new.conf", corp.read_text().replace("*.corp.example", "www.corp.example"))
    hosts = person.write("hosts", "x.corp.example app=exe:/\033[31m\u202e\n")
    args = ["--hosts", hosts, "--identity", hana.cert]
    shown = person.meishi("policy", "diff", corp, new, *args, check=False).stdout
    assert "app=exe:/\\u001B[31m\\u202E" in shown


def test_diff_has_trouble_with_bad_files(person, pki, corp):
    hana = pki.identity("policy-hana", days=10)
    bad = person.write("bad.conf", RULE + "Action=x\n")
    hosts = person.write("hosts", "a.example\n")
    wrong = person.write("wrong", "a.example\n\na b c\n")
    done = person.meishi("policy", "diff", corp, bad, "--hosts", hosts, "--identity", hana.cert, check=False)
    assert done.returncode == 2 and "bad.conf:3: error: " in done.stderr
    done = person.meishi("policy", "diff", corp, corp, "--hosts", wrong, "--identity", hana.cert, check=False)
    assert done.returncode == 2 and "wrong:3: " in done.stderr


# ---- browsers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chromium-managed", "chromium-list", "chrome-exported"])
def test_chromium_round_trip(person, name):
    source = person.write("policy.json", (FIXTURES / f"{name}.json").read_bytes())
    rules = person.meishi("policy", "import", "chromium", source).stdout
    assert rules == (FIXTURES / f"{name}.conf").read_text()
    person.write("rules.conf", rules)
    person.meishi("policy", "export", "chromium", "rules.conf", "-o", "back.json")
    assert (person.home / "back.json").stat().st_mode & 0o777 == 0o644
    assert person.meishi("policy", "import", "chromium", "back.json").stdout == rules


def test_what_would_be_lost_is_refused_and_then_listed(person):
    entries = [{"pattern": "https://a.example/x", "filter": {}}, {"pattern": "b.example", "filter": {}}]
    source = person.write("policy.json", json.dumps(entries))
    done = person.meishi("policy", "import", "chromium", source, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert "cannot be converted: https://a.example/x: " in done.stderr
    done = person.meishi("policy", "import", "chromium", source, "--lossy")
    assert "lost: https://a.example/x: " in done.stderr
    assert "Match-Host=b.example" in done.stdout and "a.example" not in done.stdout
    both = json.loads(person.meishi("policy", "import", "chromium", source, "--lossy", "--json").stdout)
    assert len(both["lost"]) == 1 and "Match-Host=b.example" in both["text"]


def test_export_lists_what_chromium_cannot_say(person, tree):
    corp = tree.find("10-corp.conf")
    done = person.meishi("policy", "export", "chromium", corp, check=False)
    assert done.returncode == 1
    assert "Chromium does not know Identity-Chain-Issuer" in done.stderr
    done = person.meishi("policy", "export", "chromium", corp, "--lossy")
    patterns = [json.loads(e)["pattern"] for e in json.loads(done.stdout)["AutoSelectCertificateForUrls"]]
    assert "https://sso.corp.example.com:443" in patterns


def test_firefox_round_trip(person, tree):
    source = person.write("policies.json", (FIXTURES / "firefox.json").read_bytes())
    done = person.meishi("policy", "import", "firefox", source)
    assert done.stdout == (FIXTURES / "firefox.conf").read_text()
    assert "told to load our module" in done.stderr
    person.write("rules.conf", done.stdout)
    out = person.meishi("policy", "export", "firefox", "rules.conf", "--select-automatically").stdout
    policies = json.loads(out)["policies"]
    assert policies["SecurityDevices"]["Add"]["Meishi"] == str(tree.final_path(tree.module))
    assert policies["Preferences"]["security.default_personal_cert"]["Value"] == "Select Automatically"


def test_other_browsers_and_other_files_are_refused(person):
    source = person.write("policy.json", "[]")
    done = person.meishi("policy", "import", "safari", source, check=False)
    assert done.returncode == 2 and "neither chromium nor firefox" in done.stderr
    done = person.meishi("policy", "import", "firefox", source, check=False)
    assert done.returncode == 1 and "policies.json" in done.stderr


# ---- a running daemon -------------------------------------------------------------------------


def show(person):
    return json.loads(person.meishi("policy", "show", "--json").stdout)


def wait_for(person, condition, what):
    return wait_until(lambda: (shown := show(person)) and condition(shown) and shown, what)


def test_daemon_takes_changes_whole_or_not_at_all(person, root):
    put(person, root, "admin", "10-a.conf", NONE + "[Lock]\nKeys=Rule r/*\n")
    daemon = person.start_daemon("--policy-root", root)
    first = show(person)
    assert [r["name"] for r in first["rules"]] == ["r"]
    assert first["rules"][0]["locked"] and first["rules"][0]["layer"] == "admin"
    assert first["rules"][0]["text"] == "Match-Host=a.example\nAction=none"

    put(person, root, "runtime", "20-b.conf", NONE.replace("Rule r", "Rule s").replace("a.", "b."))
    second = wait_for(person, lambda s: s["generation"] > first["generation"], "a new generation")
    assert [r["name"] for r in second["rules"]] == ["r", "s"]

    broken = put(person, root, "user", "30-c.conf", "[Rule t]\nMatch-Host=secret.example\nAction=x\n")
    third = wait_for(person, lambda s: s["failed"], "the refusal")
    assert third["generation"] == second["generation"]
    assert [r["name"] for r in third["rules"]] == ["r", "s"]
    remark = third["remarks"][0]
    assert (remark["severity"], remark["file"], remark["line"]) == ("error", str(broken), 3)
    assert "not one of select" in remark["message"]
    assert f"{broken}:3: error: [Rule t] Action: " in person.meishi("policy", "show").stdout
    assert f"{broken}:3: error: [Rule t] Action: " in daemon.output()
    assert "secret.example" not in daemon.output()

    broken.unlink()
    fourth = wait_for(person, lambda s: not s["failed"], "the rules without the mistake")
    assert fourth["generation"] > third["generation"]


def test_daemon_starts_with_what_is_right(person, root):
    put(person, root, "admin", "10-a.conf", NONE)
    put(person, root, "admin", "20-b.conf", "[Rule t]\nAction=x\n")
    person.start_daemon("--policy-root", root)
    shown = show(person)
    assert shown["failed"] and [r["name"] for r in shown["rules"]] == ["r"]
    assert "were not taken over" in person.meishi("policy", "show").stdout


def test_show_names_roles_by_their_uri(person, root):
    put(person, root, "admin", "10-a.conf", SELECT + "[Role vpn]\nLabel=Corp VPN\nRule=r\n")
    person.start_daemon("--policy-root", root)
    role = show(person)["roles"][0]
    assert (role["name"], role["label"], role["rule"]) == ("vpn", "Corp VPN", "r")
    assert "token=Corp%20VPN" in role["uri"]
    assert "pkcs11:token=Corp%20VPN" in person.meishi("policy", "show").stdout


def test_completion_knows_the_commands(person):
    words = person.meishi("__complete", "policy", "").stdout
    assert {line.split("\t")[0] for line in words.splitlines()} == {
        "check", "show", "explain", "diff", "import", "export",
    }  # fmt: skip
    assert "chromium" in person.meishi("__complete", "policy", "import", "").stdout
