"""What an engine must say so that its dumps are of use without a server: what texts mean, and a script that loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from headwater.catalog.model import Schema
from headwater.catalog.results import Cell, Kind
from headwater.engines._dumps import Batch, DumpColumn, DumpTable

Array: TypeAlias = Any  # a pyarrow Array


class Unfit(ValueError):
    """A value of a column is none of the type that the column is read as; only its text has it."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """How the texts of a dumped column are read.

    `type` is the Arrow type of what `values` makes of texts; it raises Unfit for a text that this type cannot hold.
    Infinite moments become the largest and smallest number that there is, as DuckDB has them. `text` gives what
    people read: nothing of it is escaped. `cells` gives what a session of the engine would, `copied` what one that
    copies would (`Reads.scan`), where that is something else. `risky` says that
    there may be texts that do not fit, and `endless` whether some of them stand for an infinite moment. `whole` says
    that the column has all of a row, as a text of JSON.
    """

    type: Any
    kind: Kind
    values: Callable[[Array], Array]
    text: Callable[[Array], Array]
    cells: Callable[[Array], list[Cell]]
    risky: bool = False
    copied: Callable[[Array], list[Cell]] | None = None
    endless: Callable[[Array], bool] = lambda _: False
    whole: bool = False


@runtime_checkable
class Decodes(Protocol):
    """An engine that knows what the texts of its dumps mean."""

    def decoder(self, column: DumpColumn, schema: Schema) -> Decoder:
        """Return how a column of a dump is read; `schema` knows the types that the database has made itself."""


@runtime_checkable
class Reshapes(Protocol):
    """An engine whose dumps keep rows in other columns than those that people read them by."""

    def readable(self, table: DumpTable, schema: Schema) -> tuple[DumpColumn, ...]:
        """Return the columns that people read a table by; `Decodes.decoder` knows them."""

    def reshaped(self, batch: Batch, columns: Sequence[DumpColumn]) -> Batch:
        """Return some of these columns of rows, which come as they were dumped."""


@runtime_checkable
class Scripts(Protocol):
    """An engine whose dumps become a script that its own command-line program loads."""

    def script(
        self, schema: Schema, tables: Iterable[tuple[DumpTable, Iterable[Batch]]], extras: Mapping[str, Any]
    ) -> Iterator[bytes]:
        """Give a script that makes a Schema, its rows and what else `Dump.extras` has in an empty database."""
