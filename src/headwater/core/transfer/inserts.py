"""Writes rows as INSERT statements in a dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Relation
from headwater.catalog.value_kinds import ValueKind

AT_ONCE = 500


class InsertWriter:
    """Writes rows of a table as multi-row INSERTs; columns that the database computes are left out."""

    def __init__(self, dialect: Dialect, quote: Callable[..., str], table: Relation) -> None:
        columns = [(index, column) for index, column in enumerate(table.columns) if not column.generated]
        assert dialect.grammar and dialect.types and dialect.types.read
        self._grammar, self._write, read = dialect.grammar, dialect.types.constant, dialect.types.read
        self._cells = [(index, read(column.type)) for index, column in columns]
        names = ", ".join(quote(column.name) for _, column in columns)
        # A GENERATED ALWAYS identity accepts a number only with this clause.
        always = any(("identity", "always") in column.attrs for column in table.columns)
        overriding = " OVERRIDING SYSTEM VALUE" if always else ""
        self._head = f"INSERT INTO {quote(table.schema, table.name)} ({names}){overriding} VALUES\n"

    def open(self) -> bytes:
        """Return the text before the rows."""
        return b""

    def rows(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """Return the text of some rows, which are the values of `TransferSource.scan`."""
        lines = ["(" + ", ".join(self._constant(row[index], kind) for index, kind in self._cells) + ")" for row in rows]
        parts = [",\n".join(lines[at : at + AT_ONCE]) for at in range(0, len(lines), AT_ONCE)]
        return "".join(f"{self._head}{part};\n" for part in parts).encode()

    def close(self) -> bytes:
        """Return the text after the rows."""
        return b""

    def _constant(self, cell: Any, kind: ValueKind) -> str:
        if self._write is not None:
            return self._write(cell)
        match cell:
            case None:
                return "NULL"
            case bool():
                return "TRUE" if cell else "FALSE"
            case int() | float():
                return repr(cell)
        if kind.name in {"binary", "any"} and cell.startswith("\\x") and self._grammar.hex_bytes:
            return f"x'{cell[2:]}'"
        text = str(cell).replace("'", "''")
        return "'" + (text.replace("\\", "\\\\") if self._grammar.backslashes else text) + "'"
