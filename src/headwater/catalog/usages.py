"""A usage: one place in code where one column is read, written, updated, deleted, joined, filtered or projected."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

UsageType = Literal["read", "write", "update", "delete", "join", "filter", "projection"]
SubType = Literal["sort", "group", "implicit", "lazy"]
Via = Literal["orm", "sql", "attribute", "derived"]
Tier = Literal["A", "B", "C"]

USAGE_TYPES: tuple[UsageType, ...] = get_args(UsageType)
TIERS: tuple[Tier, ...] = get_args(Tier)


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of the reasoning, with the place it points to when there is one."""

    text: str
    file_path: str | None = None
    line_number: int | None = None


class Usage(msgspec.Struct, frozen=True):
    """One usage, as all user interfaces show it.

    `column_name` is `*` for the row as a whole (a delete). Lines are 1-based, columns are 0-based characters of
    their line; `line_number` is where the column's name stands. Tier A is exact (typed receiver or qualified
    SQL), B inferred by one step, C by name and context only.
    """

    table_name: str
    column_name: str
    file_path: str
    line_number: int
    end_line: int
    start_column: int
    end_column: int
    symbol: str
    code_snippet: str
    language: str
    usage_type: UsageType
    sub_type: SubType | None
    via: Via
    tier: Tier
    evidence: tuple[Evidence, ...] = ()


class NotUnderstood(msgspec.Struct, frozen=True):
    """Text that looks like SQL or a model and could not be parsed; counted and shown, never dropped."""

    file_path: str
    line_number: int
    text: str
    reason: str
