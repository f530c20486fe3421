"""The local driver conforms to the driver suite, for every engine that this machine can run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from headwater.drivers import Spec, StartFailed
from headwater.drivers.local import LocalDriver
from headwater.engines import Instance, ServerCommand, all_engines, engine
from headwater.engines.postgresql.binaries import installed
from headwater.kit import process
from headwater.kit.errors import BadInput, HeadwaterError
from headwater.testing.drivers import CHECKS, Check, connects, run

QUOTAS = {"connections": 10, "disk_mb": 1000, "temp_mb": 100, "statement_seconds": 60, "memory_mb": 512}
ENGINES = [
    pytest.param(
        name, marks=pytest.mark.skipif(bool(reason := one.provisioning.unavailable_reason()), reason=str(reason))
    )
    for name, one in all_engines().items()
    if one.provisioning
]


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hw-drv-"))
    folder.chmod(0o755)
    yield folder / "databases"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def driver(root: Path) -> AsyncIterator[LocalDriver]:
    local_driver = LocalDriver(root)
    yield local_driver
    await local_driver.close()
    left = [first for first in psutil.process_iter(["cmdline"]) if str(root) in " ".join(first.info["cmdline"] or [])]
    assert not left, left


def specs(engine: str, **options: str) -> Callable[[], Spec]:
    def new() -> Spec:
        id_ = uuid.uuid4()
        return Spec(id_, engine, f"shop-{id_.hex[:6]}", uuid.uuid4().hex, QUOTAS, options)

    return new


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_local_driver_conforms(driver: LocalDriver, engine: str, check: Check) -> None:
    await check(driver, specs(engine))


async def test_start_waits_for_the_files_that_a_cancelled_start_still_writes(
    driver: LocalDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = specs("redis")()
    await driver.create(spec)
    provisioning = engine("redis").provisioning
    assert provisioning is not None
    write, entered, released, writing = provisioning.server_command, threading.Event(), threading.Event(), []

    def slow(instance: Instance) -> ServerCommand | None:
        writing.append(instance)
        entered.set()
        released.wait(30)
        return write(instance)

    monkeypatch.setattr(type(provisioning), "server_command", lambda _, instance: slow(instance))
    first = asyncio.create_task(driver.start(spec))
    await asyncio.to_thread(entered.wait, 30)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = asyncio.create_task(driver.start(spec))
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(writing) == 1
    released.set()
    await second
    assert len(writing) == 2 and await connects(driver, spec)
    await driver.destroy(spec)


async def test_each_database_has_its_own_user_and_private_files(driver: LocalDriver, root: Path) -> None:
    candidate, two = specs("postgresql")(), specs("postgresql")()
    for spec in (candidate, two):
        await driver.create(spec)
        await driver.start(spec)
    folders = [root / str(spec.id) for spec in (candidate, two)]
    for folder in folders:
        assert stat.S_IMODE((folder / "superuser.password").stat().st_mode) == 0o600
        assert stat.S_IMODE((folder / "log").stat().st_mode) == 0o600
        assert stat.S_IMODE((folder / "pg").stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "run").stat().st_mode) == 0o700
    first, second = ((folder / "superuser.password").read_text() for folder in folders)
    template = (root / "templates" / "postgresql-18" / "superuser.password").read_text()
    assert len({first, second, template}) == 3
    if os.geteuid() == 0:
        owners = [psutil.Process(int((folder / "pid").read_text().split()[0])).uids().real for folder in folders]
        assert len({*owners, 0}) == 3
    for spec in (candidate, two):
        await driver.destroy(spec)


async def test_staged_database_is_absent_until_taken_in(driver: LocalDriver, root: Path) -> None:
    spec, stray = specs("postgresql")(), specs("postgresql")()
    for first in (spec, stray):
        instance = await driver.stage(first)
        assert list(instance.folder.iterdir()) == [instance.folder / "owner"] if instance.owner else []
        assert driver.status(first) == "absent"
    await driver.sweep({spec.id}, timedelta(0))
    assert [path.name for path in root.glob("*.back")] == [f"{spec.id}.back"]  # nobody knows the other one
    await driver.unstage(spec)
    assert not list(root.glob("*.back"))
    await driver.stage(spec)
    await driver.take_in(spec)
    assert driver.status(spec) == "stopped"
    await driver.stage(spec)
    await driver.destroy(spec)
    assert not list(root.glob(f"{spec.id}*"))


async def test_killed_server_is_detected_and_started_again(driver: LocalDriver, root: Path) -> None:
    spec = specs("postgresql")()
    await driver.create(spec)
    await driver.start(spec)
    await run(driver, spec, "CREATE TABLE kept AS SELECT 42 AS answer")
    for _ in range(3):
        os.kill(int((root / str(spec.id) / "pid").read_text().split()[0]), signal.SIGKILL)
        for _ in range(2_000):
            if driver.status(spec) == "stopped":
                break
            await asyncio.sleep(0.01)
        await driver.start(spec)
        await run(driver, spec, "SELECT answer FROM kept")
    await driver.destroy(spec)


async def test_server_killed_before_writing_its_pid_is_started_again(driver: LocalDriver, root: Path) -> None:
    spec = specs("postgresql")()
    await driver.create(spec)
    (root / str(spec.id) / "pg" / "postmaster.pid").touch()
    await driver.start(spec)
    assert await connects(driver, spec)
    await driver.destroy(spec)


async def test_server_that_outlived_its_supervisor_is_replaced(driver: LocalDriver, root: Path) -> None:
    spec = specs("postgresql")()
    await driver.create(spec)
    await driver.start(spec)
    before = int((root / str(spec.id) / "pid").read_text().split()[0])
    second = LocalDriver(root)
    assert second.status(spec) == "stopped"
    await second.start(spec)
    assert not process.command_line(before).startswith("/")
    assert await connects(second, spec)
    await second.destroy(spec)


async def test_failed_start_reports_the_reason_and_leaves_no_process(driver: LocalDriver, root: Path) -> None:
    spec = specs("postgresql")()
    await driver.create(spec)
    (root / str(spec.id) / "pg" / "global" / "pg_control").unlink()
    with pytest.raises(StartFailed, match="does not start") as failure:
        await driver.start(spec)
    assert "pg_control" in (failure.value.hint or "") and str(root) not in (failure.value.hint or "")
    assert driver.status(spec) == "stopped"
    await driver.destroy(spec)


async def test_incomplete_folders_are_swept(driver: LocalDriver, root: Path) -> None:
    spec = specs("postgresql")()
    await driver.create(spec)
    for suffix in ("new", "gone"):
        (root / f"{uuid.uuid4()}.{suffix}" / "pg").mkdir(parents=True)
    await driver.sweep({spec.id}, timedelta(days=1))
    assert {path.name for path in root.iterdir()} == {str(spec.id), "templates"}
    await driver.destroy(spec)


async def test_missing_version_is_reported(driver: LocalDriver, root: Path) -> None:
    for version in ("9", "../../etc"):
        spec = specs("postgresql", version=version)()
        with pytest.raises(BadInput, match="not installed"):
            await driver.create(spec)
        assert driver.status(spec) == "absent"
        with contextlib.suppress(BadInput):
            await driver.destroy(spec)


async def test_system_installation_can_be_selected(driver: LocalDriver) -> None:
    other = [version for version in installed() if version != "18"]
    if not other:
        pytest.skip("no other PostgreSQL is installed on this machine")
    spec = specs("postgresql", version=other[0])()
    await driver.create(spec)
    await driver.start(spec)
    session = await engine("postgresql").connect(driver.dsn(spec))
    assert (await session.ping()).version.startswith(other[0])
    await session.close()
    await driver.destroy(spec)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
async def test_full_disk_is_an_error_and_leaves_no_partial_database() -> None:
    mount = Path(tempfile.mkdtemp(prefix="hw-full-"))
    mount.chmod(0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "none", str(mount)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    driver = LocalDriver(mount / "databases")
    try:
        first, two = specs("postgresql")(), specs("postgresql")()
        with pytest.raises((OSError, HeadwaterError), match=r"[Nn]o space"):
            for spec in (first, two):
                await driver.create(spec)
        assert "absent" in {driver.status(first), driver.status(two)}
        await driver.sweep({first.id, two.id}, timedelta(days=1))
        assert not list(mount.glob("databases/*.new"))
    finally:
        await driver.close()
        subprocess.run(["umount", str(mount)], check=True)
        mount.rmdir()
