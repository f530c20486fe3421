"""An engine under test, and helpers for its checks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from headwater.catalog.results import UNLIMITED, Cell, Frame, Limits, Row, Rows
from headwater.engines import Address, Engine, Parameters, Session
from headwater.kit.errors import HeadwaterError

# Only a run that hangs is ended by this: on a busy machine a short one takes long.
PATIENCE = 240
READ_ONLY = replace(UNLIMITED, read_only=True)
_ROWS = ", ".join(f"({n}, {n})" for n in range(300))
_INSERT = f"INSERT INTO kept (id, n) VALUES {_ROWS}"  # noqa: S608 (numbers of ours)
MOMENTS = (
    f"CREATE TABLE kept (id INTEGER NOT NULL PRIMARY KEY, n INTEGER); {_INSERT}",
    "DELETE FROM kept WHERE id < 100; UPDATE kept SET n = -1; INSERT INTO kept (id, n) VALUES (999, 999)",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """An engine under test.

    Args:
        engine: the package.
        fresh: yields the address of a new empty database, and deletes the database at the end.
        everything: statements that create every kind of object that the engine's `inspect` reads.
        values: statements that fill the tables of `everything`, and more tables, with values of every type.
        moments: statements that create `kept` with some rows, and that update, insert and delete rows of it.
        refills: statements that create the tables for in-place restores; see `in_place_restore`.
        cells: expressions, and the cell that selecting each gives.
        tricks: texts that try to write to the table `kept`, or to end a read-only run.
        escapes: texts that try to access files, programs or other databases; none may succeed.
    """

    engine: Engine
    fresh: Callable[[], AbstractAsyncContextManager[Address]]
    everything: str = ""
    values: str = ""
    moments: tuple[str, str] = MOMENTS
    refills: str = ""
    cells: Sequence[tuple[str, Cell]] = ()
    tricks: Sequence[str] = ()
    escapes: Sequence[str] = ()


ConformanceCheck: TypeAlias = Callable[[Subject], Awaitable[None]]


@asynccontextmanager
async def connected(subject: Subject, setup: str = "") -> AsyncIterator[Session]:
    """Yield a session on a new database in which some statements were run."""
    async with subject.fresh() as address:
        session = await subject.engine.connect(address)
        try:
            if setup:
                await run_all(session, setup)
            yield session
        finally:
            await session.close()


async def run_all(
    session: Session, text: str, parameters: Parameters = None, limits: Limits = UNLIMITED
) -> list[Frame]:
    """Run a text to its end and return its frames."""
    async with asyncio.timeout(PATIENCE), aclosing(session.run(text, parameters, limits)) as frames:
        return [frame async for frame in frames]


async def rows(session: Session, text: str, parameters: Parameters = None, limits: Limits = UNLIMITED) -> list[Row]:
    """Run a text and return all its rows."""
    frames = await run_all(session, text, parameters, limits)
    return [row for frame in frames if isinstance(frame, Rows) for row in frame.rows]


async def run_refused(session: Session, text: str, limits: Limits = UNLIMITED) -> HeadwaterError:
    """Run a text that must be refused, and return the error."""
    try:
        await run_all(session, text, None, limits)
    except HeadwaterError as error:
        assert error.message.strip(), repr(text)
        return error
    raise AssertionError(f"{text!r} was not refused")
