"""Exports tables of a snapshot: a single table as a file, several as a ZIP, or an SQL script; always streamed."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from headwater.core.snapshots import manifest_tables, schema_archives, scripts
from headwater.core.transfer.archives import zipped
from headwater.core.transfer.writers import DOCUMENTS, WRITERS, Typed, unique
from headwater.engines import ConversionError, Decoder, ScriptContent
from headwater.features.accounts.rights import Actor
from headwater.features.extracts.service import rows, snapshot_access
from headwater.features.extracts.service.queries import begun
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.features.query.service.exports import MEDIA_TYPES
from headwater.features.snapshots.service import snapshots as noting
from headwater.kit.errors import BadInput
from headwater.store.context import Context
from headwater.vault.manifest import ManifestTable

Form = Literal["sql", "json", "ndjson", "csv", "parquet", "arrow"]
FORMS: tuple[Form, ...] = ("sql", "json", "ndjson", "csv", "parquet", "arrow")
SQL, ARCHIVE = "application/sql; charset=utf-8", "application/zip"
PIECE = 256 * 1024
_END: Any = object()


@dataclass(frozen=True, slots=True)
class File:
    """A file that is being sent: its name, its media type, and its pieces."""

    name: str
    media_type: str
    pieces: AsyncIterator[bytes]


async def export(
    context: Context,
    actor: Actor,
    snapshot_id: uuid.UUID,
    form: Form,
    tables: Sequence[str] | None,
    *,
    action: str = "snapshot.export",
) -> File:
    """Return tables of a snapshot as a file (all if `tables` is None); recorded in the audit log.

    Raises:
        NotFound: a table does not exist.
        BadInput: there is nothing to export.
    """
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    chosen = opened.choose(tables)
    if not chosen and form != "sql":
        raise BadInput("There are no tables to export.", hint="The snapshot contains no tables.")
    async with context.store.transaction() as db:
        row = await noting.find(db, actor, snapshot_id)
        noting.note(db, actor, action, row, format=form, tables=list(tables) if tables is not None else None)
    name = f"{opened.name}-{opened.manifest.finished:%Y%m%d-%H%M%S}"
    if form == "sql":
        return File(f"{name}.sql", SQL, await _streamed(_script, opened, chosen, tables))
    if len(chosen) == 1:
        single = f"{manifest_tables.display_name(chosen[0]).replace('/', '_')}.{form}"
        return File(single, MEDIA_TYPES[form], await _streamed(_table, opened, chosen[0], form))
    return File(f"{name}-{form}.zip", ARCHIVE, await _streamed(_archive, opened, chosen, form))


async def _streamed(make: Any, *what: Any) -> AsyncIterator[bytes]:
    """Return the pieces of a generator that runs in a thread; the first one is awaited here."""
    threads = ThreadPoolExecutor(2, thread_name_prefix="vault-decode")
    stream = make(threads, *what)

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            while (piece := await asyncio.to_thread(next, stream, _END)) is not _END:
                yield piece
        finally:
            await asyncio.shield(asyncio.to_thread(_closed, stream, threads))

    return await begun(pieces())


def _closed(stream: Any, threads: ThreadPoolExecutor) -> None:
    with contextlib.suppress(RuntimeError, ValueError):
        stream.close()
    threads.shutdown(wait=True, cancel_futures=True)


def _script(
    threads: ThreadPoolExecutor, opened: OpenSnapshot, tables: Sequence[ManifestTable], names: Sequence[str] | None
) -> Iterator[bytes]:
    if opened.engine.script is None:
        raise BadInput(
            f"Snapshots of {opened.engine.display_name} cannot be exported as SQL.",
            hint="Export the rows as JSON instead.",
        )
    began = f"{opened.manifest.started:%Y-%m-%d %H:%M:%S} UTC"
    yield f"-- {_line(opened.name)}, {opened.manifest.product}, as it was at {began}\n".encode()
    filled = ((manifest_tables.dump_table(table), opened.stored_rows(table, threads)) for table in tables)
    archive = schema_archives.read(opened.vault, opened.manifest)
    content = ScriptContent(opened.schema, filled, opened.manifest.extras, archive)
    every = [manifest_tables.dump_table(table) for table in opened.manifest.tables]
    chosen = None if names is None else [manifest_tables.display_name(table) for table in tables]
    yield from _larger(scripts.pieces(opened.engine.script, content, every, chosen))


def _line(text: str) -> str:
    return " ".join(text.split())


def _larger(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces into larger ones."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _archive(
    threads: ThreadPoolExecutor, opened: OpenSnapshot, tables: Sequence[ManifestTable], form: Form
) -> Iterator[bytes]:
    files = (
        (f"{manifest_tables.display_name(table)}.{form}", _table(threads, opened, table, form)) for table in tables
    )
    return zipped(files)


def _table(threads: ThreadPoolExecutor, opened: OpenSnapshot, table: ManifestTable, form: Any) -> Iterator[bytes]:
    if form in {"parquet", "arrow"}:
        yield from _typed(threads, opened, table, form)
        return
    # In JSON formats, a row of a collection is written as its document.
    whole = [
        index for index, decoder in enumerate(opened.decoders(table)) if decoder.whole_document and form in DOCUMENTS
    ]
    writer = DOCUMENTS[form]() if whole else WRITERS[form](opened.columns(table), opened.engine.dialect)
    yield writer.open()
    for batch in opened.rows(table, threads, whole or None):
        yield writer.rows(rows.cells(opened, table, batch, whole or None))
    yield writer.close()


def _typed(threads: ThreadPoolExecutor, opened: OpenSnapshot, table: ManifestTable, form: Any) -> Iterator[bytes]:
    """Write a table with typed columns; a column with a value that does not fit its type is written as text."""
    decoders = opened.decoders(table)
    texts = _misfit_columns(threads, opened, table, decoders)
    names = unique([column.name for column in opened.readable(table)])
    types = [pa.string() if index in texts else decoder.type for index, decoder in enumerate(decoders)]
    schema = pa.schema(list(zip(names, types, strict=True)))
    writer = Typed(form, schema)
    for batch in opened.rows(table, threads):
        columns = [
            (decoder.text if index in texts else decoder.values)(batch.column(index))
            for index, decoder in enumerate(decoders)
        ]
        if columns:
            yield writer.add(pa.record_batch(columns, schema=schema))
    yield writer.close()


def _misfit_columns(
    threads: ThreadPoolExecutor, opened: OpenSnapshot, table: ManifestTable, decoders: Sequence[Decoder]
) -> set[int]:
    """Return the columns with a value that does not fit their type; reads only columns that may have one."""
    asked = [index for index, decoder in enumerate(decoders) if decoder.may_fail]
    misfits: set[int] = set()
    if not asked:
        return misfits
    for batch in opened.rows(table, threads, asked):
        for at, index in enumerate(asked):
            if index not in misfits and not _fits(decoders[index], batch.column(at)):
                misfits.add(index)
    return misfits


def _fits(decoder: Decoder, texts: Any) -> bool:
    try:
        decoder.values(texts)
    except ConversionError:
        return False
    return not decoder.has_infinity(texts)
