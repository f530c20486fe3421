"""The wire shapes of diffs."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import Field

from headwater.catalog.results import Cell
from headwater.features.accounts.api_models import Wire
from headwater.features.query.api_models import ResultColumnOut

ChangeKind = Literal["added", "removed", "changed"]


class TableDiffOut(Wire):
    """How many rows of a table differ. The numbers are lower bounds unless `exact`."""

    name: str
    status: Literal["equal", "changed", "added", "removed"]
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    columns: dict[str, int] = Field(description="How many of the changed rows differ in a column.")
    exact: bool
    notes: list[str] = Field(description="What was not compared.")


class SnapshotDiffOut(Wire):
    """What differs between two snapshots, by table."""

    before: uuid.UUID
    after: uuid.UUID
    tables: list[TableDiffOut]
    milliseconds: float


class SideDiffOut(Wire):
    """What differs between two sides, by table. A side is `database:ID`, as it is now, or `snapshot:ID`."""

    a: str
    b: str
    tables: list[TableDiffOut]
    milliseconds: float


class RowChangeOut(Wire):
    """A row that differs. `before` and `after` have a cell for each column; `touched` are the ordinals that differ."""

    kind: ChangeKind
    before: list[Cell] | None
    after: list[Cell] | None
    touched: list[int]


class RowChangesOut(Wire):
    """Rows of a table that differ. `shortened` says that long values were cut."""

    table: str
    columns: list[ResultColumnOut]
    key: list[str]
    changes: list[RowChangeOut]
    shortened: bool
    next: str | None


class SideRowChangesOut(RowChangesOut):
    """Rows of a table that differ. If not `complete`, time was up before all rows were compared."""

    complete: bool
