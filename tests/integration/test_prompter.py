# SPDX-License-Identifier: LGPL-2.1-or-later
"""The window that asks the person: what a screen reader sees of it, the keyboard, the answers, and
the real daemon behind it."""

import time

import pytest
from gi.repository import GLib
from harness.dbus import NAME, PROMPTER, ROOT, SELECTOR, Door, RemoteError
from harness.pki import ORGANISATION
from harness.process import wait_until
from harness.prompter import DISMISSED, NONE, SELECTED, Selection, variants
from harness.questions import candidate, days, question
from harness.window import CHOOSE, CONFIRM, Window

ANSWERED, NOT_NOW = 0, 1
TITLES = {
    "choose": CHOOSE, "confirm": CONFIRM, "explain": "Why Was It Decided So?",
}  # fmt: skip


HANA, WORK = candidate(1, "Hana"), candidate(2, "Work")
OLD = candidate(3, "Old", kind="'soft'", code="'EXPIRED'", not_after="int64 1700000000")
TWO = question(HANA, WORK)
SIGNING = question(label="'Hana'", deadline="int64 1795219260")


class Shown(Window):
    """The window of one question."""

    def __init__(self, desktop, title=CHOOSE, cookie=None):
        super().__init__(desktop, title)
        self.cookie = cookie

    def radios(self):
        return [one for one in self.desktop.see() if one["role"] == "radio button"]

    def checked(self):
        return [one["name"].partition(",")[0] for one in self.radios() if "checked" in one["states"]]

    def shown_buttons(self):
        return [one["name"] for one in self.desktop.boxes()]


@pytest.fixture
def show(desktop, asking, prompter):
    """show(question) asks it and returns its window."""

    def ask(text=TWO, kind="choose", **env):
        if asking.prompter is None:
            prompter(**env)
        return Shown(desktop, TITLES[kind], asking.ask(kind, text))

    return ask


def focused(desktop):
    return [one["name"] for one in desktop.see() if "focused" in one["states"]]


def names(desktop, role):
    return [one["name"] for one in desktop.see() if one["role"] == role]


def said(desktop):
    """All that is written, without the marks that keep directions apart."""
    return "\n".join(names(desktop, "label")).replace("\u2068", "").replace("\u2069", "")


# ---- what is seen -------------------------------------------------------------------------------


def test_screen_reader_sees_each_certificate_as_one_radio_button(desktop, show):
    shown = show()
    [hana, work] = shown.radios()
    assert hana["name"].startswith("Hana, from Issuing CA 3, this computer, valid until ")
    assert hana["name"].endswith(", in 13 months")
    assert hana["children"] == 0 and {"checked", "focused"} <= set(hana["states"])
    assert work["name"].startswith("Work, ") and "checked" not in work["states"]
    buttons = names(desktop, "push button")
    assert {"Use", "Send None", "Not Now", "Never for This Site", "Details"} <= set(buttons)
    text = said(desktop)
    assert "git.example.com:8443 asks who you are" in text
    assert "recognised by its file /usr/bin/curl · process 4711" in text
    assert "It accepts certificates from “Issuing CA 3”." in text
    combos = {one["name"]: one["description"] for one in desktop.see() if one["role"] == "combo box"}
    assert combos == {"Remember": "Once, do not remember"}


def test_circumstances_are_said(desktop, show):
    show(question(
        HANA, tls_clear="true", rule="'rule corp (/etc/10.conf:3, admin)'", scopes="['once']",
        last_alert="'the server cannot use the certificate'", last_label="'Super'",
        claimed_application="'Bank\\nof \u202eyou'",
    ))  # fmt: skip
    text = said(desktop)
    assert "Last time the server refused “Super”: the server cannot use the certificate." in text
    assert "Your name will be visible on the network" in text
    assert "Policy limits this choice: rule corp (/etc/10.conf:3, admin)." in text
    assert "says it is “Bank\ufffdof \ufffdyou”" in text
    assert "Never for This Site" not in names(desktop, "push button")
    assert "combo box" not in {one["role"] for one in desktop.see()}


def test_server_is_named_where_it_is_verified(desktop, asking, show):
    shown = show(question(
        HANA, server_verified="'ok'", server_organisation="'Example\\nCorp'",
        server_name="'git.example.com'",
    ))  # fmt: skip
    assert "Server verified: Example\ufffdCorp" in said(desktop)
    asking.cancel(shown.cookie)
    shown.gone()
    show(question(HANA, server_verified="'overridden'", server_organisation="'Example Corp'"))
    text = said(desktop)
    assert "The server could not be verified, and you went on all the same" in text
    assert "Example Corp" not in text


def test_row_says_what_tells_it_apart(desktop, show):
    admin = candidate(2, "Hana", subject="'CN=Hana,OU=Admins'", names="['email:h@example.com']",
                      place="'card “Corp card”'", not_after=days(20))  # fmt: skip
    shown = show(question(HANA, admin))
    [first, second] = [one["name"] for one in shown.radios()]
    assert first.endswith(", no unit")
    assert ", h@example.com, card “Corp card”, expires soon: " in second
    assert second.endswith(", in 20 days, unit Admins")


def test_japanese(desktop, asking, prompter):
    prompter(LANGUAGE="ja")
    asking.ask("choose", TWO)
    Shown(desktop, "クライアント証明書（個人証明書）の選択")
    assert "git.example.com:8443 が本人確認を求めています" in said(desktop)
    assert "証明書なしで続ける(N)" in names(desktop, "push button")


# ---- answers by keyboard ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys, path",
    [
        (["Return"], "/i/1"), (["Down", "Return"], "/i/2"), (["End", "Return"], "/i/2"),
        (["End", "Home", "Return"], "/i/1"), (["w", "Return"], "/i/2"), (["ctrl+2"], "/i/2"),
        (["i", "s", "s", "u", "space", "Return"], "/i/2"), (["Down", "space", "alt+u"], "/i/2"),
        (["ctrl+9", "ctrl+1"], "/i/1"), (["alt+u"], "/i/1"), (["alt+n"], "/"),
    ],
)  # fmt: skip
def test_keys_that_answer(desktop, asking, show, keys, path):
    shown = show()
    shown.wait_armed()
    desktop.key(*keys)
    _, result, answer = asking.answer()
    assert result == ANSWERED
    assert answer == {
        "identity": path, "scope": "once", "reach": "host-port", "any-application": False
    }  # fmt: skip
    shown.gone()


@pytest.mark.parametrize("keys", [["Escape"], ["alt+o"], ["Down", "Escape"]])
def test_keys_that_say_not_now(desktop, asking, show, keys):
    shown = show()
    desktop.key(*keys)
    assert asking.answer()[1:] == (NOT_NOW, {})
    shown.gone()


def test_list_is_one_stop_and_space_only_chooses(desktop, asking, show):
    shown = show(question(HANA, WORK, OLD))
    shown.wait_armed()
    desktop.key("Down", "space")
    asking.assert_silent()
    assert shown.checked() == ["Work"]
    desktop.key("Tab")
    assert focused(desktop) == ["Other certificates (1): 1 expired"]
    desktop.key("shift+Tab")
    assert focused(desktop)[0].startswith("Work, ")


def test_fingerprint_is_copied(desktop, asking, show):
    show()
    desktop.key("Down", "ctrl+c")
    wait_until(lambda: desktop.clipboard() == "02" + "ab" * 31, "the fingerprint on the clipboard")


def test_closing_is_not_now(desktop, asking, show):
    show()
    desktop.press("Close")
    assert asking.answer()[1:] == (NOT_NOW, {})


def test_never_is_always_none(desktop, asking, show):
    show()
    desktop.key("alt+v")
    _, result, answer = asking.answer()
    assert result == ANSWERED and answer["identity"] == "/" and answer["scope"] == "always"


def test_remembering(desktop, asking, show):
    shown = show(question(candidate(1, "Hana", accepted_here="uint32 3"), scope="'session'"))
    combos = {one["name"]: one["description"] for one in desktop.see() if one["role"] == "combo box"}
    assert combos == {
        "Remember": "For this session", "For": "git.example.com:8443",
        "For which programs": "This program only",
    }  # fmt: skip
    shown.wait_armed()
    desktop.key("Return")
    answer = asking.answer()[2]
    assert answer["scope"] == "session" and answer["reach"] == "host-port"


def test_what_is_remembered_does_not_scroll_away(desktop, show):
    many = [candidate(n, f"Identity {n}") for n in range(1, 61)]
    show(question(*many))
    hidden = [one["name"].partition(",")[0] for one in desktop.out_of_sight()]
    assert "Identity 60" in hidden
    assert "Remember" in names(desktop, "label") and "Remember" not in hidden


def test_details_are_a_layer_of_their_own(desktop, show):
    show()
    desktop.key("F1")
    wait_until(lambda: "01" + "ab" * 31 in said(desktop), "the fingerprint")
    desktop.key("Escape")
    wait_until(lambda: "01" + "ab" * 31 not in said(desktop), "the list again")
    assert desktop.windows()


# ---- no accidents -------------------------------------------------------------------------------


def test_nothing_is_used_in_the_first_half_second(desktop, asking, show):
    shown = show()
    shown.wait_armed()
    # The focus goes and comes back: what was meant for another window is not for this one.
    desktop.person.run(
        "xdotool", "windowunmap", "--sync", shown.id, "windowmap", "--sync", shown.id,
        "windowfocus", shown.id, "key", "Return", env=desktop.env,
    )  # fmt: skip
    asking.assert_silent()
    shown.wait_armed()
    desktop.key("Return")
    assert asking.answer()[1] == ANSWERED


def test_what_was_not_offered_takes_a_second_click(desktop, asking, show):
    shown = show(question(HANA, OLD))
    assert len(shown.radios()) == 1
    shown.wait_armed()
    desktop.press("Other certificates (1): 1 expired")
    [_, old] = wait_until(lambda: len(shown.radios()) == 2 and shown.radios(), "the others")
    assert old["description"] == "it expired on 14 November 2023"
    desktop.key("End", "Return")
    shown.wait_armed("Use It All the Same")
    assert "“Old” was not offered: it expired on 14 November 2023." in said(desktop)
    asking.assert_silent()
    desktop.key("Return")
    assert asking.answer()[2]["identity"] == "/i/3"


def test_second_click_is_forgotten_with_the_row(desktop, asking, show):
    shown = show(question(HANA, OLD))
    desktop.press("Other certificates (1): 1 expired")
    wait_until(lambda: len(shown.radios()) == 2, "the others")
    shown.wait_armed()
    desktop.key("End", "Return", "Home")
    desktop.find("push button", "Use")
    assert "Use It All the Same" not in names(desktop, "push button") and shown.checked() == ["Hana"]
    asking.assert_silent()


def test_server_that_asks_everybody_gets_nothing_by_enter(desktop, asking, show):
    shown = show(question(HANA, WORK, kind="'optional'"))
    time.sleep(0.6)
    assert shown.checked() == []
    desktop.key("Return")
    asking.assert_silent()
    assert shown.checked() == ["Hana"]
    shown.wait_armed()
    desktop.key("Return")
    assert asking.answer()[2]["identity"] == "/i/1"


def test_certificate_that_policy_wants(desktop, asking, prompter):
    prompter()
    asking.ask("choose", question(HANA, kind="'import'"))
    shown = Shown(desktop, "A Certificate Is Missing")
    assert shown.radios() == []
    assert not {"Use", "Never for This Site"} & set(names(desktop, "push button"))
    desktop.key("alt+n")
    assert asking.answer()[2]["identity"] == "/"


# ---- a card that is not there -------------------------------------------------------------------

ABSENT = question(candidate(1, "Hana", kind="'soft'", code="'TOKEN_ABSENT'",
                            place="'card “Corp card”'"), kind="'insert'")  # fmt: skip


@pytest.fixture
def insert(desktop, asking, prompter):
    prompter()
    cookie = asking.ask("choose", ABSENT)
    return Shown(desktop, "Insert a Card", cookie)


def test_card_that_is_waited_for(desktop, insert):
    assert "Insert “Corp card”" in said(desktop)
    assert "git.example.com:8443 asks who you are." in said(desktop)
    [row] = insert.radios()
    assert "card “Corp card”, not inserted" in row["name"] and "sensitive" not in row["states"]
    assert not {"Use", "Never for This Site"} & set(names(desktop, "push button"))
    assert focused(desktop) == ["Not Now"]


def test_card_arrives(asking, insert):
    asking.cancel(insert.cookie, "answered")
    insert.gone()
    asking.assert_silent()


@pytest.mark.parametrize("key, expected", [("alt+n", ANSWERED), ("Return", NOT_NOW), ("Escape", NOT_NOW)])
def test_card_is_not_inserted(desktop, asking, insert, key, expected):
    desktop.key(key)
    assert asking.answer()[1] == expected
    insert.gone()


# ---- why ----------------------------------------------------------------------------------------

WHY = question(
    HANA, OLD, candidate(4, "Broken", kind="'hard'", code="'NO_KEY'"), result_name="'none'",
    row="'nothing fits without reservation'", rule="'rule corp (/etc/10.conf:3, admin)'",
)  # fmt: skip


def test_explanation(desktop, asking, show):
    shown = show(WHY, "explain")
    assert "No certificate goes to git.example.com:8443" in said(desktop)
    items = [one.replace("\u2068", "").replace("\u2069", "") for one in names(desktop, "list item")]
    assert items[:3] == [
        "Because: nothing fits without reservation",
        "Policy: rule corp (/etc/10.conf:3, admin)",
        "Accepted issuer: CN=Issuing CA 3,O=Example Corp",
    ]
    assert [one.partition("\n")[0] for one in items[3:]] == [
        "Hana: Fits", "Old: Not offered: it expired on 14 November 2023",
        "Broken: Cannot be used: its private key is not here",
    ]  # fmt: skip
    desktop.key("alt+p")
    wait_until(lambda: "- Broken (Issuing CA 3" in desktop.clipboard(), "the text on the clipboard")
    assert desktop.heard() == [] or desktop.heard()[-1].endswith("Copied")
    asking.assert_silent()
    desktop.key("alt+c")
    assert asking.answer()[1:] == (ANSWERED, {})
    shown.gone()


# ---- time ---------------------------------------------------------------------------------------


def states(desktop, name):
    return desktop.find("push button", name)["states"]


def test_limit_is_said_and_can_be_extended(desktop, asking, show):
    shown = show(question(HANA, deadline="int64 4102444800"))
    assert "The program waits until 00:00." in said(desktop)
    assert "More Time" not in shown.shown_buttons()
    assert desktop.heard() == []
    asking.update(shown.cookie, f"{{'deadline': <{days(0)}>}}")
    wait_until(lambda: "More Time" in shown.shown_buttons(), "more time is offered")
    assert desktop.heard() == ["The program waits for less than 20 seconds more."]
    desktop.key("alt+m")
    assert asking.extension() == shown.cookie
    wait_until(lambda: "sensitive" not in states(desktop, "More Time"), "it is asked for once")
    asking.update(shown.cookie, "{'deadline': <int64 4102444860>}")
    wait_until(lambda: "More Time" not in shown.shown_buttons(), "there is time")
    assert desktop.heard()[1:] == ["The program waits until 00:01."]
    asking.assert_silent()


def test_limit_comes_by_itself(desktop, show):
    shown = show(question(HANA, deadline=f"int64 {int(time.time()) + 23}"))
    assert "More Time" not in shown.shown_buttons()
    wait_until(lambda: "More Time" in shown.shown_buttons(), "more time is offered")


@pytest.mark.parametrize("kind", ["choose", "confirm"])
def test_who_asked_gives_up(desktop, asking, show, kind):
    shown = show(question(HANA, label="'Hana'", deadline="int64 4102444800"), kind)
    assert desktop.heard() == []
    asking.update(shown.cookie, "{'awaited': <false>}")
    wait_until(lambda: "The program does not wait any more." in said(desktop), "it is said")
    wait_until(lambda: "does not wait" in "".join(desktop.heard()), "it is announced")
    assert ("Your choice will be used next time." in said(desktop)) == (kind == "choose")
    desktop.key("Escape")
    assert asking.answer()[1] == NOT_NOW


def test_news_do_not_hide_why_a_row_is_not_offered(desktop, asking, show):
    shown = show(question(OLD, kind="'soft'", deadline="int64 4102444800"))
    desktop.key("space", "shift+Tab")
    wait_until(lambda: shown.radios() and focused(desktop)[0].startswith("Old"), "the row")
    assert desktop.heard() == []
    asking.update(shown.cookie, "{'awaited': <false>}")
    wait_until(desktop.heard, "it is announced")
    assert desktop.heard() == [
        "it expired on 14 November 2023. The program does not wait any more. Your choice will be "
        "used next time."
    ]


# ---- other programs' windows --------------------------------------------------------------------


@pytest.mark.parametrize(
    "parent, expected",
    [("x11:1a0b3c", "0x1a0b3c"), ("x11:0", None), ("x11:xyz", None), ("wayland:1a", None), ("", None)],
)
def test_window_stands_before_the_programs_own(desktop, show, parent, expected):
    shown = show(question(HANA, parent_window=f"'{parent}'"))
    told = desktop.person.run("xprop", "-id", shown.id, "WM_TRANSIENT_FOR", env=desktop.env)
    assert (told.stdout.split("# ")[1].strip() if "#" in told.stdout else None) == expected


# ---- confirming ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key, word", [("alt+a", "once"), ("alt+s", "session"), ("alt+d", "no"), ("Return", "no")]
)
def test_confirming(desktop, asking, show, key, word):
    shown = show(SIGNING, "confirm")
    text = said(desktop)
    assert "May curl use your key?" in text
    listed = names(desktop, "list item")
    assert any("Hana" in one for one in listed), listed
    assert any("git.example.com:8443 (as the program says)" in one.replace("\u2068", "").replace(
        "\u2069", "") for one in listed), listed  # fmt: skip
    shown.wait_armed("Allow Once")
    desktop.key(key)
    assert asking.answer()[1:] == (ANSWERED, {"allow": word})


def test_confirming_each_use_has_no_session(desktop, asking, show):
    shown = show(question(label="'Hana'", each_use="true", host="''"), "confirm")
    assert "Allow for This Session" not in names(desktop, "push button")
    desktop.key("Escape")
    assert asking.answer()[1:] == (NOT_NOW, {})
    shown.gone()


# ---- one at a time, and the bus ------------------------------------------------------------------


def test_one_window_at_a_time(desktop, asking, show):
    shown = show()
    second = asking.ask("confirm", SIGNING)
    third = asking.ask("choose", question(WORK))
    assert len(desktop.windows()) == 1
    desktop.key("Escape")
    Shown(desktop, CONFIRM)
    asking.cancel(second)
    desktop.find("dialog", "Choose a Client Certificate")
    asking.cancel(third)
    shown.gone()
    assert asking.answer()[1] == NOT_NOW and len(asking.answers) == 1


def test_question_taken_back_before_it_was_shown(desktop, asking, show):
    shown = show()
    asking.cancel(asking.ask("confirm", SIGNING))
    desktop.key("Escape")
    shown.gone()
    assert asking.answer()[1] == NOT_NOW and len(asking.answers) == 1


def test_only_the_daemon_asks(asking, show, bus):
    shown = show()
    stranger = Door(bus.address, asking.prompter[0])
    calls = {"Begin": ("(ssa{sv})", "c", "choose", {}), "Cancel": ("(ss)", "cookie1", "timeout")}
    for method, arguments in calls.items():
        with pytest.raises(RemoteError) as caught:
            stranger.call(asking.prompter[1], f"{PROMPTER}.{method}", *arguments)
        assert caught.value.name == "org.freedesktop.DBus.Error.AccessDenied"
    assert shown.desktop.windows()
    stranger.close()


def test_end_is_not_now(asking, prompter, desktop):
    running = prompter()
    asking.ask("choose", TWO)
    Shown(desktop)
    assert running.stop() == 0
    assert asking.answer()[1] == NOT_NOW


# ---- coming and going ----------------------------------------------------------------------------


def test_prompter_leaves_when_there_is_nothing_to_show(desktop, asking, prompter):
    running = prompter("--linger", 1)
    cookie = asking.ask("choose", TWO)
    shown = Shown(desktop)
    time.sleep(1.5)
    assert running.is_alive()
    asking.cancel(cookie)
    shown.gone()
    running.wait()
    assert asking.wait_parted() == ["released", "unregistered"]


def test_prompter_ends_with_the_session(prompter, desktop, asking, bus):
    running = prompter()
    asking.ask("choose", TWO)
    Shown(desktop)
    bus.stop()
    running.wait()


# ---- the real daemon ----------------------------------------------------------------------------


@pytest.fixture
def world(person, bus, desktop, prompter, pki):
    """The daemon with two identities, the prompter, and a TLS client's connection."""
    person.start_daemon()
    for name in ("Alice", "Work"):
        person.import_files(pki.p12(pki.identity(name)), password="correct horse")
    door = Door(bus.address, NAME)
    wait_until(lambda: is_served(door), "the daemon on the bus")
    prompter()
    wait_until(lambda: door.get(ROOT, SELECTOR, "AgentAvailable"), "the prompter is registered")
    yield door
    door.close()


def is_served(door):
    try:
        return bool(door.objects())
    except RemoteError:
        return False


def test_choice_reaches_the_program(world, desktop):
    selection = Selection(world)
    shown = Shown(desktop)
    desktop.key("w")
    shown.wait_armed()
    desktop.key("Return")
    result, decision = selection.response()
    assert result == SELECTED and decision["label"] == "Work" and decision["scope"] == "once"


def test_server_that_the_program_has_verified(world, desktop, pki):
    der = GLib.Variant("ay", pki.identity("Alice").der())
    constraints = variants(server_verified="ok", server_certificate=der)
    selection = Selection(world, constraints=constraints)
    Shown(desktop)
    assert f"Server verified: {ORGANISATION}" in said(desktop)
    selection.cancel()


def test_refusals_reach_the_program(world, desktop):
    selection = Selection(world)
    Shown(desktop)
    desktop.key("Escape")
    assert selection.response()[0] == DISMISSED
    selection = Selection(world, "other.example.com")
    Shown(desktop)
    desktop.key("alt+v")
    assert selection.response()[0] == NONE
    # Never is never: the same server is not a question any more.
    assert Selection(world, "other.example.com").response()[0] == NONE
    assert desktop.windows() == []


def test_program_that_gives_up_takes_its_window_along(world, desktop):
    selection = Selection(world)
    shown = Shown(desktop)
    selection.cancel()
    shown.gone()


def test_daemon_that_ends_takes_its_window_along_and_comes_back(world, desktop, person, bus):
    Selection(world)
    shown = Shown(desktop)
    person.stop_daemon()
    shown.gone()
    person.start_daemon()
    door = Door(bus.address, NAME)
    wait_until(lambda: is_served(door), "the daemon on the bus")
    wait_until(lambda: door.get(ROOT, SELECTOR, "AgentAvailable"), "the prompter is registered")
    selection = Selection(door)
    shown = Shown(desktop)
    desktop.key("w")
    shown.wait_armed()
    desktop.key("Return")
    assert selection.response()[0] == SELECTED
    door.close()


def test_activation_names_the_installed_prompter(person):
    tree = person.tree
    service = tree.find("org.meishi.Prompter.service").read_text()
    assert f"Exec={tree.final_path(tree.find('meishi-prompter'))}\n" in service
