"""Runs each statement in a process of its own, which is killed to end it, and limits the number of processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import signal
import socket
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from headwater.catalog.results import QueryCancelled, QueryError, QueryTimeout
from headwater.features.extracts.service.arrow_source import ColumnServer
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.kit import process
from headwater.kit.errors import Conflict, NotFound, TooMany
from headwater.kit.settings import Settings

# MEMORY_MB is DuckDB's own limit; MAPPED_MB limits the whole process, with code, threads and uncounted memory.
MEMORY_MB, MAPPED_MB = 512, 4096
THREADS = 2
# Of all server processes.
AT_ONCE = 4
_MODULE = "headwater.features.extracts.sandbox"


@dataclass(frozen=True, slots=True)
class SandboxTask:
    """A statement to run; with `cells`, values are sent as JSON types or text, otherwise as typed Arrow columns."""

    text: str
    seconds: float
    cells: bool = True
    as_text: bool = False


class Sandbox:
    """A process that runs one statement; `begin` and `batches` block."""

    def __init__(self, opened: OpenSnapshot, order: SandboxTask) -> None:
        self._order = order
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._wire, wire = socket.socketpair()
        self._feeder = ColumnServer(opened, ours, as_text=order.as_text)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the sandbox)
        self._ended: str = ""
        numbers = theirs.fileno(), wire.fileno()
        with theirs, wire:
            self._process = process.spawn(
                [sys.executable, "-I", "-m", _MODULE, *map(str, numbers)],
                death_signal=signal.SIGKILL,
                env={"LANG": "C.UTF-8", "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"},
                cwd=Path(os.sep),
                output=self._errors,
                memory_mb=MAPPED_MB,
                pass_fds=numbers,
            )
        self._closing = threading.Lock()
        self._answer = self._wire.makefile("rb")

    def begin(self) -> list[tuple[str, str]]:
        """Send the task; return the names and types of the result's columns."""
        self._feeder.start()
        order = {
            "text": self._order.text,
            "cells": self._order.cells,
            "memory_mb": MEMORY_MB,
            "threads": THREADS,
            "tables": self._feeder.table_schemas(),
        }
        with contextlib.suppress(OSError):
            self._wire.sendall(json.dumps(order).encode() + b"\n")
        header = self._line()
        if not header.strip():
            self._end(self._line() if header else b"")
        return [(name, type_) for name, type_ in json.loads(header)["columns"]]

    def batches(self) -> Iterator[Any]:
        """Yield the result; raise QueryError, QueryTimeout or QueryCancelled."""
        try:
            with pa.ipc.open_stream(self._answer) as stream:
                yield from stream
        except (pa.ArrowException, OSError):
            self._end(b"")
        self._line()
        self._end(self._line())

    def _line(self) -> bytes:
        try:
            return self._answer.readline()
        except OSError:
            return b""

    def _end(self, line: bytes) -> None:
        """Return if the statement succeeded, otherwise raise the reason."""
        if self._ended == "late":
            raise QueryTimeout(
                f"The query took longer than {self._order.seconds:g} seconds.",
                hint="Query less data, or increase the time limit.",
            )
        if self._ended:
            raise QueryCancelled
        if self._feeder.error:
            raise self._feeder.error
        end = json.loads(line) if line.strip() else None
        if end is None:
            raise QueryError(
                "The query was aborted: it exceeded its memory limit, or DuckDB crashed.",
                hint="Query fewer rows or columns at a time.",
            )
        if "error" in end:
            raise QueryError(end["error"], hint=end.get("hint"), position=end.get("position"))

    def kill(self, why: str) -> None:
        """Kill the process; may be called from any thread."""
        self._ended = self._ended or why
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def cancel(self) -> None:
        """Cancel the statement."""
        self.kill("cancelled")

    def close(self) -> None:
        """Kill the process and release its resources; blocks."""
        with self._closing:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            process.kill_group(self._process.pid)
            self._feeder.stop()
            self._answer.close()
            self._wire.close()
            self._errors.close()


class Sandboxes:
    """The running sandboxes of this server process, by user id and run id."""

    def __init__(self, settings: Settings) -> None:
        self._at_once = -(-AT_ONCE // settings.servers)
        self._running: dict[tuple[uuid.UUID, uuid.UUID], Sandbox] = {}

    @contextlib.asynccontextmanager
    async def acquire(self, opened: OpenSnapshot, order: SandboxTask, user_id: uuid.UUID, run_id: uuid.UUID) -> Any:
        """Provide a sandbox that ends with the block, or when its time limit is over.

        Raises:
            TooMany: the maximum number of sandboxes is running.
            Conflict: a query with this id is running.
        """
        if (user_id, run_id) in self._running:
            raise Conflict("A query with this id is already running.", hint="Use a new id for each query.")
        if len(self._running) >= self._at_once:
            raise TooMany("Too many snapshot queries are running.", hint="Try again in a moment.", retry_after=2)
        sandbox = Sandbox(opened, order)
        self._running[user_id, run_id] = sandbox
        late = asyncio.get_running_loop().call_later(min(order.seconds, math.inf), sandbox.kill, "late")
        try:
            yield sandbox
        finally:
            late.cancel()
            self._running.pop((user_id, run_id), None)
            await asyncio.shield(asyncio.to_thread(sandbox.close))

    async def cancel(self, user_id: uuid.UUID, run_id: uuid.UUID) -> None:
        """Cancel a run of a user, or raise NotFound if it is not running."""
        sandbox = self._running.get((user_id, run_id))
        if sandbox is None:
            raise NotFound("No such query is running.", hint="It may have ended already.")
        await sandbox.cancel()

    async def close(self) -> None:
        """Cancel all running statements."""
        for sandbox in list(self._running.values()):
            await sandbox.cancel()
