# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every dialog in its circumstances: what is asked, and what the person has done since."""

from .questions import candidate, days, question

HANA = candidate(
    1, "Hana Sato", place="'card “Corp card”'", names="['email:hana@example.com']",
    issuer="'CN=Example Corp Issuing CA 3,O=Example Corp'", accepted_here="uint32 12",
    last_accepted=days(-1),
)  # fmt: skip
ADMIN = candidate(
    2, "Hana Sato", names="['email:hana@example.com']", not_after=days(20),
    subject="'CN=Hana Sato,OU=Admins,O=Example Corp'",
    issuer="'CN=Example Corp Issuing CA 3,O=Example Corp'",
)  # fmt: skip
OLD = candidate(3, "Hana (2024)", kind="'soft'", code="'EXPIRED'", not_after=days(-90))
OTHER = candidate(
    4, "佐藤 花", kind="'soft'", code="'CA_MISMATCH'", issuer="'CN=公的個人認証サービス'"
)
ABSENT = candidate(
    5, "Hana Sato", place="'card “Corp card”'", kind="'soft'", code="'TOKEN_ABSENT'",
    names="['email:hana@example.com']", issuer="'CN=Example Corp Issuing CA 3,O=Example Corp'",
)  # fmt: skip
KEYLESS = candidate(6, "Signature only", kind="'hard'", code="'KU'")
HOSTILE = candidate(
    7, "Bank\u202e KNAB \\n\u0007OK\u2066", subject="'CN=" + "W" * 300 + "'",
    issuer="'CN=" + "Long Issuing Authority " * 20 + "'", place="'card “" + "C" * 60 + "”'",
    names="['email:" + "m" * 90 + "@example.com']",
)  # fmt: skip
MANY = [
    candidate(n, f"Identity {n:02}", place="'card “Corp card”'" if n % 3 == 0 else "'software'")
    for n in range(1, 61)
]

SERVER = {
    "server_verified": "'ok'", "server_organisation": "'Example Corp'", "scope": "'session'",
    "accepts": "['CN=Example Corp Issuing CA 3,O=Example Corp', 'CN=B']", "n_accepts": "uint32 2",
}  # fmt: skip
EPIPHANY = {
    "application": "'flatpak:org.gnome.Epiphany'", "application_trust": "'sandbox'",
}  # fmt: skip
LONG = {
    "host": "'" + "very-long-label." * 12 + "example'",
    "claimed_application": "'" + "Trust me " * 40 + "\u202eyou\\n'",
    "application": "'exe:/opt/" + "deeply/nested/" * 20 + "program'",
    "last_alert": "'the server does not know the certificate\\'s issuer'",
    "last_label": "'" + "X" * 200 + "'",
    "rule": "'rule " + "long-name-" * 20 + " (/etc/meishi/policy.d/10-corp.conf:3, admin)'",
    "accepts": "['CN=" + "A" * 200 + "']",
}  # fmt: skip

# What most people will see most often.
ALICE = candidate(
    1, "Alice Example", place="'card “Corp card”'", names="['email:alice@example.com']",
    issuer="'CN=Example User CA,O=Example Corp'", accepted_here="uint32 12",
    last_accepted=days(-1),
)  # fmt: skip
ALICE_ADMIN = candidate(
    2, "Alice (admin)", names="['email:alice@example.com']", not_after=days(200),
    subject="'CN=Alice Example,OU=Admins,O=Example Corp'",
    issuer="'CN=Example User CA,O=Example Corp'",
)  # fmt: skip
BANK = candidate(3, "Alice", kind="'soft'", code="'CA_MISMATCH'", issuer="'CN=Example Bank CA'")
README = question(
    ALICE, ALICE_ADMIN, BANK, host="'intranet.example'", port="uint32 443", server_verified="'ok'",
    server_organisation="'Example Corp'", scope="'always'", n_accepts="uint32 1",
    accepts="['CN=Example User CA,O=Example Corp']", application="'flatpak:org.gnome.Epiphany'",
    application_trust="'sandbox'", any_application="false",
)  # fmt: skip

# name: (kind, question, what the person then presses)
SCENES = {
    "two": ("choose", question(HANA, ADMIN, OLD, OTHER, **SERVER, **EPIPHANY), []),
    "others": (
        "choose", question(HANA, ADMIN, OLD, OTHER, **SERVER),
        ["Tab", "space", "shift+Tab", "End"],
    ),
    "insisting": (
        "choose", question(OLD, OTHER, kind="'soft'"),
        ["space", "shift+Tab", "Home", "Return", "Return"],
    ),
    "five": (
        "choose",
        question(*[candidate(n, f"Identity {n}") for n in range(1, 6)], scope="'always'", **{
            "tls_clear": "true", "server_verified": "'overridden'",
            "rule": "'rule corp (/etc/meishi/policy.d/10-corp.conf:3, admin)'",
        }), ["Down"],
    ),
    "sixty": ("choose", question(*MANY, **SERVER), ["End"]),
    "optional": ("choose", question(HANA, ADMIN, kind="'optional'", accepts="@as []"), []),
    "single": ("choose", question(ADMIN, kind="'single'", preselected="objectpath '/i/2'"), []),
    "again": (
        "choose", question(HANA, ADMIN, kind="'again'", last_label="'Super Client'",
                           last_alert="'the server cannot use the certificate'"), [],
    ),
    "details": ("choose", question(HANA, ADMIN, **SERVER), ["F1"]),
    "hostile": ("choose", question(HOSTILE, HANA, **LONG), []),
    "late": ("choose", question(HANA, ADMIN, deadline=days(0)), []),
    "given-up": ("choose", question(HANA, ADMIN, awaited="false"), []),
    "insert": ("choose", question(ABSENT, kind="'insert'", **SERVER), []),
    "import": ("choose", question(kind="'import'"), []),
    "explain": (
        "explain", question(HANA, ADMIN, OLD, KEYLESS, result_name="'none'",
                            row="'nothing fits without reservation'",
                            last_alert="'the server cannot use the certificate'"),
        [],
    ),
    "confirm": ("confirm", question(label="'Hana Sato'", deadline=days(1)), []),
    "confirm-each": (
        "confirm", question(label="'Hana Sato'", each_use="true", host="''", **EPIPHANY), []
    ),
    "confirm-hostile": ("confirm", question(label="'" + "K" * 300 + "'", **LONG), []),
    "unlock": ("unlock", question(label="'Hana Sato'", deadline=days(1)), []),
    "unlock-wrong": ("unlock", question(wrong="true", tries_left="uint32 2"), []),
    "pin": (
        "pin", question(token="'Corp card'", reader="'Reader 1'", label="'Hana Sato'"), ["1", "2"]
    ),
    "pin-last": (
        "pin", question(token="'" + "C" * 200 + "'", wrong="true", tries="'last'", **LONG), []
    ),
    "pin-pad": ("pin", question(token="'Corp card'", pad="true"), []),
}  # fmt: skip

DARK = {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"}
CONTRAST = {"ADW_DEBUG_HIGH_CONTRAST": "1"}
JAPANESE = {"LANGUAGE": "ja"}
ARABIC = {"LC_ALL": "ar_EG.UTF-8", "LANGUAGE": "ar"}
# name: (environment, dots per inch, whether it is laid out in another way)
STYLES = {
    "plain": ({}, 96, True), "dark": (DARK, 96, False), "large": ({}, 192, True),
    "contrast": (CONTRAST, 96, False), "contrast-dark": (CONTRAST | DARK, 96, False),
    "rtl": (ARABIC, 96, True), "japanese": (JAPANESE, 96, False),
    "japanese-dark": (JAPANESE | DARK, 96, False), "japanese-large": (JAPANESE, 192, True),
}  # fmt: skip
