"""What a task gets: the arguments of its job, a way to report progress, and the signal to stop."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM, Actor
from headwater.kit.errors import Cancelled
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.session import Store

# Stores the results of a task; runs in the transaction that also completes the job.
Write: TypeAlias = Callable[[AsyncSession], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt at a job. `report` and `note` may be called from any thread.

    Notes are stored while it runs, by the task that holds `noting`, and at its end, when `ending` is true.
    """

    job_id: uuid.UUID
    project_id: uuid.UUID | None
    codebase_id: uuid.UUID | None
    args: Mapping[str, Any]
    context: Context
    stop: threading.Event = field(default_factory=threading.Event)
    progress: dict[str, Any] = field(default_factory=dict)
    changed: bool = False
    notes: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=1000))
    noting: asyncio.Lock = field(default_factory=asyncio.Lock)
    ending: bool = False
    author: Actor = SYSTEM
    """Who started the job, for the audit log."""

    @property
    def settings(self) -> Settings:
        """The settings of the worker."""
        return self.context.settings

    @property
    def database(self) -> Store:
        """The store."""
        return self.context.store

    def report(
        self,
        phase: str,
        done: int,
        total: int,
        *,
        unit: str = "files",
        message: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Replace the progress that users see; raise Cancelled if the job was cancelled."""
        self.progress = {
            "done": done,
            "total": total,
            "unit": unit,
            "phase": phase,
            "message": message,
            "detail": dict(detail or {}),
        }
        self.changed = True
        self.check()

    def note(self, message: str, level: str = "info") -> None:
        """Add a line to the job's log."""
        self.notes.append((level, message))

    def noted(self, notes: Sequence[tuple[str, str]]) -> None:
        """Remove notes once the transaction that stores them is committed."""
        for note in notes:
            if self.notes and self.notes[0] is note:
                self.notes.popleft()

    async def end(self) -> None:
        """Wait for notes that are being stored, and leave further notes to the end of the attempt."""
        self.ending = True
        async with self.noting:
            pass

    def check(self) -> None:
        """Raise Cancelled if the job was cancelled."""
        if self.stop.is_set():
            raise Cancelled


class Task(Protocol):
    """The function of a kind of job: it does the work and returns the function that stores its results."""

    async def __call__(self, attempt: Attempt) -> Write:
        """Run the job."""
        ...
