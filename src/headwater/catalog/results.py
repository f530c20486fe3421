"""The output of a running query: frames in order, cells as JSON scalars, and errors with their position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from headwater.kit.errors import BadInput, Cancelled

# A cell is a JSON scalar: numbers that are exact in JavaScript, booleans, NULL; anything else is the engine's text.
Cell: TypeAlias = bool | int | float | str | None
Row: TypeAlias = tuple[Cell, ...]
Kind = Literal["number", "text", "time", "boolean", "json", "binary", "array", "uuid", "enum", "other"]
SAFE_INTEGER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result; `table` and `column` say where its values come from when the engine knows."""

    name: str
    type: str
    kind: Kind = "text"
    schema: str | None = None
    table: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A statement has begun: its number in the run, its position in the text, and its columns (None: no rows)."""

    statement: int
    start: int
    end: int
    columns: tuple[ResultColumn, ...] | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of the running statement."""

    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Finished:
    """The statement has ended; `truncated` if a limit cut off its rows, `affected` for writes."""

    statement: int
    command: str
    rows: int
    affected: int | None
    truncated: bool
    seconds: float
    notices: tuple[str, ...] = ()


Frame: TypeAlias = Started | Rows | Finished


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one run: rows and bytes for each statement, seconds for all; None is no limit."""

    rows: int | None = 1000
    bytes: int | None = 16 * 2**20
    seconds: float | None = 60.0
    # Cells longer than this many characters are truncated; the grid loads the whole value when a cell is opened.
    cell: int | None = None
    read_only: bool = False


STANDARD = Limits()
UNLIMITED = Limits(rows=None, bytes=None, seconds=None)


class QueryError(BadInput):
    """The database refused the statement."""

    status = 422
    exit_code = 1
    code = "query_failed"
    rolled_back = False
    """Whether the error ended the open transaction."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        sqlstate: str = "",
        position: int | None = None,
        statement: int = 0,
        detail: str = "",
        transient: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.sqlstate = sqlstate
        # True if the error does not depend on the statement: lacking room, a lock, a deadlock, an interruption.
        self.transient = transient
        # Offset in characters from the start of the whole text, counted from 0.
        self.position = position
        self.statement = statement
        self.detail = detail


class QueryTimeout(QueryError):
    """The statement took longer than its time limit."""

    code = "query_timeout"


class QueryCancelled(Cancelled):
    """The statement was cancelled."""

    rolled_back = False
    """Whether the open transaction was ended as well."""


class Meter:
    """Counts the output of a statement against the limits of its run."""

    def __init__(self, limits: Limits) -> None:
        self.rows = 0
        self.full = False
        self._limits = limits
        self._bytes = 0

    def take(self, rows: list[Row]) -> list[Row]:
        """Return the rows within the limits, with long cells truncated."""
        limits = self._limits
        if self.full:
            return []
        if limits.rows is not None and self.rows + len(rows) > limits.rows:
            rows, self.full = rows[: limits.rows - self.rows], True
        if limits.cell is not None:
            rows = [tuple(_cut(cell, limits.cell) for cell in row) for row in rows]
        if limits.bytes is not None:
            rows = self._weighed(rows, limits.bytes)
        self.rows += len(rows)
        return rows

    def _weighed(self, rows: list[Row], most: int) -> list[Row]:
        for index, row in enumerate(rows):
            self._bytes += sum(len(cell) if isinstance(cell, str) else 8 for cell in row)
            if self._bytes > most and (self.rows or index):
                self.full = True
                return rows[:index]
        return rows


def _cut(cell: Cell, longest: int) -> Cell:
    return cell[:longest] if isinstance(cell, str) and len(cell) > longest else cell
