"""Servers as processes of this machine: a folder and, where we are root, a user for each.

Below `$HEADWATER_HOME/databases`:

<id>.new/      being made; becomes <id>/ as a whole when complete; <id>.gone/ is being removed
<id>.back/     being recovered by a worker, who puts it in the place of <id>/ when it is complete
<id>/owner     the number of the user that its server runs as
<id>/pid       the process that runs and the signal that ends it, to find it again after we were killed
<id>/applied   what role, database and quotas were last made of
<id>/log       what the server printed
templates/     what engines copy
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
from typing import IO

import structlog

from headwater.drivers import Spec, StartFailed, Status
from headwater.engines import Address, Instance, ProvisioningSupport, SessionCounts, all_engines, engine
from headwater.kit import process
from headwater.kit.errors import Unavailable
from headwater.kit.process import Identity

log = structlog.get_logger()
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.002
LOG_BYTES = 10 * 2**20
# Users without a name, one for each database: far above those that systems hand out.
FIRST_UID, UIDS = 700_000_000, 1_000_000_000


class LocalDriver:
    """Runs each database as a child process of ours; see `headwater.drivers.Driver`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._children: dict[uuid.UUID, tuple[subprocess.Popen[bytes], signal.Signals]] = {}
        self._running: set[uuid.UUID] = set()
        self._files: dict[uuid.UUID, asyncio.Task[None]] = {}

    async def prepare(self) -> None:
        """Make the engines' templates."""
        for candidate in all_engines().values():
            if candidate.provisioning and candidate.provisioning.unavailable_reason() is None:
                await asyncio.to_thread(candidate.provisioning.warm_template, self._cache())

    async def create(self, spec: Spec) -> None:
        """Make the database's folder beside its place, and move it there when it is complete."""
        if not self._folder(spec).exists():
            await self._alone(spec, self._make)

    async def _alone(self, spec: Spec, work: Callable[[Spec], None]) -> None:
        """Do work on files in a thread, which goes on when its caller is cancelled: the next one waits for it."""
        before = self._files.get(spec.id)

        async def in_turn() -> None:
            if before:
                await asyncio.gather(before, return_exceptions=True)
            await asyncio.to_thread(work, spec)

        task = self._files[spec.id] = asyncio.create_task(in_turn())
        try:
            await asyncio.shield(task)
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
        """Return a database as its engine knows it, for who works on its files beside its server."""
        return self._instance(spec)

    async def stage(self, spec: Spec) -> Instance:
        """Return the database as one whose files are made by the caller, in an empty folder beside its place."""
        await self.unstage(spec)
        self._cache()
        return self._instance(spec, await asyncio.to_thread(_empty_folder, self._back(spec), spec))

    async def unstage(self, spec: Spec) -> None:
        """Take away what was staged, and end what runs there."""
        if self._back(spec).exists():
            await _end_recorded(self._back(spec))
            await asyncio.to_thread(self._leave, spec)

    def _leave(self, spec: Spec) -> None:
        _engine(spec).clean_up(self._instance(spec, self._back(spec)))
        shutil.rmtree(self._back(spec), ignore_errors=True)

    async def take_in(self, spec: Spec) -> None:
        """Put what was staged, and is complete, in its place."""
        await asyncio.to_thread(_engine(spec).clean_up, self._instance(spec, self._back(spec)))
        (self._back(spec) / "log").unlink(missing_ok=True)
        self._back(spec).rename(self._folder(spec))

    def _back(self, spec: Spec) -> Path:
        return self._root / f"{spec.id}.back"

    async def start(self, spec: Spec) -> None:
        """Start the server, wait until it is ready, and set up what was not set up as it is wanted now."""
        if self.status(spec) == "running":
            return
        await self._end_leftovers(spec)
        instance = self._instance(spec)
        program = await asyncio.to_thread(_engine(spec).server_command, instance)
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
        if _read(instance.folder / "applied") != _wish(spec):
            await self.apply(spec)
        self._running.add(spec.id)

    async def _wait_ready(self, spec: Spec, instance: Instance, child: subprocess.Popen[bytes]) -> None:
        ready = _engine(spec).is_ready
        end = time.monotonic() + START_SECONDS
        while not ready(instance):
            if child.poll() is not None or time.monotonic() >= end:
                await self.stop(spec)
                raise _failure(spec, instance.folder / "log")
            await asyncio.sleep(POLL_SECONDS)

    async def apply(self, spec: Spec) -> None:
        """Make role, database and quotas as wanted, and remember that they are."""
        await _engine(spec).setup(self._instance(spec))
        (self._folder(spec) / "applied").write_text(_wish(spec))

    async def stop(self, spec: Spec) -> None:
        """End the server cleanly, and by force when it does not end."""
        self._running.discard(spec.id)
        if spec.id not in self._children:
            await self._end_leftovers(spec)
            return
        await process.stop(*self._children[spec.id], STOP_SECONDS)
        self._children.pop(spec.id, None)
        (self._folder(spec) / "pid").unlink(missing_ok=True)

    def status(self, spec: Spec) -> Status:
        """Return what is there; a server that is not yet ready does not run."""
        child = self._children.get(spec.id)
        if spec.id in self._running and (child is None or child[0].poll() is None):
            return "running"
        return "stopped" if self._folder(spec).exists() else "absent"

    def dsn(self, spec: Spec) -> Address:
        """Return where the owner connects."""
        return _engine(spec).address(self._instance(spec))

    async def activity(self, spec: Spec) -> SessionCounts:
        """Return what goes on."""
        return await _engine(spec).session_counts(self._instance(spec))

    async def metrics(self, spec: Spec) -> Mapping[str, float]:
        """Return figures of the server."""
        return await _engine(spec).metrics(self._instance(spec))

    async def disk_bytes(self, spec: Spec) -> int:
        """Return the size of the database's folder; what the server printed is cut when it is too much."""
        with contextlib.suppress(OSError):
            if (self._folder(spec) / "log").stat().st_size > LOG_BYTES:
                os.truncate(self._folder(spec) / "log", 0)
        return await asyncio.to_thread(_size, self._folder(spec))

    async def enforce(self, spec: Spec, *, full: bool) -> None:
        """End what breaks the quotas."""
        await _engine(spec).enforce_quotas(self._instance(spec), full=full)

    async def destroy(self, spec: Spec) -> None:
        """End the server and remove its folder, out of sight first."""
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
        """Remove what is half there, and what no row knows once it has been so for the grace period."""
        for path in sorted(self._root.glob("*-*-*-*-*")):
            stem, _, suffix = path.name.partition(".")
            with contextlib.suppress(ValueError):
                unknown = uuid.UUID(stem) not in known
                stray = not suffix and unknown
                if stray and time.time() - path.stat().st_mtime < grace.total_seconds():
                    log.warning("driver.stray", folder=path.name, hint="No database knows these files.")
                elif stray or suffix in {"new", "gone"} or (suffix == "back" and unknown):
                    await _end_recorded(path)
                    await asyncio.to_thread(shutil.rmtree, path, True)

    async def close(self) -> None:
        """End every server, all at once."""
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
        """End a server that outlived us, or what a killed one left of its processes."""
        self._running.discard(spec.id)
        child = self._children.pop(spec.id, None)
        if child is not None:
            await process.stop(*child, STOP_SECONDS)
        await _end_recorded(self._folder(spec))


async def _end_recorded(folder: Path) -> None:
    """End the process group that a folder's pid file names, if it is still that of this folder."""
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
    # Appending: so that a log which is cut goes on at its start.
    return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600), "ab")


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _wish(spec: Spec) -> str:
    wish = repr((spec.name, spec.password, sorted(spec.quotas.items())))
    return hashlib.sha256(wish.encode()).hexdigest()


def _size(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total


def _engine(spec: Spec) -> ProvisioningSupport:
    found = engine(spec.engine)
    if found.provisioning is None:
        raise Unavailable(f"Headwater does not run {found.display_name} itself.")
    if (reason := found.provisioning.unavailable_reason()) is not None:
        raise Unavailable(reason)
    return found.provisioning


def _empty_folder(folder: Path, spec: Spec) -> Path:
    """Make a folder for the files of a database, anew, and note who its server runs as."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o711)
    owner = _owner_of(spec.id, folder)
    if owner:
        (folder / "owner").write_text(str(owner.uid))
    return folder


def _owner_of(id_: uuid.UUID, folder: Path) -> Identity | None:
    """Return the user that a new database's server runs as: its own where the system lets us, else `nobody`."""
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
    said = " ".join(line.replace(str(file.parent), "…") for line in lines)
    return StartFailed(f"The server of {spec.name} does not start.", hint=f"It said: {said}" if said else None)
