"""A claim: a usage as a pass reports it, by byte range, before positions, snippets and duplicates are resolved."""

from __future__ import annotations

import msgspec

from headwater.catalog.usages import Evidence, SubType, Tier, UsageType, Via


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """`table.column` is used at the bytes `start:end` of the file, inside `symbol`.

    `table` and `column` are physical names spelt as in the Schema; column `*` is the row as a whole.
    """

    table: str
    column: str
    start: int
    end: int
    symbol: str
    usage_type: UsageType
    sub_type: SubType | None = None
    via: Via = "orm"
    tier: Tier = "A"
    evidence: tuple[Evidence, ...] = ()


class Missed(msgspec.Struct, frozen=True, array_like=True):
    """Text at the byte `start` that looks like SQL over known tables and could not be parsed."""

    start: int
    text: str
    reason: str
