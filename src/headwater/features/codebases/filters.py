"""The filters of usages, endpoints and files."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which usages to select; empty means all. `column_ids` are the ids of table and column in one scan."""

    table: str | None = None
    column: str | None = None
    usage_types: Sequence[str] = ()
    tiers: Sequence[str] = ()
    file: str | None = None
    language: str | None = None
    symbol: str | None = None
    q: str | None = None
    column_ids: tuple[uuid.UUID, ...] | None = None

    @property
    def by_column_only(self) -> bool:
        """Return True if it selects by table and column only, so that the stored totals can be used."""
        return not (self.usage_types or self.tiers or self.file or self.language or self.symbol or self.q)


@dataclass(frozen=True, slots=True)
class EndpointFilter:
    """Which HTTP endpoints to select: those that use a table or column, and by a part of the path, handler or file."""

    table: str | None = None
    column: str | None = None
    q: str | None = None
    column_ids: tuple[uuid.UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class FileFilter:
    """Which files of a scan are wanted: by the start of the path, by a part of it, and by what became of the file."""

    prefix: str | None = None
    language: str | None = None
    q: str | None = None
    status: str | None = None
    reason: str | None = None
