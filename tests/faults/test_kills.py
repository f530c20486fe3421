"""kill -9 of the worker and of PostgreSQL during a scan: every scan completes once, within 60 s.

`HEADWATER_TEST_KILLS` says how often each; the suite does a few, `make bench PART=operations` twenty.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from entrypoints.headwater_process import HeadwaterProcess, start_headwater
from headwater.store.cluster import Cluster
from suite import storage
from suite.profiles import rounds

KILLS = rounds("KILLS", 4)
FILES, FUNCTIONS = 240, 40
WITHIN_SECONDS = 240.0


@pytest.fixture(scope="module")
def headwater() -> Iterator[HeadwaterProcess]:
    home = Path(tempfile.mkdtemp(prefix="hw-kill-", dir=storage.disk()))
    with start_headwater(home, HEADWATER_LOG_LEVEL="warning") as running:
        running.sign_up()
        yield running
    shutil.rmtree(home, ignore_errors=True)


def codebase_zip(seed: int) -> bytes:
    """Return a ZIP whose scan takes some seconds; another seed gives other content, so that no cache helps."""
    tables = "\n".join(f"CREATE TABLE t{n} (id int PRIMARY KEY, a{n} text, b{n} int, c{n} date);" for n in range(FILES))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("schema.sql", tables)
        for n in range(FILES):
            functions = [
                f"def f{k}(c, x):\n"
                f"    seed = {seed}\n"
                f"    c.execute('SELECT a{n}, b{n} FROM t{n} WHERE c{n} > %s AND id = %s', (x, {k}))\n"
                for k in range(FUNCTIONS)
            ]
            archive.writestr(f"app/m{n}.py", "\n".join(functions))
    return out.getvalue()


def upload(headwater: HeadwaterProcess, seed: int) -> tuple[str, str]:
    project = headwater.get("/projects")["items"][0]
    answer = headwater.client.post(
        f"/api/v1/projects/{project['id']}/codebases", files={"file": (f"kill{seed}.zip", codebase_zip(seed))}
    )
    assert answer.status_code == 202, answer.text
    return answer.json()["codebase"]["id"], answer.json()["job"]["id"]


def wait_until_working(headwater: HeadwaterProcess, job: str, phase: str) -> None:
    for _ in range(6_000):
        running = headwater.get(f"/jobs/{job}")
        if running["state"] == "running" and running["progress"]["phase"] >= phase:
            return
        assert running["state"] in {"pending", "running"}, f"the scan was over before it could be killed: {running}"
        time.sleep(0.05)
    raise AssertionError("the scan never began")


def check_complete(headwater: HeadwaterProcess, codebase: str, job: str, killed: float, attempts: int) -> None:
    running = headwater.get(f"/jobs/{job}")
    while running["state"] in {"pending", "running"}:
        assert time.monotonic() - killed < WITHIN_SECONDS, running
        time.sleep(0.2)
        running = headwater.get(f"/jobs/{job}")
    assert running["state"] == "completed", running
    assert running["attempts"] >= attempts, "the kill came too late to matter"
    scan = headwater.get(f"/codebases/{codebase}")["scan"]
    assert (scan["tables"], scan["columns"]) == (FILES, FILES * 4)
    assert scan["usages"] == FILES * FUNCTIONS * 4
    with psycopg.connect(Cluster(headwater.home / "store").url()) as connection:
        stored = connection.execute(
            "SELECT count(DISTINCT s.id), count(u.n) FROM scans s LEFT JOIN scan_usages u ON u.scan_id = s.id"
            " WHERE s.codebase_id = %s",
            [codebase],
        ).fetchone()
    assert stored == (1, scan["usages"])


@pytest.mark.parametrize("round_", range(KILLS))
@pytest.mark.parametrize("victim", ["worker", "postgres"])
def test_scan_survives_a_kill(headwater: HeadwaterProcess, victim: str, round_: int) -> None:
    codebase, job = upload(headwater, seed=hash((victim, round_)) % 10_000)
    wait_until_working(headwater, job, "")
    time.sleep(0.3 + 0.35 * (round_ % 6))
    killed = time.monotonic()
    for pid in headwater.pids("headwater worker" if victim == "worker" else "/postgres -D"):
        os.kill(pid, signal.SIGKILL)
    # a worker outlives its store: it waits for it and goes on, in the same attempt
    check_complete(headwater, codebase, job, killed, attempts=2 if victim == "worker" else 1)
    headwater.wait_ready()
    assert not [item for item in headwater.get("/jobs?state=running")["items"] if item["id"] != job]
