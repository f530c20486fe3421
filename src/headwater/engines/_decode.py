"""Reading snapshots without a server: decoders for the stored texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from headwater.catalog.model import Schema
from headwater.catalog.results import Cell, Kind
from headwater.engines._snapshots import Batch, SnapshotColumn, SnapshotTable

Array: TypeAlias = Any  # a pyarrow Array


class ConversionError(ValueError):
    """A value does not fit the type that its column is read as; it can only be read as text."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """How the texts of a snapshot column are read.

    `type` is the Arrow type that `values` returns; `values` raises ConversionError for a text that does not fit.
    Infinite timestamps become the largest and smallest numbers, as in DuckDB. `text` returns readable, unescaped text.
    `cells` returns the cells that a session of the engine would return, `transfer_cells` those of a session that copies
    (`TransferSource.scan`), if they differ. `may_fail` says that some texts may not fit the type, `has_infinity` that
    some may be infinite timestamps. `whole_document` says that the column contains the complete row as JSON text.
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
    """Flat columns for documents, which a snapshot stores in other columns."""

    def flat_columns(self, table: SnapshotTable, schema: Schema) -> tuple[SnapshotColumn, ...]:
        """Return the columns that users see of a collection; `DecodingSupport.decoder` accepts them."""

    def flatten(self, batch: Batch, columns: Sequence[SnapshotColumn]) -> Batch:
        """Return some of the flat columns of rows, which are given as the snapshot stores them."""


class DecodingSupport(Protocol):
    """Decodes the texts of a snapshot to values, readable text and cells. `flattening` is for document engines."""

    flattening: DocumentFlattening | None = None

    def decoder(self, column: SnapshotColumn, schema: Schema) -> Decoder:
        """Return the decoder of a snapshot column; `schema` has the types that the database defines itself."""
