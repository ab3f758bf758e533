# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which program logs in where, with which key: what the tests prove, as a table.

A test proves a cell and says so, or proves that there is none and says why:

    def test_curl(matrix, ...):
        with matrix.cell("curl", "nginx", "RSA", "1.3", "vault"):
            ...the handshake, and what the server says of it

        with matrix.cell("git", "Apache (per directory)", "EC", "1.3", "token", why_not="..."):
            ...that it fails, in this very way

Each cell is a file below BUILD/client-matrix, so that test files may run beside each other.
test_matrix.py comes last, writes BUILD/client-matrix.md and .json, and compares them with the table
in doc/clients.md.  After a change,

    python3 tests/integration/harness/matrix.py BUILD doc/clients.md

writes that table anew.
"""

import contextlib
import itertools
import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

KEYS = ("RSA", "EC")
VERSIONS = ("1.2", "1.3")
PLACES = ("vault", "token")
YES, FAILED, NOT_RUN = "yes", "FAILED", "not run"
BEGIN, END = "<!--matrix: written by the tests-->", "<!--end of the matrix-->"


@dataclass(frozen=True, order=True)
class Cell:
    """`client` logs in to `server` with a key of a kind at a place.  `version` is that of TLS; None
    where it is another protocol."""

    client: str
    server: str
    key: str
    version: str | None
    place: str

    def __post_init__(self):
        assert self.key in KEYS and self.place in PLACES, self
        assert self.version is None or self.version in VERSIONS, self
        assert not set("|,\n") & set(self.client + self.server), f"not for a table: {self}"

    @property
    def column(self):
        return (self.place, self.key, self.version)

    @property
    def file(self):
        words = (self.client, self.server, self.place, self.key, self.version or "")
        return "-".join(re.sub(r"[^\w.]+", "_", word) for word in words) + ".json"


COLUMNS = tuple(itertools.product(PLACES, KEYS, VERSIONS))
PLAIN_COLUMNS = tuple(itertools.product(PLACES, KEYS, (None,)))


class Matrix:
    """Of a build directory; `test` is the test file that proves cells from now on, and what it had
    proved before is forgotten."""

    def __init__(self, build, test=None):
        self.build = Path(build)
        self.directory = self.build / "client-matrix"
        self.test = test
        self.directory.mkdir(exist_ok=True)
        for path in self.directory.glob("*.json"):
            if test and json.loads(path.read_text())["test"] == test:
                path.unlink()

    @contextlib.contextmanager
    def cell(self, client, server, key, version, place, why_not=None):
        """Proven by what is done inside: that it works; with `why_not`, that it does not."""
        assert why_not is None or not set("|\n") & set(why_not), f"not for a table: {why_not}"
        cell = Cell(client, server, key, version, place)
        self._record(cell, FAILED)
        yield
        self._record(cell, why_not or YES)

    def _record(self, cell, result):
        path = self.directory / cell.file
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(asdict(cell) | {"result": result, "test": self.test}))
        part.rename(path)

    def results(self):
        """What all test files have proven: {Cell: YES, or FAILED, or why not}."""
        results = {}
        for path in sorted(self.directory.glob("*.json")):
            read = json.loads(path.read_text())
            del read["test"]
            result = read.pop("result")
            results[Cell(**read)] = result
        return results

    def write(self):
        """BUILD/client-matrix.md and .json; returns the former's text."""
        results = self.results()
        listed = [asdict(cell) | {"result": result} for cell, result in sorted_items(results)]
        (self.build / "client-matrix.json").write_text(json.dumps(listed, indent=1) + "\n")
        text = render(results)
        (self.build / "client-matrix.md").write_text(text)
        return text


def sorted_items(results):
    def order(item):
        cell = item[0]
        return (cell.client.casefold(), cell.server.casefold(), str(cell.column))

    return sorted(results.items(), key=order)


# ---- the table ----------------------------------------------------------------------------------


def rows(results, columns):
    """[client, servers, results]: servers with the same results share a row."""
    servers = {}
    for cell, result in sorted_items(results):
        if cell.column in columns:
            servers.setdefault((cell.client, cell.server), {})[cell.column] = result
    shared = {}
    for (client, server), known in servers.items():
        line = tuple(known.get(column, NOT_RUN) for column in columns)
        shared.setdefault((client, line), []).append(server)
    return [(client, names, line) for (client, line), names in shared.items()]


def heading(columns):
    titles = [f"{place}: {key} {version or ''}".strip() for place, key, version in columns]
    return f"| Client | Server | {' | '.join(titles)} |\n" + "|---" * (len(columns) + 2) + "|\n"


def render(results):
    """Markdown: a table for TLS, one for what is not, and the reasons."""
    reasons = {}

    def show(result):
        if result in (YES, FAILED, NOT_RUN):
            return result
        return f"no ({reasons.setdefault(result, len(reasons) + 1)})"

    text = ""
    for columns in (COLUMNS, PLAIN_COLUMNS):
        lines = rows(results, columns)
        text += f"{heading(columns)}" if lines else ""
        for client, servers, line in lines:
            shown = " | ".join(show(result) for result in line)
            text += f"| {client} | {', '.join(servers)} | {shown} |\n"
        text += "\n" if lines else ""
    return text + "".join(f"{number}. {reason}\n" for reason, number in reasons.items())


def parse(text):
    """The results that `text` shows, as render() wrote them."""
    reasons = dict(re.findall(r"^(\d+)\. (.*)$", text, re.M))
    results = {}
    for client, servers, *line in table_lines(text):
        columns = COLUMNS if len(line) == len(COLUMNS) else PLAIN_COLUMNS
        for server, (column, shown) in itertools.product(
            servers.split(", "), zip(columns, line, strict=True)
        ):
            place, key, version = column
            number = re.fullmatch(r"no \((\d+)\)", shown)
            result = reasons[number.group(1)] if number else shown
            if result != NOT_RUN:
                results[Cell(client, server, key, version, place)] = result
    return results


def table_lines(text):
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| Client |"):
            yield line.strip("| ").split(" | ")


# ---- the table in the documentation -------------------------------------------------------------


def documented(path):
    """The results that a document shows between its marks."""
    _, _, rest = Path(path).read_text(encoding="utf-8").partition(BEGIN)
    table, found, _ = rest.partition(END)
    assert found, f"{path} has no table of results: {BEGIN} ... {END}"
    return parse(table)


def differences(said, proven):
    """Where a document and a run differ, a line each."""
    lines = []
    for cell, _ in sorted_items(said | proven):
        if said.get(cell, NOT_RUN) != proven.get(cell, NOT_RUN):
            name = f"{cell.client}, {cell.server}, {' '.join(filter(None, cell.column))}"
            lines.append(
                f"{name}: documented {said.get(cell, 'nowhere')!r}, proven "
                f"{proven.get(cell, NOT_RUN)!r}"
            )
    return lines


def update(path, table):
    before, _, rest = Path(path).read_text(encoding="utf-8").partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, f"{path} has no place for a table of results: {BEGIN} ... {END}"
    Path(path).write_text(f"{before}{BEGIN}\n\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    update(sys.argv[2], Matrix(sys.argv[1]).write())
