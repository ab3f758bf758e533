# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of a page of documentation, run as its reader would run them.

Of a page in Markdown, blocks with these languages count, in their order:

    ```console        A terminal.  A line `$ COMMAND` is typed, by root where it is `# COMMAND`,
                      with the lines after it as long as one ends in a backslash or, after
                      `<<WORD`, until WORD.  What follows is what appears, and nothing else may:
                      `…` in a line stands for any text, a line `…` for any lines, even none.
                      `[exit status N]` as the last line says that the command fails so.
    ```LANGUAGE FILE  The file of that name in the home directory, as its reader would write it.
    ```sh             Commands that a test cannot run; who runs the pages says of each why.

Between blocks, a comment `<!-- EVENT -->` is something that happens, such as a card that is pulled.

All blocks of a page share one shell on one terminal, and another one of root's.  What a program
asks there is answered from what the reader knows: `answers`, by the text of the question.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from .terminal import Terminal

HEADING = re.compile(r"^#+ (.*)$")
EVENT = re.compile(r"^<!-- (.*) -->$")
FENCE = re.compile(r"^```(\S*)[ \t]*(.*)$")
PROMPTS = ("$ ", "# ")
STATUS = re.compile(r"^\[exit status (\d+)\]$")
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?")
END = "\x1e"  # nothing that is printed has it
COLUMNS = 100


@dataclass
class Block:
    line: int  # of the page, that of the opening fence
    language: str
    file: str  # of an event, its name
    section: str  # the heading above it
    lines: list = field(default_factory=list)

    @property
    def text(self):
        return "".join(f"{line}\n" for line in self.lines)


@dataclass
class Step:
    line: int
    command: str
    is_root: bool = False
    output: list = field(default_factory=list)
    status: int = 0


def blocks(text):
    """The fenced blocks of a page, and the events between them."""
    found, current, section = [], None, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if fence and current is None:
            current = Block(number, fence[1], fence[2], section)
        elif fence:
            found.append(current)
            current = None
        elif current is not None:
            current.lines.append(line)
        elif HEADING.match(line):
            section = HEADING.match(line)[1]
        elif EVENT.match(line):
            found.append(Block(number, "event", EVENT.match(line)[1], section))
    assert current is None, f"line {current.line}: the block does not end"
    return found


def steps(block):
    """The commands of a console block, with what is said of each."""
    found, lines = [], list(enumerate(block.lines, block.line + 1))
    while lines:
        number, line = lines.pop(0)
        if line.startswith(PROMPTS):
            command = "\n".join([line[2:], *_continuation(line, lines)])
            found.append(Step(number, command, line.startswith("#")))
            continue
        assert found, f"line {number}: a console block begins with a command"
        status = STATUS.match(line)
        if status:
            assert not lines or lines[0][1].startswith(PROMPTS), f"line {number}: is not the last"
            found[-1].status = int(status[1])
        else:
            found[-1].output.append(line.rstrip())
    return found


def _continuation(line, lines):
    """The rest of a command that begins with `line`, taken from `lines`."""
    here = HERE_DOCUMENT.search(line)
    rest = []
    while lines and (here or line.endswith("\\")):
        line = lines.pop(0)[1]
        rest.append(line)
        if here and line == here[1]:
            break
    return rest


def is_as_shown(output, expected):
    """Whether `output` is what the lines of `expected` say; blanks at the ends do not count."""
    parts = [
        "(?:.*\n)*?" if line == "…" else ".*?".join(map(re.escape, line.split("…"))) + "[ \r]*\n"
        for line in expected
    ]
    return re.fullmatch("".join(parts), output) is not None


class Shell:
    """bash on a terminal.  It reads its commands from a pipe, so that what is on the terminal is
    what the programs say, what they ask, and what is typed in answer."""

    def __init__(self, world, answers=None, is_root=False):
        self.answers = answers or {}
        person = world.person
        self._fifo = person.home.with_name(f"{person.home.name}.{'root' if is_root else 'user'}")
        os.mkfifo(self._fifo)
        os.chown(self._fifo, person.uid, person.gid)
        self.terminal = Terminal(
            world.command("bash", self._fifo, is_root=is_root), person.env, person.home,
            columns=COLUMNS, **person.identity(),
        )  # fmt: skip
        self._commands = os.open(self._fifo, os.O_RDWR)  # waits for nobody
        self.questions = []  # that were asked
        self.is_stuck = False

    def run(self, command):
        """(output, exit status)"""
        begin = len(self.terminal.text)
        os.write(self._commands, f"{command}\nprintf '{END}%s{END}' $?\n".encode())
        wanted = "|".join([f"{END}(?P<status>\\d+){END}", *map(re.escape, self.answers)])
        self.is_stuck = True
        while True:
            match = self.terminal.expect(wanted)
            if match["status"] is not None:
                self.is_stuck = False
                return self.terminal.text[begin : match.start()], int(match["status"])
            self.questions.append(match[0])
            self.terminal.send(self.answers[match[0]] + "\n")

    def close(self):
        """The end of the commands; whatever still waits for an answer then, does not get one."""
        os.close(self._commands)
        self._fifo.unlink()
        if self.is_stuck:
            self.terminal.child.kill()
        self.terminal.finish()


class Page:
    """A page of the project, or one section of it; `replace`: what is written there, by what it is
    in this run."""

    def __init__(self, path, replace=None, section=None):
        self.path = Path(path)
        self.replace = replace or {}
        found = blocks(self.path.read_text())
        self.blocks = [one for one in found if section in (None, one.section)]

    def steps(self):
        terminals = [block for block in self.blocks if block.language == "console"]
        return [step for block in terminals for step in steps(block)]

    def not_run(self):
        """Commands of its sh blocks."""
        return [line for block in self.blocks if block.language == "sh" for line in block.lines]

    def run(self, world, answers=None, events=None):
        """Writes its files and runs its commands.  `events`: what makes them happen, by name.
        Returns the questions that were asked."""
        shells = {}
        try:
            for block in self.blocks:
                self._run_block(block, world, answers, events, shells)
        finally:
            for shell in shells.values():
                shell.close()
        return [question for shell in shells.values() for question in shell.questions]

    def _run_block(self, block, world, answers, events, shells):
        if block.language == "event":
            events[block.file]()
        elif block.language != "console" and block.file:
            world.put(block.file, self._given(block.text))
        for step in steps(block) if block.language == "console" else ():
            if step.is_root not in shells:
                shells[step.is_root] = Shell(world, answers, step.is_root)
            self._run_step(shells[step.is_root], step)

    def _run_step(self, shell, step):
        output, status = shell.run(self._given(step.command))
        output = self._shown(output)
        seen = f"{step.command}\n{output}[exit status {status}]"
        where = f"{self.path.name}:{step.line}"
        assert status == step.status, f"{where}: should exit with {step.status}:\n{seen}"
        expected = "\n".join(step.output)
        assert is_as_shown(output, step.output), f"{where}: should say\n{expected}\n\n{seen}"

    def _given(self, text):
        for written, real in self.replace.items():
            text = text.replace(written, real)
        return text

    def _shown(self, text):
        for written, real in self.replace.items():
            text = text.replace(real, written)
        return text
