"""What an engine must say so that snapshots of its databases can be taken and given back, in bulk and without loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from headwater.catalog.model import Schema
from headwater.catalog.results import QueryError
from headwater.engines._address import Address

# What the text of a column's values looks like; a hint by which they are kept smaller, never a promise.
Hint = Literal["text", "integer", "float", "timestamp", "timestamptz", "date", "uuid", "hex"]
# A pyarrow RecordBatch whose columns are byte strings or nulls (`pa.binary()`), named by their places "0", "1", …
Batch: TypeAlias = Any
# See `DumpTable`; also the kind by which `Loads.drop` takes such rows away.
APART = "apart"


@dataclass(frozen=True, slots=True)
class DumpColumn:
    """A column whose values are kept: its name, its type as the engine spells it, and what its text looks like."""

    name: str
    type: str
    hint: Hint = "text"


@dataclass(frozen=True, slots=True)
class DumpTable:
    """A table (or collection) whose rows are kept.

    Generated columns are not among `columns`. `key` are the places of the columns whose values tell rows apart, in
    the order of which rows come; without one, rows come as they are stored. `rows` is an estimate. `facts` are what
    the engine wants to know again when it reads the changes since. With the fact `APART`, the rows are of no table of
    the Schema (large objects of PostgreSQL): they come back only with the whole database.
    """

    schema: str | None
    name: str
    columns: tuple[DumpColumn, ...]
    key: tuple[int, ...] = ()
    rows: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The name as people write it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


class Dump(Protocol):
    """A database at one moment, open to be read; all that is read belongs to that moment.

    `moment` says which one it is, in the engine's own terms (LSN, GTID). `extras` has what the Schema has no words
    for and `Fill.finish` makes anew: of it, `sequences` (schema, name, value, called) and `counters` (table, value)
    belong to tables, all else to the database. `notes` are sentences on what is not in it. `readers` is how many
    tables are worth reading at once.
    """

    readers: int
    product: str
    moment: Mapping[str, Any]
    schema: Schema
    extras: Mapping[str, Any]
    notes: tuple[str, ...]
    tables: tuple[DumpTable, ...]

    def read(self, table: DumpTable) -> Iterator[Batch]:
        """Give the rows of a table in the order of its key. Blocks; several threads may read at once.

        Values are spelled as the engine's own bulk form does, whatever the server is set to, so that `Fill.load`
        makes equal values of them.

        Raises:
            QueryError: the database refused; Unavailable: the connection broke.
        """

    def cancel(self) -> None:
        """End what is being read, from any thread."""

    async def close(self) -> None:
        """Let go of the moment; safe to call twice."""


@runtime_checkable
class Settles(Protocol):
    """A dump that may have to read while others write, and then reads again what they have changed."""

    def settled(self) -> bool:
        """Say whether all that was given is of `Dump.moment`."""

    def again(self) -> Iterator[tuple[DumpTable, Batch, Any]]:
        """Give what has changed since it was read, in pieces: rows as they are, and keys (array) of rows that are gone.

        A row may be one that was not given before, and a key one of no row. When all of it was read, what was given is
        settled, or is to be asked for again: what has changed meanwhile is less. `Dump.moment` and `Dump.notes` are
        those of the last time.

        Raises:
            Conflict: it comes to no end, or a table is not the same any more.
        """


class Fill(Protocol):
    """A database that is being filled with what a snapshot has. Nothing else uses it meanwhile."""

    async def run(self, statements: Iterable[str]) -> None:
        """Run statements of `phases`, one by one."""

    def load(self, table: DumpTable, batches: Iterable[Batch]) -> int:
        """Insert rows into an empty table and return how many. Blocks; several threads may load, each its table.

        All or none of the rows of one call are there afterwards.
        """

    def count(self, table: DumpTable) -> int:
        """Return how many rows of its own a table has. Blocks."""

    async def finish(self, extras: Mapping[str, Any]) -> list[str]:
        """Make anew what `Dump.extras` told; return sentences on what could not be."""

    def cancel(self) -> None:
        """End what is being loaded, from any thread."""

    async def close(self) -> None:
        """Close the connections; safe to call twice."""


@runtime_checkable
class Dumps(Protocol):
    """An engine of whose databases snapshots can be taken."""

    async def open_dump(self, address: Address, *, seconds: float = 15.0) -> Dump:
        """Fix a moment of a database and return it, to be closed by the caller."""

    async def open_fill(self, address: Address, *, seconds: float = 15.0) -> Fill:
        """Return a database as one that is filled, to be closed by the caller."""

    def phases(self, schema: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the statements that make bare tables, and those that come when their rows are there."""


Mode = Literal["overwrite", "append", "append_missing"]


@dataclass(frozen=True, slots=True)
class Refilled:
    """A table after it was refilled: rows before, rows that came in, rows now."""

    before: int
    written: int
    found: int


def dangling(table: str, parent: str, key: str) -> QueryError:
    """Return that rows would refer to rows that are not there; `key` says which foreign key it is."""
    return QueryError(
        f"Rows of {table} would refer to rows of {parent} that are not there (foreign key {key}).",
        hint="Restore the tables that belong together, or into a new database.",
    )


@dataclass(frozen=True, slots=True)
class Refilling:
    """What comes into tables that are there.

    `first` are statements that make what is not there yet, `later` those that come when the rows are there. `extras`
    are those of `Dump.extras` that count: `sequences`, `counters`, `generators`; none goes back behind where it is.
    """

    tables: Sequence[tuple[DumpTable, Iterable[Batch]]]
    mode: Mode
    first: Sequence[str] = ()
    later: Sequence[str] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)


class Refill(Protocol):
    """A database in use, some of whose tables get the rows of a snapshot: all of it, or nothing is changed."""

    def put(self, what: Refilling) -> list[Refilled]:
        """Carry it out and return what became of each table. Blocks.

        Keys to and from the tables are checked at the end, triggers do not fire. With `append_missing`, rows whose
        key is there already are left out.

        Raises:
            QueryError: the database refused; Unavailable: the connection broke. Nothing has changed, but that an engine
                without transactional DDL leaves what `first` and `later` made to the caller, who takes it away.
        """

    def cancel(self) -> None:
        """End what is being put, from any thread."""

    async def close(self) -> None:
        """Close the connection; safe to call twice."""


@runtime_checkable
class Refills(Protocol):
    """An engine of which single tables are restored in place."""

    async def open_refill(self, address: Address, *, seconds: float = 15.0) -> Refill:
        """Return a database as one whose tables are refilled, to be closed by the caller."""


@dataclass(frozen=True, slots=True)
class Then:
    """What an earlier dump said of itself and of a table, by which it can be told what has changed since."""

    product: str
    moment: Mapping[str, Any]
    table: DumpTable


# The values of a key, as `Batch` has them.
Key: TypeAlias = Sequence[bytes]


@runtime_checkable
class Follows(Protocol):
    """A dump that can tell what has changed in a table since an earlier one, for less than reading all of it.

    `firsts` are keys in their order, each the first of a range that ends before the next; the first range is open to
    the left, the last one to the right. All methods block.
    """

    def follows(self, table: DumpTable, then: Then) -> bool:
        """Say whether the rows changed since then can be told for sure."""

    def count(self, table: DumpTable, then: Then) -> tuple[int, int]:
        """Return how many rows are new or may have changed since then, and how many have not changed."""

    def changed(self, table: DumpTable, then: Then, firsts: Sequence[Key]) -> Iterator[tuple[Any, Batch]]:
        """Give the rows that are new or may have changed, with the number of the range of each (int array)."""

    def unchanged(self, table: DumpTable, then: Then, firsts: Sequence[Key]) -> Mapping[int, int]:
        """Return how many rows of each range have not changed."""

    def keys(self, table: DumpTable, firsts: Sequence[Key], ranges: Sequence[int]) -> Iterator[tuple[Any, Batch]]:
        """Give the keys of all rows in some ranges, with the number of the range of each."""

    def between(self, table: DumpTable, low: Key | None, high: Key | None) -> Iterator[Batch]:
        """Give the rows from a key on, up to but without another, as `Dump.read` does."""
