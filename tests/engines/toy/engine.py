"""A database engine in one file: tables in a JSON file, asked by `create TABLE COLUMN…`, `insert TABLE VALUE…`, `select TABLE`.

It is what docs/howto/add-an-engine.md builds, and the proof that an engine touches no other file. Headwater finds it by
the entry point that `test_toy.py` installs.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from headwater.catalog.changes import Change
from headwater.catalog.dialect import Dialect, EditorHints
from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.results import (
    STANDARD,
    Finished,
    Frame,
    Limits,
    QueryError,
    ResultColumn,
    Rows,
    Started,
)
from headwater.engines import Address, AlterStep, Engine, Parameters, ServerFacts, Session
from headwater.kit.errors import BadInput, Unavailable

DIALECT = Dialect(
    display_name="Toy",
    data_model="relational",
    has_comments=False,
    editor=EditorHints(editor_language="plaintext", statement_unit="line", starter_query="select t\n"),
)


class ToySession:
    """One open file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open = True

    @property
    def in_transaction(self) -> bool:
        return False

    def tables(self) -> dict[str, list[list[str]]]:
        """Return the rows of each table; the first row has the names of its columns."""
        if not self._open:
            raise Unavailable("The session is closed.", hint="Connect again.")
        tables: dict[str, list[list[str]]] = json.loads(self._path.read_text() or "{}")
        return tables

    async def ping(self) -> ServerFacts:
        began = time.perf_counter()
        self.tables()
        return ServerFacts("Toy", "1.0", (time.perf_counter() - began) * 1000, self._path.stat().st_size)

    async def run(
        self, text: str, parameters: Parameters = None, limits: Limits = STANDARD
    ) -> AsyncGenerator[Frame, None]:
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines:
            raise QueryError("Nothing to run.", hint="Type a statement, such as select t.")
        for number, line in enumerate(lines):
            start = text.index(line)
            verb, *words = line.split()
            names, rows, affected = self._statement(verb, words, limits)
            columns = tuple(ResultColumn(name, "text", "text") for name in names) if names else None
            yield Started(number, start, start + len(line), columns)
            if rows:
                yield Rows([tuple(row) for row in rows[: limits.rows]])
            truncated = limits.rows is not None and len(rows) > limits.rows
            yield Finished(number, verb.upper(), len(rows), affected, truncated, 0.0)

    def _statement(self, verb: str, words: list[str], limits: Limits) -> tuple[list[str], list[list[str]], int | None]:
        """Run one statement and return the names of its columns, its rows, and how many rows it wrote."""
        tables = self.tables()
        match verb, words:
            case "select", [table] if table in tables:
                return tables[table][0], tables[table][1:], None
            case "create" | "insert", _ if limits.read_only:
                raise QueryError("This run only reads.", sqlstate="25006")
            case "create", [table, *columns] if table not in tables and columns:
                self._path.write_text(json.dumps({**tables, table: [columns]}))
                return [], [], 0
            case "insert", [table, *values] if table in tables and len(values) == len(tables[table][0]):
                self._path.write_text(json.dumps({**tables, table: [*tables[table], values]}))
                return [], [], 1
        raise QueryError(f"{verb!a} is not understood.", hint="Use create, insert or select.")

    async def check(self, text: str) -> QueryError | None:
        return None

    async def cancel(self) -> None:
        """Do nothing: no statement takes long."""

    async def reset(self) -> None:
        """Do nothing: a run leaves nothing in the session."""

    def broken(self) -> bool:
        return not self._open

    async def close(self) -> None:
        self._open = False


async def connect(address: Address, *, seconds: float = 10.0) -> Session:
    """Open the file of an address."""
    if address.path is None or not address.path.is_file():
        raise Unavailable("There is no such file.", hint="Check the path: toy:///folder/file.json")
    return ToySession(address.path)


async def inspect(session: Session) -> Schema:
    """Return the tables of a file."""
    assert isinstance(session, ToySession)
    return Schema(
        tuple(
            Relation(name, tuple(Column(column, "text") for column in rows[0]), rows=len(rows) - 1)
            for name, rows in session.tables().items()
        )
    )


def ddl(schema: Schema) -> tuple[str, ...]:
    """Return a statement for each table."""
    return tuple(
        f"create {relation.name} {' '.join(column.name for column in relation.columns)}" for relation in schema
    )


def alter(changes: Sequence[Change], schema: Schema) -> tuple[AlterStep, ...]:
    """Refuse every change."""
    if changes:
        raise BadInput("Tables of this engine cannot be changed.", hint="Create another one.")
    return ()


def quote(*names: str | None) -> str:
    """Return a name; there are no quotes."""
    return ".".join(name for name in names if name)


ENGINE = Engine(
    name="toy",
    display_name="Toy",
    schemes=("toy",),
    port=0,
    language="toy",
    dialect=DIALECT,
    connect=connect,
    inspect=inspect,
    ddl=ddl,
    alter=alter,
    quote=quote,
)
