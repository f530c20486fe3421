"""Runs CTFd's own tests under the recorder and freezes what they did as bench/truth/ctfd_dynamic.json.

    python -m bench.ctfd_truth --ctfd CHECKOUT --python VENV/bin/python [--minutes 8] [TEST …]
    python -m bench.ctfd_truth --merge FACTS.json …

The venv holds CTFd's pinned requirements and pytest. Only facts are kept: files, lines, names of tables and columns.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench.rows import RESULTS
from headwater.catalog import sqltext
from headwater.catalog.model import Schema
from headwater.core.lineage.sqlroles import roles

TRUTH = RESULTS.parent / "truth" / "ctfd_dynamic.json"
TESTS = ("tests/api", "tests/users", "tests/admin", "tests/teams", "tests/challenges", "tests/models")


def record(checkout: Path, python: Path, minutes: float, tests: list[str]) -> Path:
    """Run the tests under the recorder for at most so many minutes and return the file of facts."""
    out = Path(tempfile.mkstemp(suffix=".json")[1])
    environment = {
        **os.environ,
        "RECORD_ROOT": str(checkout),
        "RECORD_PACKAGE": "CTFd",
        "RECORD_OUT": str(out),
        "PYTHONPATH": str(Path(__file__).parent),
        "TESTING_DATABASE_URL": "sqlite://",
    }
    command = [str(python), "-m", "pytest", "-q", "-p", "no:randomly", "-p", "ctfd_recorder", "-W", "ignore", *tests]
    running = subprocess.Popen(command, cwd=checkout, env=environment)
    try:
        running.wait(minutes * 60)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGINT)
        running.wait(60)
    return out


def merge(files: list[Path], schema: Schema, checkout: Path) -> dict[str, Any]:
    """Return the frozen facts of several recordings.

    A value read or set through a name that is made at run time (`setattr(user, key, value)`) is no explicit
    reference: only facts whose statement spells the column's name are kept. Sets in constructors are kept, to
    know that they happened.
    """
    named = Statements(checkout).name
    reads, sets, clauses, lines = set(), set(), set(), set()
    for file in files:
        facts = json.loads(file.read_text("utf-8"))
        reads |= {tuple(row[:5]) for row in facts["reads"] if named(row)}
        sets |= {tuple(row[:5]) for row in facts["sets"] if named(row) or row[2].endswith("__init__")}
        lines |= {tuple(row) for row in facts["lines"]}
        for statement, stack, _ in facts["statements"]:
            clauses |= set(_clauses(statement, stack, schema))
    return {
        "repo": "CTFd/CTFd",
        "how": "its own tests under SQLAlchemy event hooks",
        "reads": sorted(reads),
        "sets": sorted(sets),
        "clauses": sorted(clauses),
        "lines": _ranges(lines),
    }


class Statements:
    """The text of the statement around a line, of any file of a checkout."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self._files: dict[str, list[tuple[int, int, set[str]]]] = {}

    def name(self, row: list[Any]) -> bool:
        """Tell whether the statement of a fact (file, line, function, table, column) spells the column's name."""
        file, line, _, _, column = row[:5]
        if file not in self._files:
            self._files[file] = list(_statements((self._checkout / file).read_text("utf-8")))
        around = [item for item in self._files[file] if item[0] <= line <= item[1]]
        return bool(around) and column in min(around, key=lambda item: item[1] - item[0])[2]


def _statements(text: str) -> Any:
    """Yield (first line, last line, words) of every statement; of a compound one, its head."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
            words = set(re.findall(r"\w+", "\n".join(lines[node.lineno - 1 : last])))
            yield node.lineno, last, words


def _clauses(statement: str, stack: list[list[Any]], schema: Schema) -> Any:
    """Yield (file, function, table, column, kind) for the explicit parts of a statement, for each frame of the stack."""
    trees, _ = sqltext.parse(sqltext.mask(statement), ("sqlite",))
    for role in (role for tree in trees for role in roles(tree, schema)):
        if role.usage_type in ("filter", "join", "delete", "update"):
            for file, _, function in stack:
                yield file, function, role.table, role.column, role.usage_type


def _ranges(lines: set[tuple[str, int]]) -> dict[str, list[list[int]]]:
    by_file: dict[str, list[list[int]]] = {}
    for file, line in sorted(lines):
        ranges = by_file.setdefault(file, [])
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return by_file


def main() -> None:
    """Record, merge, freeze."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ctfd", type=Path, required=True)
    parser.add_argument("--python", type=Path)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--merge", type=Path, nargs="+")
    parser.add_argument("tests", nargs="*", default=list(TESTS))
    given = parser.parse_args()
    from headwater.core.lineage.pipeline import schema_of

    files = given.merge or [record(given.ctfd, given.python, given.minutes, given.tests)]
    facts = merge(files, schema_of(given.ctfd).schema, given.ctfd)
    TRUTH.write_text(json.dumps(facts, separators=(",", ":")).replace("],[", "],\n[") + "\n", "utf-8")
    print({key: len(value) for key, value in facts.items() if isinstance(value, list)})


if __name__ == "__main__":
    main()
