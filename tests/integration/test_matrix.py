# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of doc/clients.md is what the other test files have just proven.

Runs after all of them, alone; not a test of any program.
"""

import os
from pathlib import Path

import pytest
from harness.matrix import (
    BEGIN,
    COLUMNS,
    END,
    FAILED,
    PLAIN_COLUMNS,
    YES,
    Cell,
    Matrix,
    differences,
    documented,
    parse,
    render,
    update,
)

SOURCE = Path(os.environ.get("MEISHI_SOURCE_DIR", Path(__file__).parents[2]))
DOCUMENT = SOURCE / "doc" / "clients.md"


@pytest.fixture(scope="module")
def proven():
    """What this build's run has proven; the tables are written whatever comes of it."""
    matrix = Matrix(os.environ["MEISHI_BUILD_DIR"])
    matrix.write()
    results = matrix.results()
    assert results, "no client has been tested: run the suite integration first"
    return results


def test_everything_proven_is_documented(proven):
    """And the other way round."""
    found = differences(documented(DOCUMENT), proven)
    assert not found, "\n".join(
        [
            "doc/clients.md and this run differ; to write what was run:",
            f"  python3 tests/integration/harness/matrix.py {os.environ['MEISHI_BUILD_DIR']} "
            "doc/clients.md",
            *found,
        ]
    )


def test_nothing_failed(proven):
    assert [cell for cell, result in proven.items() if result == FAILED] == []


def test_no_cell_is_empty(proven):
    """A client that was tried with a server was tried with all keys and versions."""
    pairs = {(cell.client, cell.server, cell.version is None) for cell in proven}
    for client, server, is_plain in pairs:
        for place, key, version in PLAIN_COLUMNS if is_plain else COLUMNS:
            assert Cell(client, server, key, version, place) in proven


# ---- the table itself ---------------------------------------------------------------------------

RESULTS = {
    Cell("curl", "nginx", "RSA", "1.2", "vault"): YES,
    Cell("curl", "nginx", "EC", "1.3", "token"): "it cannot; nobody knows why",
    Cell("curl", "Apache (optional)", "RSA", "1.2", "vault"): YES,
    Cell("curl", "Apache (optional)", "EC", "1.3", "token"): "it cannot; nobody knows why",
    Cell("wget", "nginx", "EC", "1.2", "vault"): FAILED,
    Cell("ssh", "sshd", "EC", None, "token"): YES,
}


def test_a_table_is_read_as_it_was_written():
    assert parse(render(RESULTS)) == RESULTS


def test_servers_with_the_same_results_share_a_row():
    assert "| curl | Apache (optional), nginx | yes |" in render(RESULTS)


def test_a_difference_is_told():
    cell = Cell("wget", "nginx", "EC", "1.2", "vault")
    assert differences(RESULTS, RESULTS) == []
    assert differences(RESULTS, RESULTS | {cell: YES}) == [
        "wget, nginx, vault EC 1.2: documented 'FAILED', proven 'yes'"
    ]
    [line] = differences({}, {cell: YES})
    assert "documented 'nowhere', proven 'yes'" in line
    [line] = differences({cell: YES}, {})
    assert "documented 'yes', proven 'not run'" in line


def test_a_document_is_updated_between_its_marks(tmp_path):
    path = tmp_path / "clients.md"
    path.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    for _ in range(2):
        update(path, render(RESULTS))
        assert documented(path) == RESULTS
    assert path.read_text().startswith("Before.\n") and path.read_text().endswith("\nAfter.\n")


def test_cells_are_kept_and_those_of_the_last_run_forgotten(tmp_path):
    first, second = Matrix(tmp_path, "first"), Matrix(tmp_path, "second")
    with first.cell("curl", "nginx", "RSA", "1.2", "vault"):
        pass
    with second.cell("ssh", "sshd", "EC", None, "token", why_not="no"):
        pass
    with pytest.raises(ZeroDivisionError), second.cell("a", "b", "EC", "1.2", "vault"):
        raise ZeroDivisionError
    expected = {
        Cell("curl", "nginx", "RSA", "1.2", "vault"): YES,
        Cell("ssh", "sshd", "EC", None, "token"): "no",
        Cell("a", "b", "EC", "1.2", "vault"): FAILED,
    }
    assert Matrix(tmp_path).results() == expected
    assert list(Matrix(tmp_path, "second").results().values()) == [YES]
