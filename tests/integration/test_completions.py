# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real shells on a terminal: each finds the completions where they are installed and loads them
at the first Tab.  What was completed is entered, so that the program says whether it was right."""

import pytest
from harness.pki import PASSWORD
from harness.terminal import Terminal

LABEL = "Alice at work"
PROMPT = "READY> "

# What a person's start-up file has, and how it comes to be read.
BASH = f"""
. /usr/share/bash-completion/bash_completion
PS1='{PROMPT}'
"""
ZSH = f"""
fpath=($SHARE/zsh/site-functions $fpath)
autoload -Uz compinit; compinit -D -u
PS1='{PROMPT}'
"""
FISH = f"""
function fish_prompt; echo -n '{PROMPT}'; end
"""
SHELLS = {
    "bash": ("startup", BASH, ("bash", "--rcfile", "startup", "-i")),
    "zsh": (".zshrc", ZSH, ("zsh", "-i")),
    "fish": ("startup", FISH, ("fish", "--interactive", "--init-command", "source startup")),
}


class Shell:
    def __init__(self, person, name):
        file, text, argv = SHELLS[name]
        person.write(file, text)
        share = person.tree.find("meishi.bash").parents[2]
        env = person.env | {
            "XDG_DATA_DIRS": f"{share}:/usr/share", "SHARE": str(share), "ZDOTDIR": str(person.home),
        }  # fmt: skip
        self.terminal = Terminal(argv, env, person.home, columns=200, **person.identity())

    def enter(self, line):
        self.terminal.expect(PROMPT)
        self.terminal.send(f"{line}\n")

    def says(self, pattern):
        return self.terminal.expect(pattern)

    def close(self):
        self.enter("exit")
        self.terminal.finish()


@pytest.fixture(params=SHELLS)
def shell(person, pki, request):
    person.start_daemon()
    person.write("identity.p12", pki.p12(pki.identity("Alice")).read_bytes())
    person.import_files("identity.p12", password=PASSWORD)
    person.meishi("rename", "Alice", LABEL)
    made = Shell(person, request.param)
    yield made
    made.close()


def test_tab_completes_commands_names_and_files(shell):
    shell.enter("meishi lis\t--json")
    shell.says(f'"label" *: *"{LABEL}"')
    # A name with blanks, which the shell quotes.
    shell.enter("meishi rename Ali\tBob")
    shell.enter("meishi list --json")
    shell.says('"label" *: *"Bob"')
    shell.enter("meishi import --dry\t--password-file pass\tident\t")
    shell.says("would be|already|Already|nothing")
