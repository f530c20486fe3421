"""The results of a scan as one file, like the report of `headwater scan --out`; CSV and JSON are streamed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.catalog.usages import Evidence, NotUnderstood, Usage
from headwater.core.lineage import report as reports
from headwater.core.lineage.result import SkippedFile
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.filters import FileFilter
from headwater.features.codebases.models import Codebase, Scan, ScanUsage
from headwater.features.codebases.repository import files, lineage
from headwater.features.codebases.service import codebases
from headwater.kit.errors import TooLarge
from headwater.store.session import Store

Format = Literal["csv", "json", "html"]
AT_ONCE = 2000
# A browser cannot handle a page with more rows.
MAX_HTML_USAGES = 100_000
# Maximum length of the lists in a report; the scan has counted all.
MAX_LISTED = 200_000
MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
}


async def begin(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID, wanted: Format) -> tuple[Codebase, Scan]:
    """Return the scan to export; raise all errors here, before anything is sent."""
    codebase, scan = await codebases.scan_of(db, actor, codebase_id)
    if wanted == "html" and scan.usages > MAX_HTML_USAGES:
        raise TooLarge(f"{scan.usages:,} usages are too many for one page.", hint="Export them as CSV or JSON.")
    return codebase, scan


def stream(database: Store, codebase: Codebase, scan: Scan, wanted: Format) -> AsyncIterator[bytes]:
    """Yield the chunks of the report."""
    writers: Mapping[Format, Callable[[Store, Codebase, Scan], AsyncIterator[bytes]]] = {
        "csv": _csv,
        "json": _json,
        "html": _html,
    }
    return writers[wanted](database, codebase, scan)


async def _usages(database: Store, scan: Scan) -> AsyncIterator[list[Usage]]:
    after, rows = -1, list[ScanUsage]()
    while after < 0 or len(rows) == AT_ONCE:
        async with database.transaction() as db:
            rows = list(await lineage.every_usage(db, scan.id, after, AT_ONCE))
        if not rows:
            return
        yield [_usage(row) for row in rows]
        after = rows[-1].n


def _usage(row: ScanUsage) -> Usage:
    fields: dict[str, Any] = {name: getattr(row, name) for name in reports.USAGE_FIELDS}
    return Usage(**fields, evidence=tuple(Evidence(**step) for step in row.evidence))


async def _csv(database: Store, codebase: Codebase, scan: Scan) -> AsyncIterator[bytes]:
    header = reports.to_csv(())
    yield header
    async for usages in _usages(database, scan):
        yield reports.to_csv(usages)[len(header) :]


async def _json(database: Store, codebase: Codebase, scan: Scan) -> AsyncIterator[bytes]:
    document = reports.document(await _report(database, codebase, scan, ()))
    tail = {name: document.pop(name) for name in ("not_understood", "skipped")}
    del document["usages"]
    yield msgspec.json.encode(document)[:-1] + b',"usages":['
    separator = b""
    async for usages in _usages(database, scan):
        yield separator + msgspec.json.encode(msgspec.to_builtins(usages))[1:-1]
        separator = b","
    yield b"]," + msgspec.json.encode(tail)[1:]


async def _html(database: Store, codebase: Codebase, scan: Scan) -> AsyncIterator[bytes]:
    every = [usage async for usages in _usages(database, scan) for usage in usages]
    yield reports.to_html(await _report(database, codebase, scan, every))


async def _report(database: Store, codebase: Codebase, scan: Scan, usages: Sequence[Usage]) -> reports.Report:
    async with database.transaction() as db:
        misses = await lineage.misses(db, scan.id, -1, MAX_LISTED)
        skipped = await files.page(db, scan.id, FileFilter(status="skipped"), after="", limit=MAX_LISTED)
    return reports.Report(
        source=codebase.filename,
        files=scan.files,
        schema=from_json(scan.schema_json),
        usages=usages,
        not_understood=[NotUnderstood(m.file_path, m.line_number, m.text, m.reason) for m in misses],
        skipped=[SkippedFile(row.path, row.reason, row.size_bytes) for row in skipped],
    )
