"""The plan of a copy, made before anything is changed: the target Schema and the losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Schema
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.losses import Loss

Choice = Literal["zero_dates", "tinyint1"]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """A column and its mapping; `target_name` if its name changes, with dots for nested fields."""

    name: str
    source_type: str
    target_type: str
    kind: ValueKind
    note: str = ""
    target_name: str = ""

    @property
    def target_column(self) -> str:
        """The column's name at the target."""
        return self.target_name or self.name


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table, its name at the target, and its copied columns; `counters` number their rows themselves."""

    schema: str | None
    name: str
    target_schema: str | None
    target_name: str
    columns: tuple[ColumnPlan, ...]
    counters: tuple[str, ...] = ()
    rows: int | None = None

    @property
    def display_name(self) -> str:
        """The table's name for users."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """The Schema to create, the tables to fill in it, and the losses.

    `statements` create the Schema where the engine's DDL of it is not what runs.
    """

    source: Dialect
    target: Dialect
    schema: Schema
    tables: tuple[TablePlan, ...]
    losses: tuple[Loss, ...]
    statements: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The choices of `CopyChoices` that make a difference for these tables."""
        types = self.source.types
        if types is None or types.read is None or self.source is self.target:
            return ()
        kinds = {types.read(column.source_type).name for table in self.tables for column in table.columns}
        lax = kinds & types.lax_kinds
        choices: list[Choice] = ["zero_dates"] if lax - {"boolean"} else []
        return (*choices, "tinyint1") if "boolean" in lax else tuple(choices)
