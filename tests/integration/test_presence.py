# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards that are away: they and what is on them stay known, the person is asked to insert them, what
was chosen works again, and whoever has the key in the vault as well goes on."""

import json
import re
import shlex

import pytest
from gi.repository import GLib
from harness.cards import all_tokens, identities, remembers, sees, tokens
from harness.clients import Curl
from harness.dbus import IDENTITY, TOKEN, Door, RemoteError
from harness.process import wait_until
from harness.prompter import NONE, SELECTED, Prompter, Selection, settle, variants
from harness.smartcard import PIN as CARD_PIN
from harness.softhsm import PIN, Card
from harness.terminal import Terminal
from test_cards import NAMES

OK = 0x0
RSA, EC = "Card RSA", "Card EC"
HOST = "intranet.example.com"
PASSPHRASE = "Sesame, open"
RSA_ONLY = GLib.Variant("aq", [0x0804, 0x0401])  # the second for the chain
SELECT_CARD = (
    f"[Rule corp]\nMatch-Host={HOST}\nAction=select\nIdentity-Token-Label=Corp *\n"
    "Identity-Token-Kind=card\nIdentity-Token-Model=SoftHSM*\n"
    "Identity-Token-Manufacturer=SoftHSM*\nIdentity-Subject-CN=Card RSA\n"
    "[Role corp]\nLabel=Corp VPN\nRule=corp\n"
)


def make_vault(person):
    given = person.write("passphrase", PASSPHRASE)
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)


def write_policy(person, rules):
    person._mkdir(person.config / "meishi")
    person._mkdir(person.config / "meishi/policy.d")
    person.write("config/meishi/policy.d/10-test.conf", f"[Policy]\nVersion=1\n{rules}")


@pytest.fixture
def card(person, pki):
    made = Card(person)
    made.add(pki.identity(RSA, "rsa2048"), 1)
    made.add(pki.identity(EC, "p256"), 2)
    return made


@pytest.fixture
def owner(person, card):
    """With a vault, in which cards are remembered."""
    person.start_daemon(*card.options)
    make_vault(person)
    wait_until(lambda: sees(person, RSA), "the card is seen")
    return person


@pytest.fixture
def door(owner):
    made = Door(f"unix:path={owner.bus_socket}")
    yield made
    made.close()


@pytest.fixture
def prompter(door):
    made = Prompter(door, register=False)
    made.register(kinds=("choose", "pin", "unlock"))
    return made


@pytest.fixture
def door_of():
    made = []

    def new(person):
        made.append(Door(f"unix:path={person.bus_socket}"))
        return made[-1]

    yield new
    for one in made:
        one.close()


def pull(person, card):
    card.pull()
    wait_until(lambda: remembers(person, RSA), "the card is missed")


def insert(person, card):
    card.insert()
    wait_until(lambda: sees(person, RSA), "the card is seen again", 60)


def restart(person, card):
    person.stop_daemon()
    person.start_daemon(*card.options)


def select(door, **options):
    return Selection(door, host=HOST, options=variants(user_activation=True, **options))


def label_of(door, decision):
    return door.get(decision["identity"], IDENTITY, "Label")


# ---- known while away ---------------------------------------------------------------------------


def card_object(door):
    (found,) = [(path, one[TOKEN]) for path, one in door.objects(TOKEN).items()
                if one[TOKEN]["Kind"] == "card" and one[TOKEN]["Pin"] != "uninitialized"]  # fmt: skip
    return found


def test_listed_while_away(owner, card, door):
    before = identities(owner)
    path, there = card_object(door)
    assert there["Present"] is True
    paths = door.identities()
    pull(owner, card)
    assert card_object(door)[0] == path
    away = card_object(door)[1]
    assert away["Present"] is False and away["Pin"] == "" and away["LastSeen"] > 0
    assert sorted(away["Identities"]) == sorted(paths[label] for label in (RSA, EC))
    assert door.identities() == paths  # under the same numbers
    (line,) = [line for line in owner.meishi("list").stdout.splitlines() if line.startswith(RSA)]
    assert "Corp card, not inserted" in line
    (line,) = [line for line in owner.meishi("token", "list").stdout.splitlines()
               if line.startswith("Corp card")]  # fmt: skip
    assert re.search(r"not inserted, last \d{4}-\d\d-\d\d$", line)
    assert "which is not inserted" in owner.meishi("show", RSA).stdout
    shown = owner.meishi("token", "show", "Corp card").stdout
    assert re.search(r"State +not inserted.*\n +PIN +holds until removal\n", shown), shown
    insert(owner, card)
    assert identities(owner) == before
    assert card_object(door)[0] == path and door.identities() == paths


def test_known_after_a_restart(owner, card, door):
    paths = door.identities()
    pull(owner, card)
    restart(owner, card)
    assert remembers(owner, RSA) and remembers(owner, EC)
    (token,) = all_tokens(owner)
    assert token["label"] == "Corp card" and not token["present"]
    again = Door(f"unix:path={owner.bus_socket}")
    assert again.identities() == paths
    insert(owner, card)
    assert again.identities() == paths and len(tokens(owner)) == 1
    again.close()


def test_without_a_vault_as_long_as_the_daemon_runs(person, card):
    person.start_daemon(*card.options)
    wait_until(lambda: sees(person, RSA), "the card is seen")
    pull(person, card)
    restart(person, card)
    assert RSA not in identities(person) and all_tokens(person) == []


def test_a_vault_that_comes_later_remembers(person, card):
    person.start_daemon(*card.options)
    wait_until(lambda: sees(person, RSA), "the card is seen")
    pull(person, card)
    make_vault(person)
    restart(person, card)
    assert remembers(person, RSA)


def test_nothing_of_the_daemons_start_is_seen(owner, card):
    """Whoever starts the daemon by asking is told of cards when they have been looked for."""
    owner.env["MEISHI_TOKEN_MODULES"] = str(card.options[1])
    for _ in range(3):
        owner.stop_daemon()
        assert sees(owner, RSA)


def test_vault_check_knows_them(owner, card):
    pull(owner, card)
    given = owner.write("passphrase", PASSPHRASE)
    owner.meishi("unlock", "--passphrase-file", given)
    checked = json.loads(owner.meishi("vault", "check", "--json").stdout)
    assert checked["findings"] == []


def test_forgotten(owner, card, door):
    owner.meishi("choices", "set", f"{HOST}:443", "--use", RSA)
    there = owner.meishi("token", "forget", "Corp card", check=False)
    assert there.returncode == 1 and "Take it out first" in there.stderr
    pull(owner, card)
    assert owner.meishi("token", "forget", "corp card").stdout == "Forgot “Corp card”.\n"
    assert identities(owner) == {} and all_tokens(owner) == []
    assert json.loads(owner.meishi("choices", "list", "--json").stdout) == []
    restart(owner, card)
    assert identities(owner) == {}
    insert(owner, card)
    owner.meishi("choices", "undo")
    assert RSA in owner.meishi("choices", "list").stdout


def test_only_cards_are_forgotten(owner, door):
    (vault,) = [path for path, one in door.objects(TOKEN).items()
                if one[TOKEN]["Label"] == "Meishi"]  # fmt: skip
    with pytest.raises(RemoteError) as refused:
        door.call(vault, f"{TOKEN}.Forget")
    assert refused.value.name.endswith(".NotFound")


def test_two_cards_of_one_name(person, pki, reader, holds):
    """They are told apart while they are away, too."""
    ones = [pki.identity("Hana", "rsa2048"), pki.identity("Hana Sato", "p256")]
    cards = [reader.card({"9a": ones[0]}).insert(), reader.card({"9a": ones[1]}, 1).insert()]
    holder = holds(opensc=reader)
    holder.start(*ones)
    make_vault(person)
    for card in cards:
        card.pull()
    wait_until(lambda: not holder.tokens(), "both are missed")
    labels = [one["label"] for one in all_tokens(person)]
    assert len(labels) == len(set(labels)) == 2
    cards[1].insert()
    holder.wait_for(ones[1])
    assert not holder.sees(ones[0])


# ---- insert the card ----------------------------------------------------------------------------


def test_a_remembered_choice_works_again(owner, card, door, prompter):
    owner.meishi("choices", "set", f"{HOST}:443", "--use", RSA)
    result, decision = select(door).response()
    assert result == SELECTED and label_of(door, decision) == RSA
    pull(owner, card)
    asked = select(door)
    cookie, kind, question = prompter.question()
    assert (kind, question["kind"]) == ("choose", "insert")
    preselected = [one for one in question["candidates"] if one["identity"] == question["preselected"]]
    assert preselected[0]["place"] == "card “Corp card”" and preselected[0]["label"] == RSA
    assert preselected[0]["code"] == "TOKEN_ABSENT"
    card.insert()
    result, decision = asked.response()
    assert result == SELECTED and label_of(door, decision) == RSA
    assert prompter.end() == (cookie, "answered")
    result, decision = select(door).response()
    assert result == SELECTED and label_of(door, decision) == RSA
    settle()
    assert len(prompter.questions) == 1


def test_not_interactive_while_away(owner, card, door):
    owner.meishi("choices", "set", f"{HOST}:443", "--use", RSA)
    pull(owner, card)
    result, _ = select(door, interactive=False).response()
    assert result == NONE


def test_inserting_the_card_is_the_answer(person, card, pki, door_of):
    """Nothing was chosen before; there is one identity on the card that fits."""
    person.start_daemon(*card.options)
    make_vault(person)
    wait_until(lambda: sees(person, RSA), "the card is seen")
    door = door_of(person)
    prompter = Prompter(door)
    pull(person, card)
    asked = Selection(door, host=HOST, constraints={"signature-schemes": RSA_ONLY}, options=variants(user_activation=True))
    cookie, _, question = prompter.question()
    assert question["kind"] == "insert"
    card.insert()
    result, decision = asked.response()
    assert result == SELECTED and label_of(door, decision) == RSA
    assert prompter.end() == (cookie, "answered")
    (choice,) = json.loads(person.meishi("choices", "list", "--json").stdout)
    assert choice["scope"] == "once"


def test_several_on_the_card_are_asked_about(owner, card, door, prompter):
    pull(owner, card)
    asked = select(door)
    cookie, _, question = prompter.question()
    assert question["kind"] == "insert"
    card.insert()
    again, _, question = prompter.question(2)
    assert prompter.end() == (cookie, "answered")
    assert question["kind"] == "optional"
    assert {one["label"] for one in question["candidates"]} == {RSA, EC}
    prompter.choose(again, door.identities()[EC])
    result, decision = asked.response()
    assert result == SELECTED and label_of(door, decision) == EC


def test_a_rule_that_names_the_card(person, card, door_of):
    write_policy(person, SELECT_CARD)
    person.start_daemon(*card.options)
    make_vault(person)
    wait_until(lambda: sees(person, RSA), "the card is seen")
    door = door_of(person)
    prompter = Prompter(door)
    assert label_of(door, select(door).response()[1]) == RSA
    assert role(door)["Present"] is True
    pull(person, card)
    assert role(door)["Present"] is False and role(door)["Identity"] == "/"
    asked = select(door)
    _, _, question = prompter.question()
    assert question["kind"] == "insert"
    card.insert()
    assert label_of(door, asked.response()[1]) == RSA
    wait_until(lambda: role(door)["Present"], "the role holds it again")


def role(door):
    (found,) = [one[TOKEN] for one in door.objects(TOKEN).values() if one[TOKEN]["Role"]]
    return found


def test_nobody_to_ask_for_the_card(person, pki, nginx, reader, holds):
    one = pki.identity("Hana", "rsa2048")
    card = reader.card({"9a": one}).insert()
    holder = holds(opensc=reader)
    holder.start(one)
    card.pull()
    wait_until(lambda: not holder.sees(one), "the card is missed")
    words = ("select", "--ca-file", pki.root.cert, nginx.url("1.3"))
    done = person.meishi(*words, check=False)
    assert done.returncode == 11
    assert "on a card or token that is not inserted" in done.stderr
    assert "Insert it and try again." in done.stderr


def test_terminal(person, pki, nginx, reader, holds):
    """A real `meishi select` on a terminal, a PIV card, and then a real curl; one PIN."""
    one = pki.identity("Hana", "rsa2048")
    card = reader.card({"9a": one}).insert()
    holder = holds(opensc=reader)
    holder.start(one)
    make_vault(person)
    card.pull()
    wait_until(lambda: not holder.sees(one), "the card is missed")
    out = person.write("selected", b"")
    words = (person.tree.meishi, "select", "--ca-file", pki.root.cert, nginx.url("1.3"))
    command = " ".join(shlex.quote(str(word)) for word in words)
    terminal = Terminal(
        ["sh", "-c", f"exec {command} > {out}"], person.env, person.home, columns=120,
        **person.identity(),
    )  # fmt: skip
    terminal.expect(rf"insert: card “Hana”, for “{NAMES['9a']}”")
    card.insert()
    assert terminal.finish() == 0, terminal.text
    uri = (person.home / "selected").read_text().strip()
    assert uri == holder.uri(one)
    prompter = holder.prompter()
    curl = Curl(person, pki, nginx.url("1.3"), one, uri)
    prompter.give(prompter.question()[0], CARD_PIN)
    curl.assert_page(nginx.page(one, "1.3"))
    settle()
    assert len(prompter.questions) == 1


# ---- what ends with the card --------------------------------------------------------------------


def flushed(door):
    settle()
    return [args for _, member, args in door.signals if member == "FlushConnections"]


def test_pulling_ends_connections(owner, card, door, prompter):
    """Those of a choice for good, and those that were made just now."""
    owner.meishi("choices", "set", "chosen.example.com:8443", "--use", RSA)
    owner.meishi("choices", "set", "other.example.com:8443", "--use", EC)
    owner.meishi("choices", "forget", "other.example.com:8443")
    asked = select(door)
    prompter.choose(prompter.question()[0], door.identities()[EC])
    assert asked.response()[0] == SELECTED
    door.signals.clear()
    pull(owner, card)
    assert sorted(flushed(door)) == [("chosen.example.com", 8443), (HOST, 443)]
    door.signals.clear()
    insert(owner, card)
    assert flushed(door) == []


def test_pulling_tells_nothing_private(owner, card, door, prompter):
    asked = select(door, context="private:1")
    prompter.choose(prompter.question()[0], door.identities()[EC])
    assert asked.response()[0] == SELECTED
    pull(owner, card)
    assert flushed(door) == []


def test_the_pin_ends_with_the_card(owner, card, prompter, client):
    assert sign(client(owner), prompter, 1) == OK
    assert tokens(owner)[0]["logged_in"] is True
    pull(owner, card)
    assert all_tokens(owner)[0]["logged_in"] is False
    insert(owner, card)
    assert tokens(owner)[0]["logged_in"] is False
    assert sign(client(owner), prompter, 2) == OK


def sign(program, prompter, n_questions):
    key = program.open_key(RSA)
    program.send("sign", mechanism="SHA256_RSA_PKCS", data="00" * 32, **key)
    if n_questions:
        prompter.give(prompter.question(n_questions)[0], PIN)
    return program.receive()["rv"]


# ---- the same certificate in the vault ----------------------------------------------------------


@pytest.fixture
def both(owner, pki):
    """What is on the card is in the vault as well."""
    given = owner.write("passphrase", PASSPHRASE)
    owner.meishi("unlock", "--passphrase-file", given)
    owner.import_files(pki.p12(pki.identity(RSA, "rsa2048")), password="correct horse")
    return owner


def test_one_identity_in_two_places(both, card):
    listed = identities(both)
    assert sorted(listed) == [EC, RSA]
    assert (listed[RSA]["location"], listed[RSA]["key_token"]) == ("vault", "Corp card")
    (line,) = [line for line in both.meishi("list").stdout.splitlines() if line.startswith(RSA)]
    assert " Corp card " in line
    card.pull()
    wait_until(lambda: remembers(both, EC), "the card is missed")
    assert identities(both)[RSA] == listed[RSA] | {"key_token": None}
    assert identities(both)[RSA]["present"] is True
    both.meishi("rename", RSA, "Mine")  # it is the vault's
    card.insert()
    wait_until(lambda: sees(both, EC), "the card is seen again", 60)
    assert identities(both)["Mine"]["key_token"] == "Corp card"


def test_handles_outlast_the_card(both, card, prompter, client):
    """The card's key while it is there, with its PIN; the vault's when it is gone, without."""
    program = client(both)
    key = program.open_key(RSA)

    def sign_again():
        program.send("sign", mechanism="SHA256_RSA_PKCS", data="00" * 32, **key)

    sign_again()
    prompter.give(prompter.question()[0], PIN)
    assert program.receive()["rv"] == OK
    card.pull()
    wait_until(lambda: remembers(both, EC), "the card is missed")
    sign_again()
    assert program.receive()["rv"] == OK
    card.insert()
    wait_until(lambda: sees(both, EC), "the card is seen again", 60)
    sign_again()
    prompter.give(prompter.question(2)[0], PIN)
    assert program.receive()["rv"] == OK
    settle()
    assert len(prompter.questions) == 2


def test_pulled_in_the_middle(both, card, prompter, client):
    """Whoever was about to give the PIN of a card that is gone is served by the vault."""
    program = client(both)
    key = program.open_key(RSA)
    program.send("sign", mechanism="SHA256_RSA_PKCS", data="00" * 32, **key)
    prompter.question()
    card.pull()
    assert program.receive()["rv"] == OK


# ---- chains -------------------------------------------------------------------------------------


def test_issuers_from_the_vault(owner, pki, card, door):
    """The card has no issuers; what came with another identity completes the chain."""
    issuer = pki.authority("Issuing CA 7")
    on_card = pki.identity("Deep", "p256", issuer=issuer)
    pull(owner, card)
    card.insert()
    card.add(on_card, 5)
    wait_until(lambda: sees(owner, "Deep"), "the card is read", 60)
    assert identities(owner)["Deep"]["chain"] == []
    given = owner.write("passphrase", PASSPHRASE)
    owner.meishi("unlock", "--passphrase-file", given)
    owner.import_files(
        pki.p12(pki.identity("Beside", "p256", issuer=issuer)), password="correct horse"
    )
    assert any("Issuing CA 7" in name for name in identities(owner)["Deep"]["chain"])
    pull(owner, card)
    assert any("Issuing CA 7" in name for name in identities(owner)["Deep"]["chain"])
