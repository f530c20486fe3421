"""The SQL suites of peers, run on the walker of SQL statements (`core/lineage/sqlroles.py`).

    make bench PART=sql_suites ARGS="--clones DIR [--list]"

DIR/tobymao/sqlglot and DIR/reata/sqllineage are checkouts of those repositories.

- sqlglot, `qualify_columns.sql`: the qualified form says which table each column belongs to. Ours must name the same
  columns of tables, no more and no less.
- sqllineage, `tests/sql/column`: the source columns that flow into the target. Ours must name all of them, and beside
  them only what the statement spells or a star means: a subquery that selects a column uses it, even if the outer
  query does not. Where a column flows to is not a question that a map of usages answers.

A case of another dialect, or whose right answer does not name the table of a column, is skipped by that reason.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from bench.rows import Row, save
from headwater.catalog import sqltext
from headwater.catalog.model import Column, Relation, Schema
from headwater.core.lineage.routines import statements
from headwater.core.lineage.sqlroles import roles

COMMAND = "make bench PART=sql_suites"
OURS = ("", "ansi", "postgres", "mysql", "sqlite", "tsql")
QUALIFY_FILES = ("qualify_columns", "qualify_columns_ddl")
FOREIGN = (
    ("star with EXCEPT, REPLACE or RENAME", r"\*\s*(?:EXCEPT|REPLACE|RENAME)\b"),
    ("SEMI or ANTI JOIN", r"\b(?:SEMI|ANTI) JOIN\b"),
)
CaseColumns = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class SqlCase:
    """A statement, the tables that exist, and the columns that it uses; or the reason why it is skipped."""

    name: str
    text: str
    dialect: str = ""
    tables: tuple[tuple[str, tuple[str, ...]], ...] = ()
    columns: CaseColumns = frozenset()
    only_read: bool = False
    has_star: bool = False  # the right answer leaves a star as it is, because a table is unknown
    skip: str = ""


class NamedColumn(NamedTuple):
    """The peer's name of a column: `ColumnQualifierTuple`."""

    column: str
    qualifier: str | None


def qualify_cases(checkout: Path) -> Iterator[SqlCase]:
    """Yield the cases of sqlglot's qualifier; tables that its schema does not have are those of the right answer."""
    sys.path.insert(0, str(checkout))
    schema = _literal_schema(checkout / "tests" / "test_optimizer.py")
    for file in QUALIFY_FILES:
        text = (checkout / "tests" / "fixtures" / "optimizer" / f"{file}.sql").read_text("utf-8")
        for number, (meta, sql, expected) in enumerate(_pairs(text), 1):
            name, dialect = f"{file} {number}", meta.get("dialect", "")
            if dialect not in OURS:
                yield SqlCase(name, sql, skip=f"dialect {dialect}")
                continue
            tree = parse_one(expected, read=dialect)
            columns = _qualified(tree)
            tables = {**schema, **_tables(columns, schema)}
            star = tree.find(exp.Star) is not None
            yield SqlCase(name, sql, dialect, tuple(tables.items()), columns, has_star=star, skip=_foreign_syntax(sql))


def _foreign_syntax(sql: str) -> str:
    """Return which syntax of a case none of our dialects has, or an empty text."""
    return next((f"{name}, in none of our dialects" for name, pattern in FOREIGN if re.search(pattern, sql)), "")


def _pairs(text: str) -> Iterator[tuple[dict[str, str], str, str]]:
    """Yield the options, the statement and its qualified form."""
    lines = [line for line in text.splitlines() if line and not line.startswith("--")]
    parts = [part.strip() for part in "\n".join(lines).split(";")]
    for given, expected in zip(parts[::2], parts[1::2], strict=False):
        options = [line for line in given.splitlines() if line.startswith("#")]
        meta = dict(line.lstrip("# ").split(": ", 1) for line in options if ": " in line)
        yield meta, "\n".join(given.splitlines()[len(options) :]), expected


def _literal_schema(file: Path) -> dict[str, tuple[str, ...]]:
    """Return the tables of the suite's `setUp`."""
    body = file.read_text("utf-8").split("self.schema = ", 1)[1]
    end = body.index("\n        }\n") + len("\n        }")
    literal = eval(body[:end], {})  # a dictionary of the suite itself
    return {table: tuple(columns) for table, columns in literal.items()}


def _qualified(tree: exp.Expr) -> CaseColumns:
    """Return the columns of tables in a statement whose columns are all qualified, by the peer's own scopes."""
    found = set()
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and source.name:  # not a function in FROM
                found.add((source.name.casefold(), column.name.casefold()))
    return frozenset(found)


def _tables(columns: CaseColumns, known: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    names = {table for table, _ in columns if table not in known}
    return {name: tuple(sorted(c for t, c in columns if t == name)) for name in names}


def lineage_cases(checkout: Path) -> Iterator[SqlCase]:
    """Yield the column cases of sqllineage: its tests are run with an assertion that records its arguments."""
    recorded: list[tuple[str, dict[str, Any]]] = []
    _stand_in(checkout, recorded)
    folder = checkout / "tests" / "sql" / "column"
    for file in sorted(folder.rglob("test_*.py")):
        parts = file.relative_to(checkout).with_suffix("").parts
        module = importlib.import_module(".".join(parts))
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_"):
                del recorded[:]
                for arguments in _parameters(test):
                    test(**arguments)
                calls = dict.fromkeys((sql, tuple(sorted(case.items(), key=repr))) for sql, case in _hashable(recorded))
                for number, (sql, case) in enumerate(calls, 1):
                    yield _lineage_case(f"{file.stem}.{name} {number}", sql, dict(case))


def _stand_in(checkout: Path, recorded: list[tuple[str, dict[str, Any]]]) -> None:
    """Put modules in the place of the peer's product, so that its tests only tell what they expect."""

    def record(
        sql: str, column_lineages: Any = None, dialect: str = "ansi", metadata_provider: Any = (), **_: Any
    ) -> None:
        recorded.append((sql, {"pairs": column_lineages or [], "dialect": dialect, "tables": metadata_provider}))

    def module(name: str, **members: Any) -> None:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(members)

    for name in ("sqllineage", "sqllineage.utils", "sqllineage.core", "sqllineage.core.metadata"):
        module(name, __path__=[])
    module("sqllineage.utils.entities", ColumnQualifierTuple=NamedColumn)
    module("sqllineage.config", SQLLineageConfig=lambda **_: _Nothing())
    module("sqllineage.core.metadata_provider", MetaDataProvider=object)
    module("sqllineage.core.metadata.dummy", DummyMetaDataProvider=lambda tables=(): tables)
    module("sqllineage.runner", LineageRunner=None)
    module("tests", __path__=[str(checkout / "tests")])
    module(
        "tests.helpers",
        assert_column_lineage_equal=record,
        assert_table_lineage_equal=lambda *_, **__: None,
        generate_metadata_providers=lambda tables: [tables],
    )


class _Nothing:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def _parameters(test: Any) -> Iterator[dict[str, Any]]:
    """Yield the arguments of a test by its `parametrize` marks."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    choices = [
        [dict(zip(names, values if len(names) > 1 else [values], strict=True)) for values in mark.args[1]]
        for mark in marks
        for names in [[name.strip() for name in mark.args[0].split(",")]]
    ]
    if "provider" in inspect.signature(test).parameters and not any("provider" in choice[0] for choice in choices):
        choices.append([{"provider": importlib.import_module("tests.conftest")._data_warehouse_schemas}])
    for chosen in product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}


def _hashable(recorded: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for sql, case in recorded:
        tables = tuple((name, tuple(columns)) for name, columns in dict(case["tables"] or ()).items())
        yield sql, {"pairs": tuple(map(tuple, case["pairs"])), "dialect": case["dialect"], "tables": tables}


def _lineage_case(name: str, sql: str, case: dict[str, Any]) -> SqlCase:
    sources = [source for source, _ in case["pairs"]]
    if case["dialect"] not in OURS:
        return SqlCase(name, sql, skip=f"dialect {case['dialect']}")
    if any(source.qualifier is None for source in sources):
        return SqlCase(name, sql, skip="the right answer does not name the table of a column")
    dialect = "" if case["dialect"] == "ansi" else case["dialect"]
    columns = frozenset((source.qualifier.split(".")[-1].casefold(), source.column.casefold()) for source in sources)
    given = {table.split(".")[-1]: columns for table, columns in case["tables"]}
    tables = {**given, **_tables(columns, given)}
    return SqlCase(name, sql, dialect, tuple(tables.items()), columns, only_read=True)


def used(case: SqlCase, *, stars: bool = True) -> CaseColumns:
    """Return the columns of tables that we find in a statement; a star is all columns of its table, or not counted."""
    schema = Schema(tuple(Relation(name, tuple(Column(c, "int") for c in columns)) for name, columns in case.tables))
    is_routine = re.match(r"\s*CREATE\s+PROC", case.text, re.IGNORECASE)
    texts = [statement.text for statement in statements(case.text)] if is_routine else [case.text]
    trees = [tree for text in texts for tree in sqltext.parse(sqltext.mask(text), (case.dialect,))[0]]
    found = set()
    for role in (role for tree in trees for role in roles(tree, schema)):
        if role.column == "*" and not stars:
            continue
        if case.only_read and role.usage_type not in ("projection", "read"):
            continue
        relation = schema.relation(role.table)
        is_star = role.column == "*" and relation is not None and tuple(c.name for c in relation.columns) != ("*",)
        names = [c.name for c in relation.columns] if is_star and relation else [role.column]
        found |= {(role.table.casefold(), name.casefold()) for name in names}
    return frozenset(found)


def measure(suite: str, cases: list[SqlCase], *, listed: bool) -> Row:
    """Run the cases of a suite."""
    run = [case for case in cases if not case.skip]
    wrong = [(case, ours) for case in run if not _is_right(case, ours := _safe(case))]
    for case, ours in wrong if listed else ():
        print(
            f"--- {case.name} [{case.dialect}]\n{case.text}\n    right {sorted(case.columns)}\n    ours  {sorted(ours)}"
        )
    skips = ", ".join(
        f"{count} × {why}" for why, count in Counter(case.skip for case in cases if case.skip).most_common()
    )
    share = 1 - len(wrong) / max(1, len(run))
    ours = f"{len(run) - len(wrong)} of {len(run)} ({share:.1%}); skipped {skips or 'none'}"
    return Row(f"SQL suite of {suite}", ours, "its own right answers", suite, None, "≥ 95 %", share >= 0.95, COMMAND)


def _is_right(case: SqlCase, ours: CaseColumns) -> bool:
    if not case.only_read:
        return ours == case.columns or (case.has_star and used(case, stars=False) == case.columns)
    words = set(re.findall(r"\w+", case.text.casefold()))
    beside = {(table, column) for table, column in ours - case.columns if "*" not in case.text and column not in words}
    return case.columns <= ours and not beside


def _safe(case: SqlCase) -> CaseColumns:
    try:
        return used(case)
    except SqlglotError as error:
        return frozenset({("error", str(error)[:80])})


def main() -> None:
    """Run what has a checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--list", action="store_true", help="print the cases that differ")
    given = parser.parse_args()
    rows = []
    for suite, cases in (("tobymao/sqlglot", qualify_cases), ("reata/sqllineage", lineage_cases)):
        if (given.clones / suite).is_dir():
            rows.append(measure(suite, list(cases(given.clones / suite)), listed=given.list))
    save("lineage", rows)


if __name__ == "__main__":
    main()
