"""What a copy will do, worked out before anything is touched: the Schema on the other side and what is lost."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Schema
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.losses import Loss


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """A column and what becomes of it; `target_name` when it is named otherwise there, with dots for what is nested."""

    name: str
    source_type: str
    target_type: str
    kind: ValueKind
    note: str = ""
    target_name: str = ""

    @property
    def named(self) -> str:
        """The column's name on the other side."""
        return self.target_name or self.name


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table, its name on the other side, and its columns that are copied; `counters` number their rows themselves."""

    schema: str | None
    name: str
    target_schema: str | None
    target_name: str
    columns: tuple[ColumnPlan, ...]
    counters: tuple[str, ...] = ()
    rows: int | None = None

    @property
    def shown(self) -> str:
        """The table's name for people."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Plan:
    """The Schema to make, the tables to fill in it, and what will not be as it was."""

    source: Dialect
    target: Dialect
    schema: Schema
    tables: tuple[TablePlan, ...]
    losses: tuple[Loss, ...]
