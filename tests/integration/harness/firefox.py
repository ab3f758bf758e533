# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firefox without a screen, in a profile of its own, driven from outside.

    firefox = Firefox(person, pki, modules={"Meishi": person.tree.module})
    firefox.open(url)               # comes back at once: what follows may need a person
    page = firefox.page()           # page.text, or page.error where there is none
    firefox.dialogs()               # what Firefox asked meanwhile, and what was answered

While Firefox waits for a PKCS#11 module its networking stands still, and so does the connection
that drives it: nothing but page() may be called between a signature's begin and its end.  For the
same reason dialogs are answered inside the browser, by an observer that is told beforehand what to say.
"""

import itertools
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from .marionette import Marionette, MarionetteError
from .process import PATIENCE, wait_until

_numbers = itertools.count(1)

# Nothing may leave the machine, and nothing may appear that nobody asked for.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutConfig.showWarning": False,
    "browser.chrome.site_icons": False,  # a connection of its own for each page
    "browser.newtabpage.enabled": False,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "marionette.port": 0,  # any; it is written into the profile
    "media.gmp-manager.url": "data:,",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "network.prefetch-next": False,
    "network.trr.mode": 5,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "startup.homepage_welcome_url": "about:blank",
    "toolkit.telemetry.enabled": False,
}

AUTOMATICALLY, ASK = "Select Automatically", "Ask Every Time"

MODULES = """
let db = Cc["@mozilla.org/security/pkcs11moduledb;1"].getService(Ci.nsIPKCS11ModuleDB);
let modules = [...await db.listModules()];
"""

# Every token of every module, as Firefox sees it now.
TOKENS = MODULES + """
let present = [Ci.nsIPKCS11Slot.SLOT_UNINITIALIZED, Ci.nsIPKCS11Slot.SLOT_NOT_LOGGED_IN,
               Ci.nsIPKCS11Slot.SLOT_LOGGED_IN, Ci.nsIPKCS11Slot.SLOT_READY];
return modules.flatMap(module => [...module.slots].map(slot => ({
  module: module.name, slot: slot.name, is_present: present.includes(slot.status),
  label: present.includes(slot.status) ? slot.tokenName : null})));
"""

# What is in the dialog that asks for a certificate, and an answer: part of an entry's name, or null
# for "Cancel"; or a person at the keyboard answers.
ANSWER_DIALOGS = """
let [answer, isPerson] = args;
let browser = Services.wm.getMostRecentWindow("navigator:browser");
let log = browser.answeredDialogs = [];
let texts = {site: "clientAuthSiteIdentification", issued_to: "clientAuthCertDetailsIssuedTo",
             issued_by: "clientAuthCertDetailsIssuedBy", stored_on: "clientAuthCertDetailsStoredOn"};
function answerDialog(document) {
  let list = document.getElementById("nicknames");
  let items = [...list.querySelectorAll("menuitem")];
  let seen = {entries: items.map(item => item.getAttribute("label"))};
  let chosen = answer === null ? null : items.find(item => item.getAttribute("label").includes(answer));
  if (chosen) {
    list.selectedItem = chosen;
    chosen.doCommand();
  }
  for (let [name, id] of Object.entries(texts))
    seen[name] = document.getElementById(id)?.textContent;
  seen.answer = chosen?.getAttribute("label") ?? null;
  log.push(seen);
  if (isPerson)
    return;
  document.getElementById("rememberSetting").value = 0;
  document.getElementById("certAuthAsk").getButton(chosen ? "accept" : "cancel").click();
}
if (browser.dialogObserver)
  Services.obs.removeObserver(browser.dialogObserver, "cert-dialog-loaded");
browser.dialogObserver = {
  observe(dialog) {
    dialog.ownerDocument.defaultView.setTimeout(answerDialog, 100, dialog.ownerDocument);
  },
};
Services.obs.addObserver(browser.dialogObserver, "cert-dialog-loaded");
"""

DIALOGS = """
return Services.wm.getMostRecentWindow("navigator:browser").answeredDialogs ?? [];
"""

PAGE = """
return [document.readyState, document.documentURI, location.href, document.body?.innerText ?? ""];
"""

# As if it had been long ago: connections, TLS sessions and what was answered for a server.
FORGET = """
Services.obs.notifyObservers(null, "net:cancel-all-connections");
Cc["@mozilla.org/psm;1"].getService(Ci.nsINSSComponent).clearSSLExternalAndInternalSessionCache();
Cc["@mozilla.org/security/clientAuthRememberService;1"]
  .getService(Ci.nsIClientAuthRememberService).clearRememberedDecisions();
"""


def find_program():
    for name in ("firefox-esr", "firefox"):
        found = shutil.which(name)
        if found:
            return found
    raise AssertionError("Firefox is not installed")


class Application:
    """Firefox installed anew below `directory` with `policies` (what policies.json holds): a copy of
    the program alone, and links to all that it reads.  This is how anybody can have a Firefox with
    policies who may not write where the machine's is."""

    def __init__(self, person, directory, policies):
        installed = Path(find_program()).resolve()
        self.directory = Path(directory)
        distribution = self.directory / "distribution"
        for path in (self.directory, distribution):
            person._mkdir(path)
        for path in installed.parent.iterdir():
            if path.name not in (installed.name, distribution.name):
                (self.directory / path.name).symlink_to(path)
        self.program = self.directory / installed.name
        shutil.copy(installed, self.program)
        self.program.chmod(0o755)
        (distribution / "policies.json").write_text(json.dumps(policies))
        (distribution / "policies.json").chmod(0o644)


@dataclass
class Page:
    url: str
    text: str
    error: str  # Firefox's name for why there is no page; None


class Profile:
    """A new profile of `person`'s, which trusts the authority of `pki` and has `modules`."""

    def __init__(self, person, name, pki, modules, preferences):
        self.path = person.home / name
        person._mkdir(self.path)
        database = ("-d", f"sql:{self.path}")
        person.run("certutil", "-N", *database, "--empty-password")
        person.run("certutil", "-A", *database, "-n", "CA", "-t", "C,,", "-i", pki.root.cert)
        for label, path in modules.items():
            person.run(
                "modutil", "-dbdir", f"sql:{self.path}", "-force", "-add", label, "-libfile", path
            )
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in preferences.items()]
        person.write(f"{name}/user.js", "".join(lines))

    def port(self):
        """Where Firefox listens; None as long as it does not."""
        try:
            return int((self.path / "MarionetteActivePort").read_text())
        except (FileNotFoundError, ValueError):
            return None


class Firefox:
    """Running from the first moment; `modules`: paths of PKCS#11 modules by name.  `select`: None
    leaves that to a policy.  `desktop`: the screen to be on.  `program`: see Application."""

    def __init__(self, person, pki, modules=None, select=AUTOMATICALLY, preferences=None,
                 desktop=None, program=None):  # fmt: skip
        chosen = PREFERENCES | (preferences or {})
        if select is not None:
            chosen |= {"security.default_personal_cert": select}
        self.profile = Profile(person, f"firefox{next(_numbers)}", pki, modules or {}, chosen)
        self._url = None
        self._navigation = None
        screen = ["--headless"] if desktop is None else []
        self.process = person.background(
            program or find_program(), *screen, "--no-remote", "--marionette",
            "-remote-allow-system-access", "--profile", self.profile.path, "about:blank",
            env={"MOZ_CRASHREPORTER_DISABLE": "1"} | (desktop.env if desktop else {}),
        )  # fmt: skip
        self.marionette = Marionette(self.process.wait_ready(self.profile.port, "can be driven"))

    @property
    def pid(self):
        return self.process.pid

    # ---- pages ----------------------------------------------------------------------------------

    def open(self, url):
        """Goes to `url` and does not wait for it."""
        self._go("about:blank")
        self._await_page()
        self._go(url)

    def page(self):
        """What open() came to."""
        return self._await_page()

    def load(self, url):
        self.open(url)
        return self.page()

    def _go(self, url):
        self._url = url
        self._navigation = self.marionette.begin("WebDriver:Navigate", url=url)

    def _await_page(self):
        if self._navigation is not None:
            self.marionette.finish(self._navigation)
            self._navigation = None
        return wait_until(self._look, f"Firefox shows {self._url}")

    def _look(self):
        self.process.assert_alive()
        try:
            seen = self.marionette.content(PAGE)
        except MarionetteError:
            seen = None
        if seen is None:  # between two pages
            return None
        state, address, url, text = seen
        kind, _, query = address.partition("?")
        if kind in ("about:neterror", "about:certerror"):
            return Page(self._url, "", parse_qs(query).get("e", [kind])[0])
        is_there = state == "complete" and url == self._url
        return Page(url, text.strip(), None) if is_there else None

    def resize(self, width, height):
        """The window on the screen, from its corner on."""
        self.marionette.command("WebDriver:SetWindowRect", x=0, y=0, width=width, height=height)

    def forget(self):
        """Ends connections and TLS sessions: the next page takes a handshake."""
        self.marionette.chrome(FORGET)

    # ---- tokens and dialogs ---------------------------------------------------------------------

    def tokens(self, module):
        """Labels of the tokens of `module` that Firefox sees now."""
        seen = self.marionette.chrome(TOKENS)
        return [one["label"] for one in seen if one["module"] == module and one["is_present"]]

    def answer_dialogs(self, answer):
        """From now on the dialog that asks for a certificate is answered with the entry that has
        `answer` in its name, or with "Cancel" for None."""
        self.marionette.chrome(ANSWER_DIALOGS, answer, False)

    def leave_dialogs(self, chosen):
        """From now on that entry is chosen, and whoever sits there presses a button."""
        self.marionette.chrome(ANSWER_DIALOGS, chosen, True)

    def dialogs(self):
        """Those that were seen: entries, answer, and what else there was to be read."""
        return self.marionette.chrome(DIALOGS)

    def stop(self):
        """Quits as a person would; the exit status."""
        try:
            self.marionette.command("Marionette:Quit", flags=["eForceQuit"])
        except MarionetteError:  # gone before it could answer
            pass
        self.marionette.close()
        return self.process.wait(PATIENCE)
