"""The sides of a comparison: a database as it is now, read in one transaction, or a snapshot."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from headwater.catalog.model import Schema
from headwater.core.snapshots import manifest_tables
from headwater.engines import Batch, Engine, SnapshotReader, SnapshotTable
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import reachability
from headwater.features.extracts.service import snapshot_access
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.features.query.service import access
from headwater.kit.errors import BadInput, Unavailable
from headwater.store.context import Context

Result = TypeVar("Result")
GRACE_SECONDS = 5.0  # work that is not told to stop by its own deadline waits for a database
_AGAIN_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class SideReference:
    """What a side is: the id of a database or of a snapshot."""

    kind: str
    id: uuid.UUID

    @property
    def text(self) -> str:
        """The reference as users write it."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class OpenSide:
    """A side that is open for reading."""

    name: str
    engine: Engine
    schema: Schema
    tables: tuple[SnapshotTable, ...]
    read: Callable[[SnapshotTable], Iterator[Batch]]
    cancel: Callable[[], None]


def parse(text: str) -> SideReference:
    """Return what a reference names, or raise BadInput."""
    kind, _, rest = text.partition(":")
    try:
        if kind in {"database", "snapshot"}:
            return SideReference(kind, uuid.UUID(rest))
    except ValueError:
        pass
    raise BadInput(f"{text!r} names no side of a comparison.", hint="Write database:ID or snapshot:ID.")


@contextlib.asynccontextmanager
async def opened(context: Context, actor: Actor, side: SideReference) -> AsyncIterator[OpenSide]:
    """Open a side for an actor who may read it.

    Raises:
        NotFound, Forbidden: it does not exist, or the actor may not read it.
        Conflict: the snapshot is not complete.
        BadInput: databases of this engine cannot be compared.
    """
    if side.kind == "snapshot":
        with ThreadPoolExecutor(2, thread_name_prefix="diffs") as threads:
            yield _of_snapshot(await snapshot_access.open_snapshot(context, actor, side.id), threads)
        return
    allowed = await access.authorize_query(context, actor, side.id)
    reads = allowed.read_only and not allowed.needs_confirmation
    reached = allowed.as_reader() if reads else allowed.reached
    engine = reached.engine
    check(engine)
    assert engine.snapshots
    async with reachability.open_address(context.settings, reached) as address:
        reader = await engine.snapshots.open_reader(address)
        try:
            yield _of_reader(reached.name, engine, reader)
        finally:
            await reader.close()


def check(engine: Engine) -> None:
    """Raise BadInput for an engine whose rows cannot be compared."""
    if engine.snapshots is None or engine.decoding is None or engine.decoding.flattening:
        raise BadInput(f"{engine.display_name} databases cannot be compared yet.")


def _of_reader(name: str, engine: Engine, reader: SnapshotReader) -> OpenSide:
    return OpenSide(name, engine, reader.schema, reader.tables, reader.read, reader.cancel)


def _of_snapshot(opened_: OpenSnapshot, threads: ThreadPoolExecutor) -> OpenSide:
    check(opened_.engine)
    stored = {manifest_tables.display_name(table): table for table in opened_.manifest.tables}
    tables = tuple(map(manifest_tables.dump_table, stored.values()))

    def read(table: SnapshotTable) -> Iterator[Batch]:
        return opened_.stored_rows(stored[table.display_name], threads)

    return OpenSide(opened_.name, opened_.engine, opened_.schema, tables, read, lambda: None)


async def run(sides: tuple[OpenSide, OpenSide], seconds: float, work: Callable[[], Result]) -> Result:
    """Run work that reads both sides in a thread, and end it when it takes too long or is cancelled.

    Raises:
        Unavailable: a database did not answer in time.
    """
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        if not (await asyncio.wait({task}, timeout=seconds + GRACE_SECONDS))[0]:
            await _stop(sides, task)
            raise Unavailable(
                f"The rows could not be read within {seconds:.0f} seconds.",
                hint="Another transaction may have locked a table. Try again later.",
            )
        return task.result()
    except asyncio.CancelledError:
        await _stop(sides, task)
        raise


async def _stop(sides: tuple[OpenSide, OpenSide], task: asyncio.Task[Any]) -> None:
    """Interrupt what is being read until the work has ended: a thread must not outlive its connections."""
    while not task.done():
        for side in sides:
            await asyncio.shield(asyncio.to_thread(side.cancel))
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)
    with contextlib.suppress(Exception):
        task.result()
