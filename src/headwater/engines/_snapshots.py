"""Snapshots: reading a database at one consistent point, loading one from a snapshot, restoring tables in place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from headwater.catalog.model import Schema
from headwater.catalog.results import QueryError
from headwater.engines._address import Address
from headwater.engines._schema_archives import ArchiveRestore, SchemaArchiver
from headwater.kit.errors import Conflict

# The expected format of a column's texts: a hint for compression, never a guarantee.
Hint = Literal["text", "integer", "float", "timestamp", "timestamptz", "date", "uuid", "hex"]
# A pyarrow RecordBatch whose columns are byte strings or nulls (`pa.binary()`), named by their ordinals "0", "1", …
Batch: TypeAlias = Any
# A fact of a `SnapshotTable`, and the kind by which `TransferTarget.drop` drops such rows. Manifests contain it.
STANDALONE_ROWS = "apart"


@dataclass(frozen=True, slots=True)
class SnapshotColumn:
    """A column of a snapshot: its name, its type as the engine spells it, and a hint about its values.

    A `hidden` column is none of the table's own; restores use it, and users do not see it. It follows the others.
    """

    name: str
    type: str
    hint: Hint = "text"
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotTable:
    """A table (or collection) of a snapshot.

    `columns` has no generated ones. `key` are the ordinals of the columns that identify a row, in the order in which
    rows are read; without a key, rows come in storage order. `rows` is an estimate. `facts` are what the engine needs
    to find the changes since. With the fact `STANDALONE_ROWS`, the rows belong to no table of the Schema (large
    objects of PostgreSQL): they are restored only with the whole database.
    """

    schema: str | None
    name: str
    columns: tuple[SnapshotColumn, ...]
    key: tuple[int, ...] = ()
    rows: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def display_name(self) -> str:
        """The qualified name for users."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


class CatchUp(Protocol):
    """Reads rows again that changed while a snapshot was read without a transaction."""

    def is_consistent(self) -> bool:
        """True if everything that was read belongs to `SnapshotReader.moment`."""

    def changes_since_read(self) -> Iterator[tuple[SnapshotTable, Batch, Any]]:
        """Yield the changes since the first read, in pieces: current rows, and an array of keys of deleted rows.

        A row may be one that was not read before, and a key one of no row. At the end, either everything is
        consistent, or the method is to be called again; each time there is less left. `SnapshotReader.moment` and
        `SnapshotReader.notes` are those of the last call.

        Raises:
            Conflict: it does not converge, or a table was replaced.
        """


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an earlier snapshot recorded about itself and a table, to find later changes."""

    product: str
    moment: Mapping[str, Any]
    table: SnapshotTable


# The values of a key, as in `Batch`.
Key: TypeAlias = Sequence[bytes]


class ChangeTracking(Protocol):
    """Finds what changed in a table since an earlier snapshot without reading the whole table.

    `range_starts` are keys in order, each the first of a range that ends before the next; the first range is open to
    the left, the last one to the right. All methods block.
    """

    def can_compare(self, table: SnapshotTable, baseline: Baseline) -> bool:
        """Return True if the rows that changed since the baseline can be determined for certain."""

    def count_changes(self, table: SnapshotTable, baseline: Baseline) -> tuple[int, int]:
        """Return how many rows are new or may have changed, and how many have not changed."""

    def changed_rows(
        self, table: SnapshotTable, baseline: Baseline, range_starts: Sequence[Key]
    ) -> Iterator[tuple[Any, Batch]]:
        """Yield the rows that are new or may have changed, with the range number of each (int array)."""

    def unchanged_counts(
        self, table: SnapshotTable, baseline: Baseline, range_starts: Sequence[Key]
    ) -> Mapping[int, int]:
        """Return how many rows of each range have not changed."""

    def keys_in_ranges(
        self, table: SnapshotTable, range_starts: Sequence[Key], ranges: Sequence[int]
    ) -> Iterator[tuple[Any, Batch]]:
        """Yield the keys of all rows in some ranges, with the range number of each."""

    def rows_between(self, table: SnapshotTable, low: Key | None, high: Key | None) -> Iterator[Batch]:
        """Yield the rows from one key up to but not including another, as `SnapshotReader.read` does."""


class SnapshotReader(Protocol):
    """A consistent snapshot of a database, open for reading.

    `moment` identifies the point in the engine's own terms (LSN, GTID). `extras` has what the Schema cannot express
    and `BulkLoader.restore_extras` restores: of it, `sequences` (schema, name, value, called) and `counters` (table,
    value) belong to tables, everything else to the database. `notes` are sentences on what is left out. `max_readers`
    is how many tables are worth reading at once. Engines that cannot track changes, need no catching up, or have no
    format of their own for schemas have None there.
    """

    max_readers: int
    product: str
    moment: Mapping[str, Any]
    schema: Schema
    extras: Mapping[str, Any]
    notes: tuple[str, ...]
    tables: tuple[SnapshotTable, ...]

    @property
    def change_tracking(self) -> ChangeTracking | None:
        """Finds changes since an earlier snapshot."""

    @property
    def catch_up(self) -> CatchUp | None:
        """Makes what was read consistent."""

    @property
    def schema_archiver(self) -> SchemaArchiver | None:
        """Writes the schema in the engine's own format."""

    def read(self, table: SnapshotTable) -> Iterator[Batch]:
        """Yield the rows of a table in the order of its key. Blocks; several threads may read at once.

        Values are formatted as by the engine's own bulk export, whatever the server is set to, so that
        `BulkLoader.load_rows` stores equal values.

        Raises:
            QueryError: the database refused; Unavailable: the connection was lost.
        """

    def cancel(self) -> None:
        """Interrupt what is being read, from any thread."""

    async def close(self) -> None:
        """Release the snapshot; safe to call twice."""


class BulkLoader(Protocol):
    """Loads a snapshot into a database that nothing else uses."""

    @property
    def archive_restore(self) -> ArchiveRestore | None:
        """Creates the schema from the archive of `SnapshotReader.schema_archiver`."""

    async def run_statements(self, statements: Iterable[str]) -> None:
        """Run statements of `pre_data_ddl` or `post_data_ddl`, one at a time."""

    def load_rows(self, table: SnapshotTable, batches: Iterable[Batch]) -> int:
        """Insert rows into an empty table and return how many. Blocks; several threads may load different tables.

        Either all rows of a call are inserted, or none.
        """

    @property
    def load_compared(self) -> Callable[[SnapshotTable, Iterable[Batch]], tuple[int, bool]] | None:
        """Inserts rows as `load_rows`, and reads them back at once.

        It returns how many rows were inserted, and True if exactly these are stored, in this order; False may only mean
        another order. An engine that has no cheaper way than reading both sides row by row has None.
        """

    def count_rows(self, table: SnapshotTable) -> int:
        """Return the number of rows of a table, without those of child tables. Blocks."""

    async def restore_extras(self, extras: Mapping[str, Any]) -> list[str]:
        """Restore `SnapshotReader.extras`; return sentences about what could not be restored."""

    def cancel(self) -> None:
        """Interrupt the load, from any thread."""

    async def close(self) -> None:
        """Close the connections; safe to call twice."""


class SnapshotSupport(Protocol):
    """Takes snapshots of databases, and creates databases from snapshots."""

    async def open_reader(self, address: Address, *, seconds: float = 15.0) -> SnapshotReader:
        """Open a consistent snapshot of a database; the caller closes it."""

    async def open_loader(self, address: Address, *, seconds: float = 15.0) -> BulkLoader:
        """Open an empty database for loading; the caller closes it."""

    def pre_data_ddl(self, schema: Schema) -> tuple[str, ...]:
        """Return the statements that create tables without indexes and keys, before rows are loaded."""

    def post_data_ddl(self, schema: Schema) -> tuple[str, ...]:
        """Return the statements that create indexes, keys and everything else after the rows are loaded."""


Mode = Literal["overwrite", "append", "append_missing"]
# When the rows of a table are read back, in relation to their restore.
When = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class TableRestoreRequest:
    """The tables and rows of an in-place restore.

    With `append`, `removed` may have rows of each table that are deleted before the others are added: rows with a key,
    each of which must have exactly the given values, in the columns of the table.
    `pre_data` are statements that create what is missing, `post_data` those that run after the rows are written. Of
    `SnapshotReader.extras`, `sequences`, `counters` and `generators` count; none is set below its current value.
    `archive` is the content of `SchemaArchive`, if there is one: an engine may create the `missing` tables from it
    instead of running `pre_data` and `post_data`. `note` takes sentences about what differs from the snapshot.
    An engine that can calls `read_back` with the rows that each table has in the restore's own transaction: at the end,
    and except for `overwrite` also before anything changes. The table that it passes has the columns of
    the rows: all those of the request, or all but a hidden last one.
    """

    tables: Sequence[tuple[SnapshotTable, Iterable[Batch]]]
    mode: Mode
    pre_data: Sequence[str] = ()
    post_data: Sequence[str] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)
    archive: bytes | None = None
    missing: Collection[tuple[str | None, str]] = ()
    note: Callable[[str], None] = lambda _: None
    read_back: Callable[[SnapshotTable, When, Iterable[Batch]], None] | None = None
    removed: Sequence[Iterable[Batch]] = ()


@dataclass(frozen=True, slots=True)
class TableRestoreResult:
    """The number of rows of a table before its restore, of those written, and after the restore."""

    rows_before: int
    rows_written: int
    rows_after: int


def dangling_reference_error(table: str, parent: str, key: str) -> QueryError:
    """Return the error for rows that would refer to missing rows by the foreign key `key`."""
    return QueryError(
        f"Rows of {table} would refer to rows of {parent} that do not exist (foreign key {key}).",
        hint="Restore the tables that belong together, or into a new database.",
    )


class RowsDiffer(Conflict):
    """Rows that are to be changed are not as they were any more."""

    code = "rows_differ"


class InPlaceRestore(Protocol):
    """Restores tables of a database that is in use: all of them, or none."""

    def restore_tables(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        """Restore the tables and return the result of each. Blocks.

        Foreign keys to and from the tables are checked at the end; triggers do not fire. With `append_missing`, rows
        whose key exists already are skipped.

        Raises:
            RowsDiffer: a row of `removed` is not as given.
            QueryError: the database refused; Unavailable: the connection was lost. Nothing has changed, except that an
                engine without transactional DDL leaves what `pre_data` and `post_data` created; the caller drops it.
        """

    def cancel(self) -> None:
        """Interrupt the restore, from any thread."""

    async def close(self) -> None:
        """Close the connection; safe to call twice."""


class InPlaceRestoreSupport(Protocol):
    """Restores single tables of a database in place; `removes_rows` tells whether `removed` of a request counts."""

    removes_rows: bool = False

    async def open(self, address: Address, *, seconds: float = 15.0) -> InPlaceRestore:
        """Open a database for restoring tables; the caller closes it."""
