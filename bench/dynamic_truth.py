"""Runs an application's own tests under a recorder and freezes what they did in bench/truth/dynamic.

    python -m bench.dynamic_truth APP --checkout DIR --python VENV/bin/python [--minutes 8] [--tests TEST …]
    python -m bench.dynamic_truth APP --checkout DIR --merge FACTS.json …

APP is one of `APPS`. The venv holds the application's pinned requirements (and pytest, for CTFd). Only facts are kept:
files, lines, names of tables and columns.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.rows import RESULTS
from headwater.catalog import sqltext
from headwater.catalog.model import Schema
from headwater.core.lineage.sqlroles import roles

TRUTH = RESULTS.parent / "truth" / "dynamic"


@dataclass(frozen=True)
class RecordedApp:
    """An application, the package that is its own code, and how its tests run under a recorder."""

    repo: str
    commit: str
    package: str
    how: str
    command: tuple[str, ...]
    tests: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    tests_folder: str = ""  # a part of the paths of tests, where they stand inside of the package


APPS = {
    "ctfd": RecordedApp(
        "CTFd/CTFd",
        "91ced62d44d3ec3142a0948ee96ed19947cfc979",
        "CTFd",
        "its own tests under SQLAlchemy event hooks",
        ("-m", "pytest", "-q", "-p", "no:randomly", "-p", "sqlalchemy_recorder", "-W", "ignore"),
        ("tests/api", "tests/users", "tests/admin", "tests/teams", "tests/challenges", "tests/models"),
        {"TESTING_DATABASE_URL": "sqlite://"},
    ),
    "healthchecks": RecordedApp(
        "healthchecks/healthchecks",
        "5e274e6aebf71fa69f83cd29fadf10fb40fba7a2",
        "hc",
        "its own tests under hooks on Django's models",
        ("-m", "django_recorder", "test"),
        ("hc",),
        {"DJANGO_SETTINGS_MODULE": "hc.settings"},
        "/tests/",
    ),
}


def record(app: RecordedApp, checkout: Path, python: Path, minutes: float, tests: list[str]) -> Path:
    """Run the tests under the recorder for at most so many minutes and return the file of facts."""
    out = Path(tempfile.mkstemp(suffix=".json")[1])
    environment = {
        **os.environ,
        "RECORD_ROOT": str(checkout.resolve()),
        "RECORD_PACKAGE": app.package,
        "RECORD_OUT": str(out),
        "PYTHONPATH": str(Path(__file__).parent.resolve() / "recorders"),
        **app.environment,
    }
    running = subprocess.Popen([str(python), *app.command, *(tests or app.tests)], cwd=checkout, env=environment)
    try:
        running.wait(minutes * 60)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGINT)
        running.wait(60)
    return out


def merge(app: RecordedApp, files: list[Path], schema: Schema, checkout: Path) -> dict[str, Any]:
    """Return the frozen facts of several recordings.

    A value read or set through a name that is made at run time (`setattr(user, key, value)`) is no explicit
    reference: only facts whose statement spells the column's name are kept. Sets in constructors are kept, to
    know that they happened.
    """
    named = Statements(checkout).name
    reads, sets, clauses, lines = set(), set(), set(), set()

    def is_kept(row: Any) -> bool:
        return not app.tests_folder or app.tests_folder not in row[0]

    for file in files:
        facts = json.loads(file.read_text("utf-8"))
        reads |= {tuple(row[:5]) for row in facts["reads"] if named(row)}
        sets |= {tuple(row[:5]) for row in facts["sets"] if named(row) or row[2].endswith("__init__")}
        lines |= {tuple(row) for row in facts["lines"]}
        for statement, stack, _ in facts["statements"]:
            clauses |= set(_clauses(statement, stack, schema))
    return {
        "repo": app.repo,
        "commit": app.commit,
        "how": app.how,
        "reads": sorted(filter(is_kept, reads)),
        "sets": sorted(filter(is_kept, sets)),
        "clauses": sorted(filter(is_kept, clauses)),
        "lines": _ranges(set(filter(is_kept, lines))),
    }


class Statements:
    """The text of the statement around a line, of any file of a checkout."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self._files: dict[str, list[tuple[int, int, set[str]]]] = {}

    def name(self, row: list[Any]) -> bool:
        """Tell whether the statement of a fact (file, line, function, table, column, attribute) spells the attribute."""
        file, line, _, _, _, attribute = row[:6]
        if file not in self._files:
            self._files[file] = list(_statements((self._checkout / file).read_text("utf-8")))
        around = [item for item in self._files[file] if item[0] <= line <= item[1]]
        return bool(around) and attribute in min(around, key=lambda item: item[1] - item[0])[2]


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
    parser.add_argument("app", choices=APPS)
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--python", type=Path)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--merge", type=Path, nargs="+")
    parser.add_argument("--tests", nargs="+", default=[])
    given = parser.parse_args()
    from headwater.core.lineage.pipeline import schema_of

    app = APPS[given.app]
    files = given.merge or [record(app, given.checkout, given.python.absolute(), given.minutes, given.tests)]
    print("recorded in", *files)
    facts = merge(app, files, schema_of(given.checkout).schema, given.checkout)
    file = TRUTH / f"{app.repo.replace('/', '__')}.json"
    file.write_text(json.dumps(facts, separators=(",", ":")).replace("],[", "],\n[") + "\n", "utf-8")
    print({key: len(value) for key, value in facts.items() if isinstance(value, list)})


if __name__ == "__main__":
    main()
