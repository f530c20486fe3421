"""Open sessions of this process: reused between requests of the same user, never shared between users."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from headwater.engines import Session
from headwater.features.databases.service.reachability import ReachableDatabase, open_session
from headwater.kit.errors import Conflict, HeadwaterError, TooMany
from headwater.kit.network.peers import SESSIONS, Peers
from headwater.kit.settings import Settings
from headwater.store.context import Context

# A session that waits for its user's next request occupies a connection of the database, so it is closed soon.
IDLE_SECONDS = 20.0
# A named session belongs to an editor tab, which may hold an open transaction.
NAMED_IDLE_SECONDS = 600.0
# Of all server processes, if there are two; in each, at least as many as a browser has connections.
PER_USER, LEAST_PER_USER = 12, 6


# Database, user, name of the editor's session or "", and whether its role can only read.
SessionKey: TypeAlias = tuple[uuid.UUID, uuid.UUID, str, bool]


@dataclass(slots=True, eq=False)
class PooledSession:
    """An open session, and the stack that closes it."""

    session: Session
    stack: AsyncExitStack
    key: SessionKey
    busy: bool = True
    used_at: float = field(default_factory=time.monotonic)


class SessionPool:
    """The sessions of one server process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._per_user = max(LEAST_PER_USER, PER_USER // settings.servers)
        self._sessions: list[PooledSession] = []
        self._sweeper: asyncio.Task[None] | None = None

    def counts(self) -> tuple[int, int]:
        """Return how many sessions are in use, and how many wait for their next use."""
        busy = sum(pooled.busy for pooled in self._sessions)
        return busy, len(self._sessions) - busy

    @asynccontextmanager
    async def session(
        self, reached: ReachableDatabase, user_id: uuid.UUID, name: str = "", *, fixed_text: bool = False
    ) -> AsyncIterator[Session]:
        """Yield a session on a database: an idle one of this user, or a new one.

        With a `name`, it is always the same connection, so that a transaction stays open from run to run. Without one,
        the session is reset after use, so that its next user finds no transaction, setting or lock of this one. That of
        a reader always is: it holds no transaction, and its locks could stop others. With `fixed_text`, only statements
        run that Headwater itself writes: then only an open transaction needs a reset.

        Raises:
            Conflict: the named session is busy.
            TooMany: the user has too many sessions open at once.
            Unavailable: the database cannot be reached.
        """
        pooled = self._take((reached.id, user_id, name, bool(reached.reader)))
        if pooled is not None and pooled.session.broken():
            await self._drop(pooled)
            pooled = None
        pooled = pooled or await self._open(reached, user_id, name)
        try:
            yield pooled.session
        except BaseException as error:
            # After an error of the database the connection is still good; after any other error it may not be.
            if (
                not isinstance(error, HeadwaterError)
                or error.status >= 500
                or isinstance(error, asyncio.CancelledError)
            ):
                await self._drop(pooled)
            raise
        finally:
            ends_with_run = not name or bool(reached.reader)
            if ends_with_run and pooled in self._sessions and (not fixed_text or pooled.session.in_transaction):
                await self._reset(pooled)
            pooled.busy, pooled.used_at = False, time.monotonic()

    async def forget(self, database_id: uuid.UUID, user_id: uuid.UUID | None = None, name: str | None = None) -> None:
        """Close the sessions of a database: all, those of one user, or one by name."""
        for pooled in list(self._sessions):
            database, user, called, _ = pooled.key
            if database == database_id and user_id in {None, user} and name in {None, called}:
                await self._drop(pooled)

    async def close(self) -> None:
        """Close all sessions."""
        if self._sweeper:
            self._sweeper.cancel()
        await asyncio.gather(*(self._drop(pooled) for pooled in list(self._sessions)))

    async def _reset(self, pooled: PooledSession) -> None:
        try:
            await pooled.session.reset()
        except HeadwaterError:
            await self._drop(pooled)
        except BaseException:
            await self._drop(pooled)
            raise

    def _take(self, key: SessionKey) -> PooledSession | None:
        for pooled in self._sessions:
            if pooled.key != key:
                continue
            if not pooled.busy:
                pooled.busy = True
                return pooled
            if key[2]:
                raise Conflict("This session is still running a query.", hint="Wait for it, or cancel it.")
        return None

    async def _open(self, reached: ReachableDatabase, user_id: uuid.UUID, name: str) -> PooledSession:
        if sum(pooled.key[1] == user_id for pooled in self._sessions) >= self._per_user:
            await self._make_room(user_id)
        stack = AsyncExitStack()
        session = await stack.enter_async_context(open_session(self._settings, reached))
        pooled = PooledSession(session, stack, (reached.id, user_id, name, bool(reached.reader)))
        self._sessions.append(pooled)
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())
        return pooled

    async def _make_room(self, user_id: uuid.UUID) -> None:
        idle = [pooled for pooled in self._sessions if pooled.key[1] == user_id and not pooled.busy]
        if not idle:
            raise TooMany(
                f"You have {self._per_user} queries running.", hint="Wait for one, or cancel one.", retry_after=5
            )
        await self._drop(min(idle, key=lambda pooled: pooled.used_at))

    async def _drop(self, session: PooledSession) -> None:
        if session in self._sessions:
            self._sessions.remove(session)
            with contextlib.suppress(HeadwaterError, OSError):
                await session.stack.aclose()

    async def _sweep(self) -> None:
        while self._sessions:
            await asyncio.sleep(2.0)
            moment = time.monotonic()
            for pooled in list(self._sessions):
                patience = NAMED_IDLE_SECONDS if pooled.key[2] else IDLE_SECONDS
                if not pooled.busy and moment - pooled.used_at > patience:
                    await self._drop(pooled)


async def end_sessions(context: Context, database_id: uuid.UUID) -> None:
    """Close the sessions of a database in every server process; one that does not answer closes idle ones soon."""
    await context.service(SessionPool).forget(database_id)
    await context.service(Peers).ask_others("DELETE", SESSIONS.format(database_id))
