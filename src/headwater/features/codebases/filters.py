"""The filters of usages, endpoints and files."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which usages to select; empty means all.

    `folder` selects the files below it, `service` those of one part of the code (`service/code_groups.py`), and
    `endpoint` the code that an HTTP endpoint reaches. `column_ids`, `files` and `endpoint_n` are what names mean in
    one scan.
    """

    table: str | None = None
    column: str | None = None
    usage_types: Sequence[str] = ()
    tiers: Sequence[str] = ()
    file: str | None = None
    language: str | None = None
    symbol: str | None = None
    q: str | None = None
    folder: str | None = None
    service: str | None = None
    endpoint: uuid.UUID | None = None
    column_ids: tuple[uuid.UUID, ...] | None = None
    files: tuple[str, ...] | None = None
    endpoint_n: int | None = None

    @property
    def by_column_only(self) -> bool:
        """Return True if it selects by table and column only, so that the stored totals can be used."""
        code = self.file or self.symbol or self.folder or self.service or self.endpoint
        return not (self.usage_types or self.tiers or self.language or self.q or code)

    @property
    def is_focused(self) -> bool:
        """Return True if it names something to start from, not only kinds, tiers, a language or a part of the code."""
        names = (self.table, self.column, self.file, self.symbol, self.q, self.endpoint)
        return any(name is not None for name in names)


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
