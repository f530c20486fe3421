"""Runs SQL on a snapshot in DuckDB, with limits, and returns a result or a file."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pyarrow as pa

from headwater.catalog.results import (
    SAFE_INTEGER,
    Cell,
    Finished,
    Frame,
    Kind,
    Limits,
    Meter,
    QueryCancelled,
    QueryError,
    ResultColumn,
    Row,
    Rows,
    Started,
)
from headwater.core.transfer.writers import Form, Typed, unique
from headwater.features.accounts.rights import Actor
from headwater.features.extracts.service import snapshot_access
from headwater.features.extracts.service.sandboxes import Sandboxes, SandboxTask
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.features.query.service.exports import encode_rows
from headwater.features.query.service.runs import QueryOutcome, collect
from headwater.features.snapshots.service import snapshots
from headwater.store.context import Context

LONGEST_SECONDS = 3600.0
_NUMBERS = re.compile(r"U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)|BIGNUM|VARINT")
_END: Any = object()


@dataclass(frozen=True, slots=True)
class SnapshotQuery:
    """A statement to run on a snapshot, and its limits; `as_text` reads all columns as text."""

    text: str
    limits: Limits = Limits()
    as_text: bool = False
    run_id: uuid.UUID | None = None


async def run(context: Context, actor: Actor, snapshot_id: uuid.UUID, question: SnapshotQuery) -> QueryOutcome:
    """Run a statement and return its result; an error of the statement is part of the outcome."""
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    outcome = QueryOutcome(question.run_id or uuid.uuid4())
    began = time.perf_counter()
    try:
        async with contextlib.aclosing(_frames(context, actor, opened, question, outcome.run_id)) as frames:
            async for frame in frames:
                collect(outcome, frame)
    except (QueryError, QueryCancelled) as error:
        outcome.error = error
    outcome.milliseconds = (time.perf_counter() - began) * 1000
    return outcome


async def export(
    context: Context, actor: Actor, snapshot_id: uuid.UUID, question: SnapshotQuery, form: Form
) -> AsyncIterator[bytes]:
    """Return the whole result as pieces of a file; the first one is awaited here, so that errors can be reported."""
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    question = replace(question, limits=Limits(None, None, LONGEST_SECONDS))
    run_id = question.run_id or uuid.uuid4()
    if form in {"arrow", "parquet"}:
        pieces = _typed(context, actor, opened, question, run_id, form)
    else:
        pieces = _as_text(context, actor, opened, question, run_id, form)
    return await begun(pieces)


async def begun(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Wait for the first piece, so that its errors are raised here, and return all pieces."""
    first = await anext(pieces, b"")

    async def whole() -> AsyncIterator[bytes]:
        try:
            yield first
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

    return whole()


async def cancel(context: Context, actor: Actor, snapshot_id: uuid.UUID, run_id: uuid.UUID) -> None:
    """Cancel a run of the actor."""
    async with context.store.transaction() as db:
        await snapshots.find(db, actor, snapshot_id)
    assert actor.user_id
    await context.service(Sandboxes).cancel(actor.user_id, run_id)


async def _as_text(
    context: Context, actor: Actor, opened: OpenSnapshot, question: SnapshotQuery, run_id: uuid.UUID, form: Form
) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(_frames(context, actor, opened, question, run_id)) as frames:
        async for piece in encode_rows(frames, form):
            yield piece


async def _typed(
    context: Context, actor: Actor, opened: OpenSnapshot, question: SnapshotQuery, run_id: uuid.UUID, form: Any
) -> AsyncGenerator[bytes, None]:
    assert actor.user_id
    order = SandboxTask(question.text, question.limits.seconds or LONGEST_SECONDS, False, question.as_text)
    async with context.service(Sandboxes).acquire(opened, order, actor.user_id, run_id) as sandbox:
        columns = await asyncio.to_thread(sandbox.begin)
        writer: Typed | None = None
        batches = sandbox.batches()
        while (batch := await asyncio.to_thread(next, batches, _END)) is not _END:
            named = batch.rename_columns(unique([name for name, _ in columns]))
            try:
                writer = writer or Typed(form, named.schema)
                piece = await asyncio.to_thread(writer.add, named)
            except pa.ArrowException as error:
                raise QueryError(
                    f"{form} files cannot store this result: {error}", hint="Cast it to VARCHAR."
                ) from error
            if piece:
                yield piece
        if writer is not None:
            yield await asyncio.to_thread(writer.close)


async def _frames(
    context: Context, actor: Actor, opened: OpenSnapshot, question: SnapshotQuery, run_id: uuid.UUID
) -> AsyncGenerator[Frame, None]:
    assert actor.user_id
    began, meter = time.perf_counter(), Meter(question.limits)
    order = SandboxTask(question.text, question.limits.seconds or LONGEST_SECONDS, True, question.as_text)
    async with context.service(Sandboxes).acquire(opened, order, actor.user_id, run_id) as sandbox:
        result = await asyncio.to_thread(sandbox.begin)
        columns = tuple(ResultColumn(name, type_.lower(), _kind(type_)) for name, type_ in result)
        yield Started(0, 0, len(question.text), columns)
        batches = sandbox.batches()
        while not meter.full and (batch := await asyncio.to_thread(next, batches, _END)) is not _END:
            if rows := meter.take(await asyncio.to_thread(rows_of, batch)):
                yield Rows(rows)
    yield Finished(0, "SELECT", meter.rows, None, meter.full, time.perf_counter() - began)


def rows_of(batch: Any) -> list[Row]:
    """Return the rows of a batch as cells; its values are numbers, booleans or texts."""
    return list(zip(*([_cell(value) for value in _values(column)] for column in batch.columns), strict=True))


def _values(column: Any) -> list[Any]:
    """Return the values of a column; 32-bit floats become the 64-bit floats with the same shortest decimal text."""
    if pa.types.is_float32(column.type):
        return [None if text is None else float(text) for text in column.cast(pa.string()).to_pylist()]
    items: list[Any] = column.to_pylist()
    return items


def _cell(value: Any) -> Cell:
    match value:
        case bool() | str() | None:
            return value
        case int():
            return value if -SAFE_INTEGER <= value <= SAFE_INTEGER else str(value)
        case float():
            return _number(value)
        case Decimal():  # integers of more than 64 bits
            return _cell(int(value))
        case _:
            return str(value)


def _number(value: float) -> Cell:
    if value != value:
        return "NaN"
    return value if abs(value) != float("inf") else "Infinity" if value > 0 else "-Infinity"


def _kind(type_: str) -> Kind:
    if _NUMBERS.fullmatch(type_):
        return "number"
    if type_.endswith("]"):
        return "array"
    if type_.startswith(("DATE", "TIME", "INTERVAL")):
        return "time"
    kinds: dict[str, Kind] = {
        "BOOLEAN": "boolean",
        "BLOB": "binary",
        "UUID": "uuid",
        "JSON": "json",
        "VARCHAR": "text",
    }
    return kinds.get(type_, "enum" if type_.startswith("ENUM") else "other")
