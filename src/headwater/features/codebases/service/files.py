"""The files of a scan: a list, and single files with their usages."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor
from headwater.features.codebases.filters import FileFilter
from headwater.features.codebases.models import ScanFile
from headwater.features.codebases.repository import files as repository
from headwater.features.codebases.repository import lineage
from headwater.features.codebases.service import codebases
from headwater.kit.errors import NotFound, did_you_mean
from headwater.kit.paging import Page, cut, decode_cursor

MAX_DISPLAYED_BYTES = 1_000_000
MAX_DISPLAYED_USAGES = 20_000


@dataclass(frozen=True, slots=True)
class FileView:
    """A file with its text and usages. `truncated` is true if the text is cut off."""

    file: ScanFile
    content: str
    truncated: bool
    usages: Sequence[Any]


async def list_files(
    db: AsyncSession,
    actor: Actor,
    codebase_id: uuid.UUID,
    wanted: FileFilter,
    *,
    cursor: str | None,
    limit: int,
) -> Page[Row[*tuple[Any, ...]]]:
    """Return the files of the newest scan, by path."""
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    rows = await repository.page(db, scan.id, wanted, after=_after(cursor), limit=limit)
    return cut(rows, limit, lambda row: (row.path,))


async def list_skipped(
    db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, *, reason: str | None, cursor: str | None, limit: int
) -> Page[Row[*tuple[Any, ...]]]:
    """Return the files that the newest scan skipped, by path."""
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    wanted = FileFilter(status="skipped", reason=reason)
    rows = await repository.page(db, scan.id, wanted, after=_after(cursor), limit=limit)
    return cut(rows, limit, lambda row: (row.path,))


async def show(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, path: str) -> FileView:
    """Return a file with its text and usages."""
    _, scan = await codebases.scan_of(db, actor, codebase_id)
    file = await repository.get(db, scan.id, path)
    if file is None:
        near = await repository.names_like(db, scan.id, path.rsplit("/", 1)[-1])
        raise NotFound("There is no such file in the scan.", hint=did_you_mean(path, near) if near else None)
    text = zlib.decompress(file.content) if file.content is not None else b""
    usages = await lineage.usages_of_file(db, scan.id, path, MAX_DISPLAYED_USAGES)
    content = text[:MAX_DISPLAYED_BYTES].decode("utf-8", "ignore")
    return FileView(file, content, len(text) > MAX_DISPLAYED_BYTES, usages)


def _after(cursor: str | None) -> str:
    return str(decode_cursor(cursor, str)[0]) if cursor else ""
