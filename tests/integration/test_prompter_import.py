# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that a person opens: the import dialog from the first page to the last, with the real
daemon, by keyboard, and as a screen reader meets it.  Nothing is stored before "Import"."""

import json
import os
from pathlib import Path

import pytest
from harness.dbus import NAME, Door
from harness.desktop import Desktop
from harness.pki import PASSWORD
from harness.process import end, wait_until
from harness.prompter import DISMISSED, Selection
from harness.secrets import BadKeyring, GnomeKeyring
from harness.traces import BusMonitor, assert_clean, assert_forgotten, files_with
from harness.window import CHOOSE, Window, start_prompter

TITLE = "Import Certificates"
PASSPHRASE = "orbit ladle sixty moss tunic"
FIXTURES = Path(os.environ["MEISHI_SOURCE_DIR"]) / "tests" / "fixtures"
MAX_FILE = 16 * 1024 * 1024


class Page(Window):
    """The page of the import's window that says `words`."""

    def __init__(self, desktop, words, title=TITLE):
        super().__init__(desktop, title, words)

    def turned(self, words, title=TITLE):
        """The next page."""
        return Page(self.desktop, words, title)

    def type(self, text):
        self.desktop.person.run("xdotool", "type", "--delay", "15", text, env=self.desktop.env)

    def answer(self, text):
        """Types a secret and goes on."""
        self.type(text)
        self.desktop.key("Return")

    def buttons(self):
        """Those that belong to the page: the one that closes every window is not."""
        return {
            one["name"].replace("_", "") for one in self.desktop.see()
            if one["role"] == "push button" and one["name"] not in ("", "Close")
        }  # fmt: skip


@pytest.fixture
def desktop(person, bus):
    made = Desktop(person, bus, "1024x1100")
    yield made
    made.stop()


@pytest.fixture
def daemon(person, desktop):
    return person.start_daemon()


@pytest.fixture
def opened(person, desktop):
    """opened(file, ..., words=) has meishi-prompter open the files; the page that says `words`."""
    made = []

    def start(*files, words, title=TITLE, **env):
        made.append(start_prompter(person, desktop, *files, **env))
        return Page(desktop, words, title)

    start.processes = made
    yield start
    for one in made:
        output = one.output()
        one.stop()
        assert "CRITICAL" not in output and "ERROR" not in output, output


@pytest.fixture
def hana(pki):
    return pki.p12(pki.identity("Hana Sato"))


def status(person):
    return json.loads(person.meishi("status", "--json").stdout)


def labels(person):
    return sorted(one["label"] for one in json.loads(person.meishi("list", "--json").stdout))


def assert_nothing_stored(person):
    assert labels(person) == []
    assert status(person)["vault"] == "absent"


def make_vault(person, *files, passphrase=PASSPHRASE):
    """With a passphrase and nothing else."""
    given = person.write("given", passphrase)
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    for file in files:
        person.import_files(file, password=PASSWORD)
    given.unlink()


# ---- from the password to the result ------------------------------------------------------------


@pytest.mark.usefixtures("daemon")
def test_password_then_import_into_a_new_vault(person, hana, desktop, opened):
    page = opened(hana, words="Password of “Hana-Sato.p12”")
    page.answer(PASSWORD)
    page = page.turned("Import “Hana Sato”?")
    assert "Example User CA → Example Root CA" in page.text() and "EC P-256" in page.text()
    assert "There is none yet" in page.text()
    assert_nothing_stored(person)
    page.press("Import", "alt+i")
    page = page.turned("Choose a Passphrase for Your Vault")
    assert_nothing_stored(person)
    page.type("short")
    wait_until(lambda: "Very easy to guess" in page.text(), "an honest word")
    desktop.key("Tab")
    page.type("other")
    wait_until(lambda: "Not the same yet." in page.text(), "that they differ")
    desktop.key("ctrl+a", "BackSpace", "shift+Tab", "ctrl+a", "BackSpace")
    page.answer(PASSPHRASE)
    wait_until(lambda: "Not easy to guess" in page.text(), "another word")
    page.type(PASSPHRASE)
    wait_until(lambda: "The two are the same." in page.text(), "that they are the same")
    assert_nothing_stored(person)
    page.press("Create and Import", "Return")
    page = page.turned("“Hana Sato” Was Imported")
    assert "Its passphrase alone opens it" in page.text()
    assert "The file still holds the private key" in page.text()
    assert labels(person) == ["Hana Sato"]
    assert [one["kind"] for one in status(person)["slots"]] == ["passphrase"]
    desktop.key("Return")
    page.gone()
    assert opened.processes[0].wait() == 0


@pytest.mark.usefixtures("daemon")
def test_wrong_passwords_and_then_the_right_one(person, hana, opened):
    make_vault(person)
    page = opened(hana, words="Password of “Hana-Sato.p12”")
    for wrong in ("Wrong", "wrong again"):
        page.answer(wrong)
        page = page.turned("That is not the password of the file.")
    page.answer(PASSWORD)
    page = page.turned("Import “Hana Sato”?")
    page.press("Import", "alt+i")
    page.turned("“Hana Sato” Was Imported")
    assert labels(person) == ["Hana Sato"]


@pytest.mark.usefixtures("daemon")
def test_two_passwords_in_one_file(person, opened):
    make_vault(person)
    page = opened(FIXTURES / "pkcs12" / "pw-key-differs.p12", words="Password of “pw-key")
    page.answer("secret")
    page = page.turned("Password of the Private Key in “pw-key-differs.p12”")
    page.answer("other")
    page.turned("Import “")


@pytest.mark.usefixtures("daemon")
def test_several_identities(person, pki, opened):
    """Both keys in one file that needs no password, with an issuer and a certificate of nobody."""
    make_vault(person)
    one, two, other = (pki.identity(name) for name in ("One", "Two", "Without Key"))
    bundle = person.write("all.pem", b"".join(
        path.read_bytes()
        for path in (one.cert, one.key, two.cert, two.key, other.cert, pki.intermediate.cert)
    ))  # fmt: skip
    page = opened(bundle, words="Import 2 Certificates?")
    text = page.text()
    assert "One" in text and "Two" in text and "1 issuer's certificate is kept beside them" in text
    assert "Without Key" in text and "its private key is neither in the file nor in" in text
    page.press("Import", "alt+i")
    page = page.turned("2 Certificates Were Imported")
    assert labels(person) == ["One", "Two"]


@pytest.mark.usefixtures("daemon")
def test_certificate_and_key_in_two_files(person, pki, opened):
    make_vault(person)
    pair = pki.identity("Paired")
    page = opened(pair.cert, pair.key, words="Import “Paired”?")
    page.press("Import", "alt+i")
    page.turned("“Paired” Was Imported")
    assert labels(person) == ["Paired"]


@pytest.mark.usefixtures("daemon")
def test_key_first_and_its_certificate_later(person, pki, desktop, opened):
    make_vault(person)
    pair = pki.identity("Later")
    page = opened(pair.key, words="Import the Private Key “EC P-256 key”?")
    assert "Its certificate is not here yet" in page.text()
    page.press("Import", "alt+i")
    page = page.turned("“EC P-256 key” Was Imported")
    desktop.key("Return")
    page.gone()
    page = opened(pair.cert, words="Import the Certificate “Later” for Your Key?")
    page.press("Import", "alt+i")
    page.turned("“Later” Was Imported")
    assert labels(person) == ["Later"]


@pytest.mark.usefixtures("daemon")
def test_person_chooses_the_name(person, pki, desktop, opened):
    make_vault(person)
    pair = pki.identity("Long Official Name")
    page = opened(pair.cert, pair.key, words="Import “Long Official Name”?")
    desktop.key("alt+n", "ctrl+a")
    desktop.key("BackSpace")
    wait_until(lambda: "sensitive" not in desktop.find("push button", "Import")["states"],
               "nothing is imported without a name")  # fmt: skip
    page.type("Work")
    page.press("Import", "Return")
    page.turned("“Work” Was Imported")
    assert labels(person) == ["Work"]


@pytest.mark.usefixtures("daemon")
def test_what_is_here_already(person, hana, opened):
    make_vault(person, hana)
    page = opened(hana, words="Password of")
    page.answer(PASSWORD)
    page = page.turned("Everything in “Hana-Sato.p12” Is Here Already")
    assert "Is here already; nothing is changed." in page.text()
    assert "Import" not in page.buttons()


@pytest.mark.usefixtures("daemon")
def test_renewal_is_said(person, pki, opened):
    make_vault(person)
    old = pki.dated("Renewed", "20260101000000Z", "20270101000000Z", "renewed-1")
    new = pki.dated("Renewed", "20261101000000Z", "20271101000000Z", "renewed-2")
    person.import_files(old.cert, old.key)
    page = opened(new.cert, new.key, words="Import “Renewed (2)”?")
    assert "“Renewed”; what you chose for that one holds for this one" in page.text()


# ---- the vault ----------------------------------------------------------------------------------


def test_new_vault_in_the_keyring(person, bus, hana, desktop, opened):
    keyring = GnomeKeyring(person, bus)
    person.start_daemon()
    page = opened(hana, words="Password of")
    page.answer(PASSWORD)
    page = page.turned("Import “Hana Sato”?")
    assert "Your desktop's keyring opens it when you log in." in page.text()
    page.press("Import", "alt+i")
    page = page.turned("“Hana Sato” Was Imported")
    assert "A vault was made on this computer. Your desktop's keyring" in page.text()
    assert labels(person) == ["Hana Sato"]
    assert [one["kind"] for one in status(person)["slots"]] == ["secret-service"]
    desktop.key("Return")
    page.gone()
    keyring.stop()


def test_keyring_that_does_not_open(person, bus, hana, opened):
    """Whether to wait for it or to do without it is for the person to say."""
    keyring = BadKeyring(person, bus, "dismiss")
    person.start_daemon("--keyring-deadline-ms", "2000")
    page = opened(hana, words="Password of")
    page.answer(PASSWORD)
    page = page.turned("Import “Hana Sato”?")
    page.press("Import", "alt+i")
    page = page.turned("Nothing was imported.")
    assert {"Use a Passphrase", "Try Again"} <= page.buttons()
    assert_nothing_stored(person)
    page.press("Use a Passphrase", "alt+p")
    page = page.turned("Choose a Passphrase for Your Vault")
    page.answer(PASSPHRASE)
    page.type(PASSPHRASE)
    page.press("Create and Import", "Return")
    page.turned("“Hana Sato” Was Imported")
    assert [one["kind"] for one in status(person)["slots"]] == ["passphrase"]
    keyring.stop()


@pytest.mark.usefixtures("daemon")
def test_locked_vault(person, pki, hana, opened):
    make_vault(person, hana)
    person.meishi("lock")
    pair = pki.identity("Second")
    page = opened(pair.cert, pair.key, words="Import “Second”?")
    assert "The vault is locked: you are asked for its passphrase next." in page.text()
    page.press("Import", "alt+i")
    page = page.turned("Passphrase of Your Vault")
    page.type("not the passphrase")
    page.press("Unlock and Import", "Return")
    page = page.turned("That is not the passphrase of your vault.")
    assert labels(person) == ["Hana Sato"]
    page.type(PASSPHRASE)
    page.press("Unlock and Import", "Return")
    page.turned("“Second” Was Imported")
    assert labels(person) == ["Hana Sato", "Second"]


@pytest.mark.usefixtures("daemon")
def test_vault_is_locked_while_the_person_reads(person, pki, hana, opened):
    make_vault(person, hana)
    pair = pki.identity("Meanwhile")
    page = opened(pair.cert, pair.key, words="Import “Meanwhile”?")
    person.meishi("lock")
    page.press("Import", "alt+i")
    page.turned("Passphrase of Your Vault")


# ---- what cannot be imported --------------------------------------------------------------------

TROUBLES = {
    "pkcs12/reject-random.p12": "“reject-random.p12” Cannot Be Read",
    "pkcs12/reject-trunc-half.p12": "“reject-trunc-half.p12” Cannot Be Read",
    "pkcs12/reject-mac-iter-2147483647.p12": "Would Take Too Long to Open",
    "pem/not-html.crt": "This is a web page or XML",
    "pem/not-zip.p12": "This is a ZIP file",
    "pem/not-jks.jks": "“not-jks.jks” Is Not Supported",
    "pem/not-empty.pem": "“not-empty.pem” Cannot Be Read",
    "pem/cert.pem": "its private key is needed",
    "pem/chain.pem": "There Is Nothing to Import in “chain.pem”",
}


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize("name", TROUBLES)
def test_trouble_is_said(person, opened, name):
    page = opened(FIXTURES / name, words=TROUBLES[name])
    assert "Import" not in page.buttons()
    assert_nothing_stored(person)


@pytest.mark.usefixtures("daemon")
def test_key_of_another_certificate(pki, opened):
    page = opened(pki.identity("This").cert, pki.identity("That").key, words="Import the Private")
    assert "does not match the certificate" in page.text()


@pytest.mark.usefixtures("daemon")
def test_files_that_are_none(person, opened):
    for words, path in (
        ("“huge.p12” Is Too Large", person.write("huge.p12", bytes(MAX_FILE + 1))),
        ("“gone.p12” Is Not There Any More", person.home / "gone.p12"),
        ("“null” Is Not a File", Path("/dev/null")),
        (f"“{person.home.name}” Is a Folder", person.home),
    ):
        page = opened(path, words=words)
        page.desktop.key("Escape")
        page.gone()


if os.getuid() != 0:  # who may read everything

    @pytest.mark.usefixtures("daemon")
    def test_file_that_may_not_be_read(person, opened):
        path = person.write("closed.p12", "", mode=0)
        page = opened(path, words="You May Not Read “closed.p12”")
        assert "Try Again" in page.buttons()


@pytest.mark.usefixtures("daemon")
def test_file_comes_back(person, pki, opened):
    make_vault(person)
    pair = pki.identity("Back Again")
    path = person.home / "back.pem"
    page = opened(path, words="“back.pem” Is Not There Any More")
    person.write("back.pem", pair.cert.read_bytes() + pair.key.read_bytes())
    page.press("Try Again", "alt+t")
    page.turned("Import “Back Again”?")


@pytest.mark.usefixtures("daemon")
def test_what_was_shown_is_what_is_stored(person, pki, opened):
    """The file is another by the time "Import" is pressed, and then gone."""
    make_vault(person)
    shown, other = pki.identity("Shown"), pki.identity("Put in Its Place")
    path = person.write("a.pem", shown.cert.read_bytes() + shown.key.read_bytes())
    page = opened(path, words="Import “Shown”?")
    path.write_bytes(other.cert.read_bytes() + other.key.read_bytes())
    path.unlink()
    page.press("Import", "alt+i")
    page.turned("“Shown” Was Imported")
    assert labels(person) == ["Shown"]


# ---- giving up, and what goes wrong on the way --------------------------------------------------


def to_password(page):
    return page


def to_plan(page):
    page.answer(PASSWORD)
    return page.turned("Import “Hana Sato”?")


def to_new_vault(page):
    page = to_plan(page)
    page.press("Import", "alt+i")
    return page.turned("Choose a Passphrase for Your Vault")


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize("keys", [["Escape"], ["alt+c"]], ids=["escape", "cancel"])
@pytest.mark.parametrize("go", [to_password, to_plan, to_new_vault])
def test_giving_up_stores_nothing(person, hana, desktop, opened, go, keys):
    page = go(opened(hana, words="Password of"))
    desktop.key(*keys)
    page.gone()
    assert opened.processes[0].wait() == 0
    assert_nothing_stored(person)


@pytest.mark.usefixtures("daemon")
def test_giving_up_before_a_locked_vault_stores_nothing(person, pki, hana, desktop, opened):
    make_vault(person, hana)
    person.meishi("lock")
    pair = pki.identity("Not Stored")
    page = opened(pair.cert, pair.key, words="Import “Not Stored”?")
    page.press("Import", "alt+i")
    page = page.turned("Passphrase of Your Vault")
    desktop.key("Escape")
    page.gone()
    assert labels(person) == ["Hana Sato"]
    assert status(person)["vault"] == "locked"


def test_closing_cancels_what_runs(person, bus, hana, desktop, opened):
    """A keyring that never answers: the page says what is waited for, and closing it ends that."""
    keyring = BadKeyring(person, bus, "silent")
    person.start_daemon()
    page = opened(hana, words="Password of")
    page.answer(PASSWORD)
    page = page.turned("Import “Hana Sato”?")
    page.press("Import", "alt+i")
    page = page.turned("Your keyring may ask you to unlock it.")
    desktop.key("Escape")
    page.gone()
    assert opened.processes[0].wait() == 0
    keyring.stop()
    assert_nothing_stored(person)


def test_daemon_dies_in_the_middle(person, hana, desktop, opened):
    """The window stays usable, and going on with the next daemon is one key."""
    daemon = person.start_daemon()
    make_vault(person)
    page = opened(hana, words="Password of")
    page.answer(PASSWORD)
    page = page.turned("Import “Hana Sato”?")
    daemon.kill()
    page.press("Import", "alt+i")
    page = page.turned("Meishi Has Stopped Answering")
    assert {"Close", "Try Again"} <= {one["name"].replace("_", "") for one in desktop.see()}
    person.start_daemon()
    page.press("Try Again", "alt+t")
    page = page.turned("Passphrase of Your Vault")
    page.type(PASSPHRASE)
    page.press("Unlock and Import", "Return")
    page.turned("“Hana Sato” Was Imported")


# ---- beside others ------------------------------------------------------------------------------


@pytest.mark.usefixtures("daemon")
def test_two_imports_have_two_windows(person, pki, hana, desktop, opened):
    make_vault(person)
    opened(hana, words="Password of “Hana-Sato.p12”")
    pair = pki.identity("Beside")
    second = start_prompter(person, desktop, pair.cert, pair.key)
    assert second.wait() == 0, "the first process took the files"
    wait_until(lambda: len(desktop.windows()) == 2, "a window each")


def test_question_comes_while_an_import_is_open(person, bus, hana, desktop, opened):
    person.start_daemon()
    make_vault(person, hana)
    page = opened(hana, words="Password of")
    door = Door(bus.address, NAME)
    request = Selection(door)
    wait_until(lambda: len(desktop.windows()) == 2, "the question's window")
    [other] = [window for window in desktop.windows() if window != page.id]
    desktop.focus(other)
    desktop.key("Escape")
    assert request.response()[0] == DISMISSED
    assert desktop.windows() == [page.id]
    desktop.focus(page.id)
    page.answer(PASSWORD)
    page.turned("Everything in “Hana-Sato.p12” Is Here Already")
    door.close()


# ---- who may, who sees --------------------------------------------------------------------------


@pytest.mark.usefixtures("daemon")
def test_another_program_cannot_say_import(person, pki, desktop, opened):
    make_vault(person)
    pair = pki.identity("Consent")
    page = opened(pair.cert, pair.key, words="Import “Consent”?")
    page.wait_armed("Import")
    desktop.press("Import")
    page.turned("Another program tried to press “Import”.")
    assert labels(person) == []
    page.press("Import", "alt+i")
    page.turned("“Consent” Was Imported")


@pytest.mark.usefixtures("daemon")
def test_screen_reader_hears_what_is_shown(person, pki, opened, desktop):
    make_vault(person)
    pair = pki.identity("Hana Heard")
    opened(pair.cert, pair.key, words="Import “Hana Heard”?")
    seen = desktop.see()
    rows = {one["name"] for one in seen if one["role"] == "list item"}
    assert {"Issued by: Example User CA", "Key: EC P-256"} <= rows
    assert any(name.startswith("Valid: until ") for name in rows)
    assert "Stores what is shown here in your vault" in desktop.find("push button", "Import")[
        "description"]  # fmt: skip
    [name] = [one for one in seen if one["role"] == "text"]
    assert name["name"].startswith("Name")


def test_no_secret_leaves_a_trace(person, bus, pki, desktop, opened):
    password, passphrase = "Kastanienallee 77, Hinterhof", "Wermutstropfen im Kirschbaum"
    wrong = "Holundersirup und Schnee"
    path = pki.p12(pki.identity("Traceless"), password=password)
    monitor = BusMonitor(person, bus.address)
    daemon = person.start_daemon()
    page = opened(path, words="Password of")
    page.answer(wrong)
    page = page.turned("That is not the password of the file.")
    page.answer(password)
    page = page.turned("Import “Traceless”?")
    page.press("Import", "alt+i")
    page = page.turned("Choose a Passphrase for Your Vault")
    page.answer(passphrase)
    page.type(passphrase)
    page.press("Create and Import", "Return")
    page.turned("“Traceless” Was Imported")
    [prompter] = opened.processes
    for secret in (password, passphrase, wrong):
        assert_clean(monitor.heard(), secret, "the session bus")
        assert_clean(prompter.log.read_bytes(), secret, "the prompter's log")
        assert_forgotten(daemon, secret)
        assert files_with(person.home, secret) == []
    assert b"org.meishi.Agent1.Vault" in monitor.stop()


# ---- in Japanese --------------------------------------------------------------------------------


@pytest.mark.usefixtures("daemon")
def test_japanese(person, hana, desktop, opened):
    page = opened(hana, words="「Hana-Sato.p12」のパスワード", title="証明書のインポート",
                  LANGUAGE="ja")  # fmt: skip
    page.answer(PASSWORD)
    page = page.turned("「Hana Sato」をインポートしますか？", "証明書のインポート")
    assert "2027年" in page.text() or "2026年" in page.text()
    page.press("インポート", "alt+i")
    page = page.turned("保管庫のパスフレーズを決めてください", "証明書のインポート")
    page.answer(PASSPHRASE)
    page.type(PASSPHRASE)
    page.press("作成してインポート", "Return")
    page.turned("「Hana Sato」をインポートしました", "証明書のインポート")
    assert labels(person) == ["Hana Sato"]
