"""Runs servers as processes of this machine, each with its own folder and, if we are root, its own user.

Below `$HEADWATER_HOME/databases`:

<id>.new/      being created; renamed to <id>/ when complete. <id>.gone/ is being deleted
<id>.back/     being recovered by a worker, which renames it to <id>/ when it is complete
<id>/owner     the id of the user that its server runs as
<id>/pid       the server process and the signal that stops it, to find it again after we were killed
<id>/applied   a hash of the role, database and quotas that were last applied
<id>/log       the output of the server
templates/     templates of engines, which are copied for new databases
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, TypeVar

import structlog

from headwater.drivers import Spec, StartFailed, Status
from headwater.engines import Address, Instance, ProvisioningSupport, ServerCommand, SessionCounts, all_engines, engine
from headwater.kit import process
from headwater.kit.errors import Unavailable
from headwater.kit.process import Identity

T = TypeVar("T")
log = structlog.get_logger()
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.002
LOG_BYTES = 10 * 2**20
# With less free space than this, a server that does not start is reported as a full disk.
SCARCE_BYTES = 16 * 2**20
# User ids without a name, one for each database: far above those that systems assign.
FIRST_UID, UIDS = 700_000_000, 1_000_000_000


class LocalDriver:
    """Runs each database as a child process of ours; see `headwater.drivers.Driver`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._children: dict[uuid.UUID, tuple[subprocess.Popen[bytes], signal.Signals]] = {}
        self._running: set[uuid.UUID] = set()
        self._files: dict[uuid.UUID, asyncio.Task[Any]] = {}

    async def prepare(self) -> None:
        """Create the templates of the engines."""
        for candidate in all_engines().values():
            if candidate.provisioning and candidate.provisioning.unavailable_reason() is None:
                await asyncio.to_thread(candidate.provisioning.warm_template, self._cache())

    async def create(self, spec: Spec) -> None:
        """Create the database in a temporary folder, and rename that when it is complete."""
        if not self._folder(spec).exists():
            await self._alone(spec, self._make)

    async def _alone(self, spec: Spec, work: Callable[[Spec], T]) -> T:
        """Run work on files in a thread, which continues if the caller is cancelled; the next call waits for it."""
        before = self._files.get(spec.id)

        async def in_turn() -> T:
            if before:
                await asyncio.gather(before, return_exceptions=True)
            return await asyncio.to_thread(work, spec)

        task = self._files[spec.id] = asyncio.create_task(in_turn())
        try:
            return await asyncio.shield(task)
        finally:
            if task.done() and self._files.get(spec.id) is task:
                del self._files[spec.id]

    def _make(self, spec: Spec) -> None:
        engine = _engine(spec)
        if self._folder(spec).exists():
            return
        cache = self._cache()
        fresh = _empty_folder(self._root / f"{spec.id}.new", spec)
        engine.create_data_dir(self._instance(spec, fresh), cache)
        fresh.rename(self._folder(spec))

    def instance(self, spec: Spec) -> Instance:
        """Return the engine's view of a database, for callers that work on its files."""
        return self._instance(spec)

    async def stage(self, spec: Spec) -> Instance:
        """Return an instance of the database in an empty staging folder, in which the caller creates its files."""
        await self.unstage(spec)
        self._cache()
        return self._instance(spec, await asyncio.to_thread(_empty_folder, self._back(spec), spec))

    async def unstage(self, spec: Spec) -> None:
        """Stop the server of the staging folder, and delete the folder."""
        if self._back(spec).exists():
            await _end_recorded(self._back(spec))
            await asyncio.to_thread(self._leave, spec)

    def _leave(self, spec: Spec) -> None:
        _engine(spec).clean_up(self._instance(spec, self._back(spec)))
        shutil.rmtree(self._back(spec), ignore_errors=True)

    async def take_in(self, spec: Spec) -> None:
        """Move the complete staging folder to its final path."""
        await asyncio.to_thread(_engine(spec).clean_up, self._instance(spec, self._back(spec)))
        (self._back(spec) / "log").unlink(missing_ok=True)
        self._back(spec).rename(self._folder(spec))

    def _back(self, spec: Spec) -> Path:
        return self._root / f"{spec.id}.back"

    async def start(self, spec: Spec) -> None:
        """Start the server, wait until it is ready, and apply role, database and quotas if they have changed."""
        if self.status(spec) == "running":
            return
        await self._end_leftovers(spec)
        instance = self._instance(spec)
        program = await self._alone(spec, self._command)
        if program is not None:
            with _fresh(instance.folder / "log") as output:
                child = process.spawn(
                    program.command,
                    death_signal=program.stop_signal,
                    identity=instance.owner,
                    env=program.environment,
                    cwd=instance.folder,
                    output=output,
                    memory_mb=program.memory_mb,
                )
            self._children[spec.id] = (child, program.stop_signal)
            (instance.folder / "pid").write_text(f"{child.pid} {int(program.stop_signal)}")
            await self._wait_ready(spec, instance, child)
        if _read(instance.folder / "applied") != _spec_hash(spec):
            await self.apply(spec)
        self._running.add(spec.id)

    def _command(self, spec: Spec) -> ServerCommand | None:
        return _engine(spec).server_command(self._instance(spec))

    async def _wait_ready(self, spec: Spec, instance: Instance, child: subprocess.Popen[bytes]) -> None:
        ready = _engine(spec).is_ready
        end = time.monotonic() + START_SECONDS
        while not ready(instance):
            if child.poll() is not None or time.monotonic() >= end:
                await self.stop(spec)
                raise _failure(spec, instance.folder / "log")
            await asyncio.sleep(POLL_SECONDS)

    async def apply(self, spec: Spec) -> None:
        """Apply role, database and quotas, and record that they are applied."""
        await _engine(spec).setup(self._instance(spec))
        (self._folder(spec) / "applied").write_text(_spec_hash(spec))

    async def stop(self, spec: Spec) -> None:
        """Stop the server cleanly, or by force if it does not stop."""
        self._running.discard(spec.id)
        if spec.id not in self._children:
            await self._end_leftovers(spec)
            return
        await process.stop(*self._children[spec.id], STOP_SECONDS)
        self._children.pop(spec.id, None)
        (self._folder(spec) / "pid").unlink(missing_ok=True)

    def status(self, spec: Spec) -> Status:
        """Return the status; a server that is not ready yet does not count as running."""
        child = self._children.get(spec.id)
        if spec.id in self._running and (child is None or child[0].poll() is None):
            return "running"
        return "stopped" if self._folder(spec).exists() else "absent"

    def dsn(self, spec: Spec) -> Address:
        """Return the address for the owner."""
        return _engine(spec).address(self._instance(spec))

    async def program(self, spec: Spec) -> Address:
        """Return the address at which Headwater itself acts as the owner."""
        return await _engine(spec).program(self._instance(spec))

    async def reader(self, spec: Spec, person: str) -> Address:
        """Return the address for a person who may only read."""
        return await _engine(spec).reader(self._instance(spec), person)

    async def activity(self, spec: Spec) -> SessionCounts:
        """Return the numbers of sessions."""
        return await _engine(spec).session_counts(self._instance(spec))

    async def metrics(self, spec: Spec) -> Mapping[str, float]:
        """Return the metrics of the server."""
        return await _engine(spec).metrics(self._instance(spec))

    async def disk_bytes(self, spec: Spec) -> int:
        """Return the size of the database's folder; the server's log is truncated if it is too large."""
        with contextlib.suppress(OSError):
            if (self._folder(spec) / "log").stat().st_size > LOG_BYTES:
                os.truncate(self._folder(spec) / "log", 0)
        return await asyncio.to_thread(_size, self._folder(spec))

    async def enforce(self, spec: Spec, *, full: bool) -> None:
        """Enforce the quotas."""
        await _engine(spec).enforce_quotas(self._instance(spec), full=full)

    async def destroy(self, spec: Spec) -> None:
        """Stop the server, then rename and delete its folder."""
        await self.unstage(spec)
        if self.status(spec) == "absent" and spec.id not in self._files:
            return
        await self.stop(spec)
        await self._alone(spec, self._remove)

    def _remove(self, spec: Spec) -> None:
        gone = self._root / f"{spec.id}.gone"
        shutil.rmtree(gone, ignore_errors=True)
        if self._folder(spec).exists():
            _engine(spec).clean_up(self._instance(spec))
            self._folder(spec).rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    async def sweep(self, known: Collection[uuid.UUID], grace: timedelta) -> None:
        """Delete incomplete folders, and folders without a row that are older than the grace period."""
        for path in sorted(self._root.glob("*-*-*-*-*")):
            stem, _, suffix = path.name.partition(".")
            with contextlib.suppress(ValueError):
                unknown = uuid.UUID(stem) not in known
                stray = not suffix and unknown
                if stray and time.time() - path.stat().st_mtime < grace.total_seconds():
                    log.warning("driver.unknown_folder", folder=path.name, hint="These files belong to no database.")
                elif stray or suffix in {"new", "gone"} or (suffix == "back" and unknown):
                    await _end_recorded(path)
                    await asyncio.to_thread(shutil.rmtree, path, True)

    async def close(self) -> None:
        """Stop all servers concurrently."""
        self._running.clear()
        children, self._children = dict(self._children), {}
        await asyncio.gather(*(process.stop(child, how, STOP_SECONDS) for child, how in children.values()))

    def _cache(self) -> Path:
        cache = self._root / "templates"
        cache.mkdir(parents=True, exist_ok=True)
        for folder in (self._root, cache):
            folder.chmod(0o711)
        return cache

    def _folder(self, spec: Spec) -> Path:
        return self._root / str(spec.id)

    def _instance(self, spec: Spec, folder: Path | None = None) -> Instance:
        folder = folder or self._folder(spec)
        owner = _recorded_owner(folder)
        return Instance(folder, spec.name, spec.password, owner, spec.quotas, spec.options, spec.archives)

    async def _end_leftovers(self, spec: Spec) -> None:
        """Stop a server that outlived us, or the remaining processes of a killed one."""
        self._running.discard(spec.id)
        child = self._children.pop(spec.id, None)
        if child is not None:
            await process.stop(*child, STOP_SECONDS)
        await _end_recorded(self._folder(spec))


async def _end_recorded(folder: Path) -> None:
    """Stop the process that a folder's pid file names, if it still belongs to this folder."""
    try:
        pid, how = (int(word) for word in (folder / "pid").read_text().split())
    except (OSError, ValueError):
        return
    for attempt in range(400):
        if str(folder) not in process.command_line(pid):
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how if attempt < 200 else signal.SIGKILL)
        await asyncio.sleep(0.05)
    (folder / "pid").unlink(missing_ok=True)


def _fresh(file: Path) -> IO[bytes]:
    # Opened for appending, so that writing continues at the start after the log is truncated.
    return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600), "ab")


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _spec_hash(spec: Spec) -> str:
    content = repr((spec.name, spec.password, sorted(spec.quotas.items())))
    return hashlib.sha256(content.encode()).hexdigest()


def _size(folder: Path) -> int:
    total = 0
    for path, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
    return total


def _engine(spec: Spec) -> ProvisioningSupport:
    details = engine(spec.engine)
    if details.provisioning is None:
        raise Unavailable(f"Headwater cannot run {details.display_name} servers.")
    if (reason := details.provisioning.unavailable_reason()) is not None:
        raise Unavailable(reason)
    return details.provisioning


def _empty_folder(folder: Path, spec: Spec) -> Path:
    """Create an empty folder for the files of a database, and record the user that its server runs as."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o711)
    owner = _owner_of(spec.id, folder)
    if owner:
        (folder / "owner").write_text(str(owner.uid))
    return folder


def _owner_of(id_: uuid.UUID, folder: Path) -> Identity | None:
    """Return the user that a new database's server runs as: its own user id if possible, else `nobody`."""
    if os.geteuid() != 0:
        return None
    uid = FIRST_UID + id_.int % UIDS
    try:
        os.chown(folder, uid, uid)
    except OSError:
        entry = pwd.getpwnam("nobody")
        return Identity("nobody", entry.pw_uid, entry.pw_gid)
    os.chown(folder, 0, 0)
    return Identity(f"database-{uid}", uid, uid)


def _recorded_owner(folder: Path) -> Identity | None:
    try:
        uid = int((folder / "owner").read_text())
    except (OSError, ValueError):
        return None
    gid = pwd.getpwnam("nobody").pw_gid if uid < FIRST_UID else uid
    return Identity(f"database-{uid}", uid, gid)


def _failure(spec: Spec, file: Path) -> StartFailed:
    lines = _read(file).strip().splitlines()[-3:]
    output = " ".join(line.replace(str(file.parent), "…") for line in lines)
    hint = f"Last output: {output}" if output else None
    if shutil.disk_usage(file.parent).free < SCARCE_BYTES:  # then even its output can be missing
        hint = " ".join(filter(None, ("The disk is full: free some space on it.", hint)))
    return StartFailed(f"The server of {spec.name} does not start.", hint=hint)
