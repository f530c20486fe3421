"""SQLite files that Headwater manages."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import tempfile
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from headwater.drivers import Spec, local
from headwater.drivers.local import LocalDriver
from headwater.engines.sqlite import ENGINE


async def test_sqlite_instance_lifecycle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "engine", lambda name: ENGINE)
    root = Path(tempfile.mkdtemp(prefix="hw-sqlite-"))
    driver, spec = LocalDriver(root), Spec(uuid.uuid4(), "sqlite", "notes", "", {"disk_mb": 3}, {})
    for _ in range(2):
        await driver.create(spec)
        await driver.start(spec)
    assert driver.status(spec) == "running"
    to = driver.dsn(spec)
    assert to.path and dict(to.options)["max_bytes"] == str(3 * 2**20)
    with closing(sqlite3.connect(to.path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.execute("CREATE TABLE kept (answer int)")
    assert stat.S_IMODE(to.path.stat().st_mode) == 0o600 and stat.S_IMODE(to.path.parent.stat().st_mode) == 0o700
    assert (await driver.metrics(spec))["size_bytes"] > 0 and (await driver.activity(spec)).busy == 0
    await driver.stop(spec)
    assert driver.status(spec) == "stopped"
    await driver.start(spec)
    with closing(sqlite3.connect(to.path)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    await driver.destroy(spec)
    assert not to.path.exists() and driver.status(spec) == "absent"
    shutil.rmtree(root)
