"""Exports of tables or of a whole database as files in a ZIP, streamed by a job."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
import zipfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.model import Relation
from headwater.catalog.results import UNLIMITED, Rows, Started
from headwater.core.transfer.archives import LEVEL
from headwater.core.transfer.writers import WRITERS
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import databases, schema_cache
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.query.service import access as doors
from headwater.features.transfers import file_store
from headwater.features.transfers.models import Transfer
from headwater.features.transfers.service import copies, export_scripts, table_choice, transfers
from headwater.features.transfers.service.copy_rows import CopyEndpoint
from headwater.features.transfers.service.transfers import TransferAttempt, TransferView
from headwater.kit import atomic_upload
from headwater.kit.errors import NotFound
from headwater.store.context import Context

Form = Literal["csv", "ndjson", "parquet", "sql"]


async def start(
    context: Context, actor: Actor, database_id: uuid.UUID, tables: Sequence[str] | None, form: Form
) -> TransferView:
    """Put an export into the queue."""
    access = await doors.authorize_query(context, actor, database_id)
    copies.tabular(access.reached.engine)
    schema = await schema_cache.read(context, access.reached)
    table_choice.chosen(schema, tables)
    async with context.store.transaction() as db:
        # An export creates a job and a file on the host, which requires more than the right to read.
        database = await databases.find(db, actor, database_id, "database:write")
        transfer = Transfer(
            organization_id=database.organization_id,
            kind="export",
            database_id=database_id,
            filename=f"{database.name}-{form}.zip",
            created_by=actor.user_id,
            preview={},
            created={},
            result={},
            request={"tables": list(tables) if tables is not None else None, "format": form},
        )
        job = await transfers.begin(db, actor, transfer, database, f"Export {database.name} as {form.upper()}")
        return TransferView(transfer, job)


async def file_of(context: Context, actor: Actor, transfer_id: uuid.UUID, part: file_store.Part) -> tuple[Path, str]:
    """Return the path of a finished file of a transfer, and its name for downloads."""
    async with context.store.transaction() as db:
        transfer = await transfers.find(db, actor, transfer_id)
    path = file_store.path_of(context.settings, transfer.id, part)
    if not path.exists():
        raise NotFound("There is no such file.", hint="Files are deleted after a week. Export again.")
    return path, transfer.filename or "export.zip" if part == "export" else f"{transfer.filename}-errors.csv"


async def run_job(attempt: Attempt) -> Write:
    """Run the job of an export; the file is either complete or absent."""
    working = await transfers.take(attempt)
    row = working.transfer
    source = await working.reach(row.database_id, write=False)
    path = file_store.path_of(working.settings, row.id, "export")
    part = path.with_name(path.name + atomic_upload.PART)
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
            write_files = export_scripts.write if row.request["format"] == "sql" else _write_tables
            written = await write_files(working, source, archive)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    size = path.stat().st_size
    attempt.note(f"Exported {len(written)} tables with {sum(file['rows'] for file in written):,} rows.")

    async def write(db: AsyncSession) -> None:
        await transfers.finish(db, working, {"files": written, "size_bytes": size})

    return write


async def _write_tables(
    working: TransferAttempt, source: ReachableDatabase, archive: zipfile.ZipFile
) -> list[dict[str, Any]]:
    """Write the schema and one file for each table; return the name and the number of rows of each."""
    written: list[dict[str, Any]] = []
    request = working.transfer.request
    async with AsyncExitStack() as stack:
        side = await working.open(stack, source)
        await side.reads.begin_read()
        tables = await export_scripts.write_schema(working, source, archive)
        for number, table in enumerate(tables):
            working.report("tables", number, len(tables), table.qualified_name)
            rows = await _write(side, table, request["format"], archive, working)
            written.append({"table": table.qualified_name, "rows": rows})
    return written


async def _write(
    side: CopyEndpoint, table: Relation, form: Form, archive: zipfile.ZipFile, working: TransferAttempt
) -> int:
    """Write one table as a file of the archive; return its number of rows."""
    rows, writer, text = 0, None, _select(side, table)
    entry = zipfile.ZipInfo(f"{table.qualified_name.replace('/', '_')}.{form}", time.localtime()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as out:
        if side.engine.export and form in {"csv", "ndjson"}:
            return await _write_text(side, text, form, out, working)
        async with contextlib.aclosing(_cells(side, text, form)) as batches:
            async for writer, batch in batches:
                if not batch:
                    await asyncio.to_thread(out.write, writer.open())
                    continue
                rows += len(batch)
                await asyncio.to_thread(_append, out, writer, batch)
                working.attempt.check()
        if writer is not None:
            await asyncio.to_thread(out.write, writer.close())
    return rows


def _select(side: CopyEndpoint, table: Relation) -> str:
    quote = side.engine.quote
    names = [side.reads.select_expression(quote(column.name), column.type) for column in table.columns]
    return f"SELECT {', '.join(names)} FROM {quote(table.schema, table.name)}"  # noqa: S608


async def _write_text(side: CopyEndpoint, text: str, form: Any, out: Any, working: TransferAttempt) -> int:
    """Write a table as the text that its server exports; return the number of rows."""
    counts: list[int] = []
    assert side.engine.export
    async for chunk in side.engine.export.chunks(side.session, text, form, UNLIMITED, counts.append):
        await asyncio.to_thread(out.write, chunk)
        working.attempt.check()
    return sum(counts)


async def _cells(side: CopyEndpoint, text: str, form: Form) -> AsyncGenerator[tuple[Any, Sequence[Any]], None]:
    """Yield a writer of a format with no rows, then with each batch of cells."""
    writer = None
    async with contextlib.aclosing(side.session.run(text, None, UNLIMITED)) as frames:
        async for frame in frames:
            if isinstance(frame, Started) and frame.columns is not None:
                writer = WRITERS[form](frame.columns, side.engine.dialect)  # type: ignore[index]
                yield writer, ()
            elif isinstance(frame, Rows) and writer is not None and frame.rows:
                yield writer, frame.rows


def _append(out: Any, writer: Any, rows: Sequence[Any]) -> None:
    out.write(writer.rows(rows))
