"""Reading snapshots without a server: what the stored texts mean, and scripts that load them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from headwater.catalog.model import Schema
from headwater.catalog.results import Cell, Kind
from headwater.engines._snapshots import Batch, SnapshotColumn, SnapshotTable

Array: TypeAlias = Any  # a pyarrow Array


class ConversionError(ValueError):
    """A value of a column is none of the type that the column is read as; only its text has it."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """How the texts of a dumped column are read.

    `type` is the Arrow type of what `values` makes of texts; it raises ConversionError for a text that it cannot hold.
    Infinite moments become the largest and smallest number that there is, as DuckDB has them. `text` gives what
    people read: nothing of it is escaped. `cells` gives what a session of the engine would, `transfer_cells` what one
    that copies would (`TransferSource.scan`), where that is something else. `may_fail` says that there may be texts
    that do not fit, and `has_infinity` whether some of them stand for an infinite moment. `whole_document` says that
    the column has all of a row, as a text of JSON.
    """

    type: Any
    kind: Kind
    values: Callable[[Array], Array]
    text: Callable[[Array], Array]
    cells: Callable[[Array], list[Cell]]
    may_fail: bool = False
    transfer_cells: Callable[[Array], list[Cell]] | None = None
    has_infinity: Callable[[Array], bool] = lambda _: False
    whole_document: bool = False


class DocumentFlattening(Protocol):
    """Columns that users read documents by, where a snapshot stores documents in other columns."""

    def flat_columns(self, table: SnapshotTable, schema: Schema) -> tuple[SnapshotColumn, ...]:
        """Return the columns that users read a table by; `DecodingSupport.decoder` knows them."""

    def flatten(self, batch: Batch, columns: Sequence[SnapshotColumn]) -> Batch:
        """Return some of these columns of rows, which come as the snapshot stores them."""


class DecodingSupport(Protocol):
    """What the texts of a snapshot mean: values, readable text, cells. `flattening` is for engines of documents."""

    flattening: DocumentFlattening | None = None

    def decoder(self, column: SnapshotColumn, schema: Schema) -> Decoder:
        """Return how a column of a snapshot is read; `schema` knows the types that the database defines itself."""


class ScriptSupport(Protocol):
    """Snapshots as scripts that the engine's own command-line client loads."""

    def chunks(
        self, schema: Schema, tables: Iterable[tuple[SnapshotTable, Iterable[Batch]]], extras: Mapping[str, Any]
    ) -> Iterator[bytes]:
        """Yield a script that creates a Schema, its rows and `SnapshotReader.extras` in an empty database."""
