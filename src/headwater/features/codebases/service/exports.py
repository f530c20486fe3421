"""The results of a scan as one file, made while it is sent: a million usages never stand in memory."""

from __future__ import annotations

import csv
import html
import io
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.codec import from_json
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.models import Codebase, Scan, ScanUsage
from headwater.features.codebases.repository import files, lineage
from headwater.features.codebases.service import codebases
from headwater.kit.version import version
from headwater.store.session import Database

Format = Literal["csv", "json", "html"]
FIELDS = (
    "table_name", "column_name", "file_path", "line_number", "end_line", "start_column", "end_column", "symbol",
    "code_snippet", "language", "usage_type", "sub_type", "via", "tier",
)  # fmt: skip
AT_ONCE = 2000
MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8", "json": "application/json", "html": "text/html; charset=utf-8",
}  # fmt: skip


async def begin(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> tuple[Codebase, Scan]:
    """Return what is to be exported; the right is checked here, before anything is sent."""
    return await codebases.scan_of(db, actor, codebase_id)


def stream(database: Database, codebase: Codebase, scan: Scan, wanted: Format) -> AsyncIterator[str]:
    """Give the report piece by piece."""
    writers: Mapping[Format, Callable[[Database, Codebase, Scan], AsyncIterator[str]]] = {
        "csv": _csv, "json": _json, "html": _html,
    }  # fmt: skip
    return writers[wanted](database, codebase, scan)


async def _usages(database: Database, scan: Scan) -> AsyncIterator[ScanUsage]:
    after = -1
    while True:
        async with database.transaction() as db:
            rows = await lineage.every_usage(db, scan.id, after, AT_ONCE)
        for row in rows:
            yield row
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].n


async def _csv(database: Database, codebase: Codebase, scan: Scan) -> AsyncIterator[str]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    async for row in _usages(database, scan):
        writer.writerow([_cell(getattr(row, name)) for name in FIELDS])
        if out.tell() > 60_000:
            yield _taken(out)
    yield _taken(out)


def _cell(value: Any) -> Any:
    """Keep a spreadsheet from taking source code for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


async def _json(database: Database, codebase: Codebase, scan: Scan) -> AsyncIterator[str]:
    head = {"headwater": version(), "source": codebase.filename, "files": scan.files, "schema": _schema(scan)}
    yield _encode(head)[:-1] + ',"usages":['
    separator = ""
    async for row in _usages(database, scan):
        body = {name: getattr(row, name) for name in FIELDS} | {"evidence": row.evidence}
        yield separator + _encode(body)
        separator = ","
    async with database.transaction() as db:
        misses = await lineage.misses(db, scan.id, -1, 1_000_000)
        skipped = await files.page(db, scan.id, status="skipped", after="", limit=1_000_000)
    names = ("file_path", "line_number", "text", "reason")
    tail = {
        "not_understood": [{name: getattr(row, name) for name in names} for row in misses],
        "skipped": [{"path": row.path, "reason": row.reason, "size": row.size_bytes} for row in skipped],
    }
    yield "]," + _encode(tail)[1:]


def _schema(scan: Scan) -> dict[str, Any]:
    tables = []
    for relation in from_json(scan.schema_json):
        columns = []
        for column in relation.columns:
            target = relation.references(column.name)
            columns.append(
                {
                    "name": column.name, "type": column.type, "nullable": column.nullable,
                    "primary_key": column.name in relation.primary_key,
                    "references": {"table": target[0], "column": target[1] or None} if target else None,
                }
            )  # fmt: skip
        origins = [{"file": origin.file, "line": origin.line} for origin in relation.origins]
        tables.append({"name": relation.name, "schema": relation.schema, "columns": columns, "origins": origins})
    return {"tables": tables}


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def _html(database: Database, codebase: Codebase, scan: Scan) -> AsyncIterator[str]:
    title = html.escape(f"{codebase.name}: from column to code")
    shown = ("table_name", "column_name", "usage_type", "file_path", "line_number", "symbol", "code_snippet")
    yield (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>'
        "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}"
        "td,th{text-align:left;padding:.2rem .6rem;vertical-align:top}td:last-child{font-family:monospace}"
        f"</style><h1>{title}</h1><p>{scan.tables:,} tables, {scan.columns:,} columns, {scan.usages:,} usages; "
        f"{scan.not_understood:,} pieces were not understood. Headwater {html.escape(version())}.</p>"
        f"<table><thead><tr>{''.join(f'<th>{name}</th>' for name in shown)}</tr></thead><tbody>"
    )
    async for row in _usages(database, scan):
        cells = (f"<td>{html.escape(str(getattr(row, name)))}</td>" for name in shown)
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</tbody></table></html>"
