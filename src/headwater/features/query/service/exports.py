"""Exports: streams complete results in a file format, in constant memory."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from headwater.catalog.dialect import Dialect
from headwater.catalog.results import UNLIMITED, Limits, Rows, Started
from headwater.core.transfer.writers import WRITERS, Form
from headwater.engines import Parameters
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service.audit import Outcome
from headwater.features.query.service import access as doors
from headwater.features.query.service import statement_audit
from headwater.features.query.service.runs import RunningQueries
from headwater.features.query.service.statement_audit import AuditedStatement
from headwater.store.context import Context

MEDIA_TYPES: Mapping[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
SUFFIXES: Mapping[Form, str] = {form: form for form in MEDIA_TYPES}


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A SELECT whose complete result is exported."""

    text: str
    form: Form
    parameters: Parameters = None
    run_id: uuid.UUID | None = None


async def export(
    context: Context, actor: Actor, database_id: uuid.UUID, request: ExportRequest
) -> AsyncIterator[bytes]:
    """Return the chunks of a result. The first one is awaited here, so that an error can still be an error response.

    A later error breaks the stream off: what was sent so far is not a complete file.
    """
    access = await doors.authorize_query(context, actor, database_id)
    chunks = _chunks(context, access, request)
    try:
        first = await anext(chunks)
    except StopAsyncIteration:
        first = b""

    async def whole() -> AsyncIterator[bytes]:
        try:
            yield first
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()

    return whole()


async def _chunks(context: Context, access: doors.Access, request: ExportRequest) -> AsyncGenerator[bytes, None]:
    outcome: Outcome = "failed"
    began = time.perf_counter()
    try:
        async with contextlib.aclosing(_exported(context, access, request)) as chunks:
            async for chunk in chunks:
                yield chunk
        outcome = "ok"
    finally:
        masked = statement_audit.masked(access.reached, request.text)
        if masked.changes and not access.read_only:
            milliseconds = (time.perf_counter() - began) * 1000
            exported = AuditedStatement(masked, outcome, milliseconds=milliseconds)
            await statement_audit.record(context, access, "export", [exported])


async def _exported(context: Context, access: doors.Access, request: ExportRequest) -> AsyncGenerator[bytes, None]:
    limits = Limits(None, None, None, read_only=access.read_only) if access.read_only else UNLIMITED
    run_id = request.run_id or uuid.uuid4()
    async with doors.open_session(context, access) as session:
        with context.service(RunningQueries).cancellable(access.user_id, run_id, session):
            export = access.reached.engine.export
            if request.form in {"csv", "ndjson"} and export and not request.parameters:
                async for chunk in export.chunks(session, request.text, request.form, limits):
                    yield chunk
                return
            async with contextlib.aclosing(session.run(request.text, request.parameters, limits)) as frames:
                async for chunk in encode_rows(frames, request.form, access.reached.engine.dialect):
                    yield chunk


async def encode_rows(frames: AsyncIterator[Any], form: Form, dialect: Dialect | None = None) -> AsyncIterator[bytes]:
    """Yield the encoded rows of the first statement that returns rows.

    Nothing is yielded before there are rows, or none: a statement that fails at its first row can still be refused.
    """
    writer: Any = None
    opening = b""
    async for frame in frames:
        match frame:
            case Started(columns=columns) if columns is not None and writer is None:
                writer = WRITERS[form](columns, dialect)
                opening = writer.open()
            case Rows(rows=rows) if writer is not None:
                if chunk := opening + await asyncio.to_thread(writer.rows, rows):
                    opening = b""
                    yield chunk
            case _:
                continue
    if writer is not None:
        yield opening + await asyncio.to_thread(writer.close)
