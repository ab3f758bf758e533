# SPDX-License-Identifier: LGPL-2.1-or-later
"""Windows through which a secret passes, and windows that say yes: what is typed is nobody else's
to read, and a yes is nobody else's to give."""

import os
import signal
import time
from pathlib import Path

import pytest
from harness import clipboard, sender
from harness.dbus import NAME, ROOT, SELECTOR, VAULT
from harness.desktop import Desktop
from harness.process import wait_until
from harness.questions import candidate, dictionary, question
from harness.traces import assert_clean, assert_forgotten
from harness.window import CHOOSE, CONFIRM, Window, start_prompter, text_on

ANSWERED, NOT_NOW = 0, 1
UNLOCK, PIN, PAD = "Unlock Your Keys", "PIN Needed", "PIN at the Reader"
SECRET = "Kirschkern 7; Wespe_am=Fenster"
REFUSALS = ["Not Now", "Deny", "Send None", "Never for This Site", "Close"]


def asked(**facts):
    entries = {
        "application": "'exe:/usr/bin/curl'", "application-trust": "'exe'", "pid": "uint32 4711",
        "host": "'git.example.com'", "port": "uint32 8443",
    }  # fmt: skip
    return dictionary(entries | {name.replace("_", "-"): value for name, value in facts.items()})


def unlock(wrong="false", tries_left=3):
    return asked(wrong=wrong, tries_left=f"uint32 {tries_left}")


def pin(**facts):
    return asked(**{"token": "'Corp card'", "reader": "'ACME 00'", "label": "'Hana'"} | facts)


@pytest.fixture
def show(desktop, asking, prompter):
    """show(title, kind, question) asks it and returns its window."""

    def ask(title, kind, text, **env):
        if asking.prompter is None:
            prompter(**env)
        asking.ask(kind, text)
        return Window(desktop, title)

    return ask


@pytest.fixture
def typed(desktop):
    """typed(text) is typed, key by key."""

    def enter(text):
        desktop.person.run("xdotool", "type", "--delay", "12", text, env=desktop.env)

    return enter


def field(desktop):
    return desktop.find("password text", "")


def button(desktop, name):
    return desktop.find("push button", name)


# ---- what is seen and said ----------------------------------------------------------------------


def test_passphrase_is_asked_for(desktop, show):
    window = show(UNLOCK, "unlock", unlock())
    assert "curl needs your keys" in window.text()
    assert "recognised by its file /usr/bin/curl · process 4711" in window.text()
    assert "git.example.com:8443 (as the program says)" in window.text()
    assert "for every program that may use them" in window.text()
    seen = field(desktop)
    assert seen["name"] == "Passphrase" and seen["description"] == "Nothing is typed."
    assert "focused" in seen["states"]
    assert button(desktop, "Not Now")["description"] == "The keys stay locked"
    assert "sensitive" not in button(desktop, "Unlock")["states"]


@pytest.mark.parametrize("tries_left, words", [
    (2, "That passphrase is wrong. You can try 2 more times."),
    (1, "That passphrase is wrong. You can try 1 more time."),
    (0, "That passphrase is wrong."),
])  # fmt: skip
def test_wrong_passphrase_is_said_where_the_focus_is(desktop, show, tries_left, words):
    window = show(UNLOCK, "unlock", unlock("true", tries_left))
    assert words in window.text()
    assert field(desktop)["description"].endswith(words)


def test_words_in_japanese(desktop, show):
    window = show("鍵のロックを解除", "unlock", unlock("true", 2), LANGUAGE="ja")
    assert "curl が鍵を必要としています" in window.text()
    assert "パスフレーズが違います。あと 2 回試せます。" in window.text()
    assert field(desktop)["name"] == "パスフレーズ(P)"


def test_pin_in_japanese(desktop, show):
    window = show("PIN の入力", "pin", pin(tries="'last'", max_length="uint32 8"), LANGUAGE="ja")
    assert "curl が「Corp card」の PIN を必要としています" in window.text()
    assert "これが最後の試行です。" in window.text() and "8 文字以下" in window.text()


def test_caps_lock_is_said(desktop, show):
    window = show(UNLOCK, "unlock", unlock())
    said = desktop.heard()
    desktop.key("Caps_Lock")
    wait_until(lambda: "Caps Lock is on." in window.text(), "the warning")
    wait_until(lambda: any("Caps Lock is on." in one for one in desktop.heard()), f"not only {said}")
    desktop.key("Caps_Lock")
    wait_until(lambda: "Caps Lock is on." not in window.text(), "no warning")


# ---- typing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys, secret", [
    (["a", "B", "space", "3"], "aB 3"),
    (["a", "b", "BackSpace", "c"], "ac"),
    (["a", "ctrl+u", "b"], "b"),
    (["a", "b", "ctrl+a", "c"], "c"),
    (["a", "b", "ctrl+a", "BackSpace", "d"], "d"),
    (["a", "b", "ctrl+a", "End", "c"], "abc"),
    (["a", "ctrl+BackSpace", "BackSpace", "x"], "x"),
    (["x", "eacute", "BackSpace", "ssharp", "hiragana_A"], None),
    (["Multi_key", "quotedbl", "o", "dead_acute", "e"], "öé"),
    (["x", "ctrl+c", "ctrl+x", "Delete", "Menu", "shift+F10", "y"], "xy"),
])  # fmt: skip
def test_keys_edit_the_line(desktop, asking, show, keys, secret):
    window = show(UNLOCK, "unlock", unlock(tries_left=1))
    desktop.key(*keys)
    window.press("Unlock", "Return")
    assert asking.answer()[1:] == (ANSWERED, {"secret": 0})
    assert asking.secrets[0] == secret or (secret is None and asking.secrets[0].startswith("xß"))
    window.gone()


def test_field_takes_so_much_and_no_more(desktop, asking, show):
    window = show(UNLOCK, "unlock", unlock(tries_left=1))
    owner = clipboard.start(desktop.person, desktop.env, "ä" * 512)
    owner.wait_ready(lambda: "owns it" in owner.output(), "owns the clipboard")
    desktop.key("ctrl+v")
    wait_until(lambda: "Something is typed." in field(desktop)["description"], "it is pasted")
    desktop.key("x")
    wait_until(lambda: "it is too long, or not one line" in window.text(), "that there is no room")
    window.press("Unlock", "Return")
    asking.answer()
    assert asking.secrets == ["ä" * 512]
    owner.kill()


@pytest.mark.parametrize("text, pasted", [
    ("a whole line\n", "a whole line"), ("from DOS\r\n", "from DOS"), ("two\nlines", None),
    ("x" * 1025, None), ("tab\t", None), ("", None),
])  # fmt: skip
def test_pasting(desktop, asking, show, text, pasted):
    window = show(UNLOCK, "unlock", unlock(tries_left=1))
    owner = clipboard.start(desktop.person, desktop.env, text)
    owner.wait_ready(lambda: "owns it" in owner.output(), "owns the clipboard")
    desktop.key("shift+Insert")
    if pasted is None:
        time.sleep(0.5)
        assert "Nothing is typed." in field(desktop)["description"]
        assert text == "" or "it is too long, or not one line" in window.text()
    else:
        window.press("Unlock", "Return")
        asking.answer()
        assert asking.secrets == [pasted]
    owner.kill()


def test_middle_button_pastes(desktop, asking, show):
    window = show(UNLOCK, "unlock", unlock(tries_left=1))
    owner = clipboard.start(desktop.person, desktop.env, SECRET)
    owner.wait_ready(lambda: "owns it" in owner.output(), "owns the clipboard")
    desktop.person.run(
        "xdotool", "mousemove", "--window", window.id, "200", "270", "click", "2", env=desktop.env
    )
    window.press("Unlock", "Return")
    asking.answer()
    assert asking.secrets == [SECRET]
    owner.kill()


@pytest.mark.parametrize("keys", [["Escape"], ["alt+o"], ["a", "Escape"]])
def test_not_now(desktop, asking, show, keys):
    window = show(UNLOCK, "unlock", unlock())
    desktop.key(*keys)
    assert asking.answer()[1:] == (NOT_NOW, {})
    window.gone()


def test_nothing_is_sent_by_enter_in_an_empty_field(desktop, asking, show):
    show(UNLOCK, "unlock", unlock())
    time.sleep(0.7)
    desktop.key("Return", "alt+u")
    asking.assert_silent()


# ---- nobody else reads it -----------------------------------------------------------------------


def test_screen_reader_learns_nothing_of_what_is_typed(desktop, asking, show, typed):
    window = show(UNLOCK, "unlock", unlock(tries_left=1))
    typed(SECRET)
    wait_until(lambda: "Something is typed." in field(desktop)["description"], "what is typed")
    texts = desktop.texts()
    assert "password text: 0 characters" in texts
    for text in texts:
        assert_clean((text or "").encode(), SECRET, "the accessibility bus")
        assert str(len(SECRET)) not in (text or "").split()
    # What another program writes into the field is not what the person typed.
    desktop.put("Passphrase", "something else entirely")
    assert not any("something else" in (text or "") for text in desktop.texts())
    window.press("Unlock", "Return")
    asking.answer()
    assert asking.secrets == [SECRET]


@pytest.mark.parametrize("way", ["typed", "pasted", "dismissed"])
def test_prompter_forgets_it(desktop, asking, prompter, typed, way):
    running = prompter()
    asking.ask("unlock", unlock(tries_left=1))
    window = Window(desktop, UNLOCK)
    if way == "pasted":
        owner = clipboard.start(desktop.person, desktop.env, SECRET)
        owner.wait_ready(lambda: "owns it" in owner.output(), "owns the clipboard")
        desktop.key("ctrl+v")
        window.wait_armed("Unlock")
        owner.kill()
    else:
        typed(SECRET)
    window.press("Unlock", "Escape" if way == "dismissed" else "Return")
    asking.answer()
    assert asking.secrets == ([] if way == "dismissed" else [SECRET])
    window.gone()
    assert_forgotten(running, SECRET, known="meishi-prompter")


def test_prompter_is_closed_to_others(desktop, asking, prompter):
    running = prompter()
    asking.ask("unlock", unlock())
    Window(desktop, UNLOCK)
    limits = Path(f"/proc/{running.pid}/limits").read_text(encoding="utf-8")
    assert limits.split("Max core file size")[1].split()[:2] == ["0", "0"]
    # Whose files in /proc are root's is not dumpable.
    assert os.stat(f"/proc/{running.pid}/maps").st_uid == 0
    assert "NoNewPrivs:\t1" in Path(f"/proc/{running.pid}/status").read_text(encoding="utf-8")


# ---- nobody else says yes -----------------------------------------------------------------------

HANA = candidate(1, "Hana")
OLD = candidate(3, "Old", kind="'soft'", code="'EXPIRED'", not_after="int64 1700000000")
YES = [
    (CHOOSE, "choose", question(HANA), "Use", "alt+u"),
    (CONFIRM, "confirm", question(label="'Hana'"), "Allow Once", "alt+a"),
    (CONFIRM, "confirm", question(label="'Hana'"), "Allow for This Session", "alt+s"),
    (UNLOCK, "unlock", unlock(tries_left=1), "Unlock", "alt+u"),
    (PIN, "pin", pin(), "Use PIN", "alt+u"),
]


@pytest.mark.parametrize("title, kind, text, name, key", YES, ids=[one[3] for one in YES])
def test_screen_reader_cannot_say_yes(desktop, asking, show, title, kind, text, name, key):
    window = show(title, kind, text)
    desktop.heard()
    if kind in ("unlock", "pin"):
        desktop.key("1", "2", "3", "4")
    window.wait_armed(name)
    focused = [one["name"] for one in desktop.see() if "focused" in one["states"]]
    assert desktop.press(name)
    words = f"Another program tried to press “{name}”. That takes a click or a key of yours: "
    wait_until(lambda: words in window.text(), "why not")
    wait_until(lambda: any(words in one for one in desktop.heard()), "it spoken")
    asking.assert_silent()
    # Nor has it moved the focus, and with it the person's next Enter.
    assert focused == [one["name"] for one in desktop.see() if "focused" in one["states"]]
    window.press(name, key)
    assert asking.answer()[1] == ANSWERED


@pytest.mark.parametrize("title, kind, text", [
    (CHOOSE, "choose", question(HANA, OLD)), (CONFIRM, "confirm", question(label="'Hana'")),
    (UNLOCK, "unlock", unlock()), (PIN, "pin", pin(tries="'last'")),
    (PAD, "pin", pin(pad="true", tries="'last'")),
], ids=["choose", "confirm", "unlock", "pin", "pad"])  # fmt: skip
def test_no_action_of_anything_says_yes(desktop, asking, show, title, kind, text):
    window = show(title, kind, text)
    if "pad" not in text and kind in ("unlock", "pin"):
        desktop.key("1", "2", "3", "4")
    time.sleep(0.7)
    assert desktop.press_all(*REFUSALS)
    time.sleep(0.6)  # longer than half a second, and than a button takes to be clicked
    desktop.press_all(*REFUSALS)
    time.sleep(0.6)
    said = [answer for _, result, answer in asking.so_far() if result == ANSWERED]
    # "default.activate" presses what has the focus: where that says no, so may anybody.
    assert said in ([], [{"allow": "no"}])


def test_what_another_program_chooses_is_looked_at_first(desktop, asking, show):
    window = show(CHOOSE, "choose", question(HANA, candidate(2, "Work")))
    window.wait_armed("Use")
    assert desktop.select(1)
    desktop.key("Return")
    asking.assert_silent()
    window.press("Use", "Return")
    assert asking.answer()[2]["identity"] == "/i/2"


def test_key_uses_what_was_chosen_when_it_was_pressed(desktop, asking, show):
    """A button that is pressed by a key must not wait with it: what another program chooses in
    between would be used in the person's name."""
    window = show(CHOOSE, "choose", question(HANA, candidate(2, "Work")))
    window.wait_armed("Use")
    desktop.key("alt+u")
    desktop.select(1)
    assert asking.answer()[2]["identity"] == "/i/1"


@pytest.mark.parametrize("title, kind, text, name, answer", [
    (CONFIRM, "confirm", question(label="'Hana'"), "Deny", (ANSWERED, {"allow": "no"})),
    (UNLOCK, "unlock", unlock(), "Not Now", (NOT_NOW, {})),
    (PAD, "pin", pin(pad="true"), "Not Now", (NOT_NOW, {})),
], ids=["confirm", "unlock", "pad"])  # fmt: skip
def test_screen_reader_can_say_no(desktop, asking, show, title, kind, text, name, answer):
    window = show(title, kind, text)
    assert desktop.press(name)
    assert asking.answer()[1:] == answer
    window.gone()


def test_events_sent_to_the_window_are_none(desktop, asking, show):
    """XSendEvent(3): GDK listens to devices (XInput) alone.  XTest is one to everybody."""
    window = show(CHOOSE, "choose", question(HANA))
    window.wait_armed("Use")
    keys = (sender.RETURN, sender.KP_ENTER, sender.SPACE, sender.ESCAPE)
    sender.send(desktop.person, desktop.env, window.id, *keys)
    asking.assert_silent()
    window.press("Use", "Return")
    assert asking.answer()[1] == ANSWERED


# ---- the half second ----------------------------------------------------------------------------


def hold(desktop, key, is_down=True):
    desktop.person.run("xdotool", "keydown" if is_down else "keyup", key, env=desktop.env)


@pytest.mark.parametrize("key", ["Return", "KP_Enter"])
def test_key_that_is_held_is_not_meant(desktop, asking, show, key):
    hold(desktop, key)
    window = show(CHOOSE, "choose", question(HANA))
    window.wait_armed("Use")
    time.sleep(1.5)  # it repeats, some thirty times a second
    asking.assert_silent()
    hold(desktop, key, False)
    desktop.key(key)
    assert asking.answer()[1] == ANSWERED


def test_key_that_is_held_while_the_focus_comes_back_is_not_meant(desktop, asking, show):
    window = show(CHOOSE, "choose", question(HANA))
    window.wait_armed("Use")
    desktop.person.run("xdotool", "windowunmap", "--sync", window.id, env=desktop.env)
    hold(desktop, "Return")
    desktop.person.run(
        "xdotool", "windowmap", "--sync", window.id, "windowfocus", window.id, env=desktop.env
    )
    time.sleep(1.5)
    asking.assert_silent()
    hold(desktop, "Return", False)
    desktop.key("Return")
    assert asking.answer()[1] == ANSWERED


@pytest.mark.parametrize("title, kind, text, name, _key", YES, ids=[one[3] for one in YES])
def test_click_in_the_first_half_second_is_not_meant(
    desktop, asking, show, title, kind, text, name, _key
):
    window = show(title, kind, text)
    if kind in ("unlock", "pin"):
        desktop.key("1", "2", "3", "4")
    window.wait_armed(name)
    [box] = [one["box"] for one in desktop.boxes() if one["name"] == name]
    x, y = str(box[0] + box[2] // 2), str(box[1] + box[3] // 2)
    pointer = ("mousemove", "--window", window.id, x, y, "click", "1")
    refocus = ("windowunmap", "--sync", window.id, "windowmap", "--sync", window.id,
               "windowfocus", "--sync", window.id)  # fmt: skip
    desktop.person.run("xdotool", *refocus, *pointer, "sleep", "0.1", *pointer[-2:], env=desktop.env)
    asking.assert_silent()
    window.wait_armed(name)
    desktop.person.run("xdotool", *pointer, env=desktop.env)
    assert asking.answer()[1] == ANSWERED


# ---- PINs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("facts, words, silence", [
    ({}, ["curl needs the PIN of “Corp card”", "Hana", "ACME 00"], "try"),
    ({"token": "''"}, ["A card or token needs your PIN"], "Corp"),
    ({"application": "''"}, ["“Corp card” needs your PIN"], "curl"),
    ({"wrong": "true"}, ["That PIN is wrong."], "try"),
    ({"tries": "'few'"}, ["Few tries are left. After too many wrong PINs it blocks itself."], "last"),
    ({"tries": "'last'"}, ["This is the last try."], "Few"),
    ({"min_length": "uint32 4", "max_length": "uint32 8"}, ["4 to 8 characters"], "try"),
    ({"min_length": "uint32 6", "max_length": "uint32 6"}, ["6 characters"], "try"),
    ({"each_use": "true"}, ["This key wants its PIN each time it is used."], "try"),
])  # fmt: skip
def test_pin_is_asked_for(desktop, show, facts, words, silence):
    window = show(PIN, "pin", pin(**facts))
    for word in words:
        assert word in window.text()
    assert silence not in window.text()
    assert field(desktop)["name"] == "PIN" and "focused" in field(desktop)["states"]


def test_pin_goes_out(desktop, asking, show, typed):
    window = show(PIN, "pin", pin())
    typed("123456")
    window.press("Use PIN", "Return")
    assert asking.answer()[1:] == (ANSWERED, {"secret": 0})
    assert asking.secrets == ["123456"]
    window.gone()


@pytest.mark.parametrize("keys, words", [
    (["1", "2", "3"], "A PIN of this token has at least 4 characters. It was not sent."),
    ([*"123456789"], "A PIN of this token has at most 8 characters. It was not sent."),
])  # fmt: skip
def test_pin_that_can_only_be_wrong_is_not_sent(desktop, asking, show, keys, words):
    window = show(PIN, "pin", pin(min_length="uint32 4", max_length="uint32 8"))
    desktop.key(*keys)
    window.press("Use PIN", "Return")
    wait_until(lambda: words in window.text(), "why not")
    asking.assert_silent()
    desktop.key("ctrl+u", *"12345")
    assert words not in window.text()
    window.press("Use PIN", "Return")
    asking.answer()
    assert asking.secrets == ["12345"]


def test_last_try_takes_a_second_click(desktop, asking, show):
    window = show(PIN, "pin", pin(tries="'last'"))
    desktop.key(*"1234")
    window.press("Use PIN", "Return", "Return")
    wait_until(lambda: "If this PIN is wrong" in window.text(), "what it means")
    asking.assert_silent()
    # What is typed differently is asked about anew.
    desktop.key("BackSpace", "5")
    wait_until(lambda: "If this PIN is wrong" not in window.text(), "the first step again")
    window.press("Use PIN", "alt+u")
    window.wait_armed("Use the Last Try")
    asking.assert_silent()
    desktop.key("alt+l")
    assert asking.answer()[1:] == (ANSWERED, {"secret": 0, "last-try": True})
    assert asking.secrets == ["1235"]


def test_pin_at_the_reader(desktop, asking, show):
    window = show(PAD, "pin", pin(pad="true"))
    assert "Type the PIN at the reader." in window.text()
    roles = {one["role"] for one in desktop.see()}
    assert "password text" not in roles
    buttons = {one["name"] for one in desktop.see() if one["role"] == "push button"}
    assert buttons == {"Close", "Not Now"}
    desktop.key("Return", "1")
    desktop.key("Escape")
    assert asking.answer()[1:] == (NOT_NOW, {})


def test_last_try_at_the_reader(desktop, asking, show):
    window = show(PAD, "pin", pin(pad="true", tries="'last'"))
    window.press("Go On", "alt+g")
    window.press("Use the Last Try", "alt+l")
    assert asking.answer()[1:] == (ANSWERED, {"last-try": True})
    assert asking.secrets == []


# ---- asking again -------------------------------------------------------------------------------


def test_wrong_passphrase_is_asked_for_where_the_window_stands(desktop, asking, show, typed):
    window = show(UNLOCK, "unlock", unlock())
    typed("wrong")
    window.press("Unlock", "Return")
    asking.answer()
    wait_until(lambda: "Trying it…" in window.text(), "that it is tried")
    asking.ask("unlock", unlock("true", 2))
    wait_until(lambda: "That passphrase is wrong." in window.text(), "the new question")
    assert desktop.windows() == [window.id]
    typed("right")
    window.press("Unlock", "Return")
    assert asking.answer(2)[1] == ANSWERED
    assert asking.secrets == ["wrong", "right"]


def test_window_grows_with_the_new_question(desktop, asking, show, typed):
    window = show(UNLOCK, "unlock", unlock())
    typed("wrong")
    window.press("Unlock", "Return")
    asking.answer()
    asking.ask("unlock", asked(wrong="true", tries_left="uint32 2", deadline="int64 9999999999"))
    wait_until(lambda: "That passphrase is wrong." in window.text(), "the new question")
    wait_until(lambda: not desktop.out_of_sight(), "all of it in sight")


def test_another_question_does_not_wait_for_the_passphrase(desktop, asking, show, typed):
    window = show(UNLOCK, "unlock", unlock())
    typed("right")
    window.press("Unlock", "Return")
    asking.answer()
    asking.ask("choose", question(HANA))
    Window(desktop, CHOOSE)
    assert len(desktop.windows()) == 1
    desktop.key("Escape")
    assert asking.answer(2)[1] == NOT_NOW
    wait_until(lambda: not desktop.windows(), "no window")


def test_window_that_tries_can_be_closed(desktop, asking, show, typed):
    window = show(UNLOCK, "unlock", unlock())
    typed("right")
    window.press("Unlock", "Return")
    asking.answer()
    wait_until(lambda: "Trying it…" in window.text(), "that it is tried")
    desktop.key("Escape")
    window.gone()
    assert len(asking.answers) == 1


# ---- the real daemon ----------------------------------------------------------------------------

PASSPHRASE, LABEL = "Kastanienallee 77, Hinterhof", "Alice"
OK, FUNCTION_CANCELED = 0, 0x50


@pytest.fixture(params=["anybody", "ordinary"])
def locked(request, people, bus, pki):
    """A person whose vault opens with a passphrase alone, at a desktop: whoever runs the tests, and
    one without rights, because a prompter that has closed itself is open to root."""
    who = request.getfixturevalue("ordinary") if request.param == "ordinary" else people()
    made = Desktop(who, bus)
    given = who.write("given", PASSPHRASE)
    who.start_daemon()
    who.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    who.import_files(pki.p12(pki.identity(LABEL)), password="correct horse")
    who.stop_daemon()
    given.unlink()
    who.start_daemon()
    running = start_prompter(who, made)
    wait_until(lambda: "true" in ask_daemon(who, SELECTOR, "AgentAvailable"), "the registration")
    yield who, made, running
    assert running.stop() == 0, running.output()
    made.stop()


def ask_daemon(person, interface, name):
    """A property; by a program, because dbus-daemon lets nobody in but its owner."""
    done = person.run(
        "dbus-send", "--session", "--print-reply", f"--dest={NAME}", ROOT,
        "org.freedesktop.DBus.Properties.Get", f"string:{interface}", f"string:{name}", check=False,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def signing(locked, client):
    """A program that signs, which the locked vault holds up."""
    one = client(locked[0])
    one.send("sign", mechanism="ECDSA_SHA256", data="00" * 32, **one.open_key(LABEL))
    return one


def enter(desktop, text, window):
    desktop.person.run("xdotool", "type", "--delay", "12", text, env=desktop.env)
    window.press("Unlock", "Return")


def test_passphrase_completes_the_call_that_needs_it(locked, signing):
    person, desktop, running = locked
    window = Window(desktop, UNLOCK)
    assert "python3" in window.text()
    enter(desktop, "wrong " + PASSPHRASE, window)
    wait_until(lambda: "You can try 2 more times." in text_on(desktop), "it asks again")
    assert desktop.windows() == [window.id]
    assert "\"locked\"" in ask_daemon(person, VAULT, "State")
    enter(desktop, PASSPHRASE, window)
    assert signing.receive()["rv"] == OK
    window.gone()
    assert "unlocked" in ask_daemon(person, VAULT, "State")
    for secret in (PASSPHRASE, "wrong " + PASSPHRASE):
        assert_forgotten(running, secret, known="meishi-prompter")


def test_not_now_refuses_the_call(locked, signing):
    person, desktop, _ = locked
    window = Window(desktop, UNLOCK)
    desktop.key("Escape")
    assert signing.receive()["rv"] != OK
    window.gone()
    assert "\"locked\"" in ask_daemon(person, VAULT, "State")


def test_program_that_ends_takes_its_window_along(locked, signing):
    desktop = locked[1]
    window = Window(desktop, UNLOCK)
    os.kill(signing.pid, signal.SIGKILL)
    window.gone()


def test_daemon_that_opens_otherwise_takes_the_window_along(locked, signing):
    person, desktop, _ = locked
    window = Window(desktop, UNLOCK)
    person.meishi("unlock", "--passphrase-file", person.write("given", PASSPHRASE))
    window.gone()
    assert signing.receive()["rv"] == OK
