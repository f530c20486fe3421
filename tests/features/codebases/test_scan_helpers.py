"""Helpers of a large scan: started for other workers, without any effect on its result, and over when it is."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from tests.features.codebases.test_codebases import upload, zipped

from headwater.core.lineage import pipeline
from headwater.core.lineage.cache import Cache
from headwater.features.codebases import tasks
from headwater.features.codebases.service import scan_helpers
from headwater.features.jobs.models import Worker
from headwater.features.jobs.service import workers
from people import AppFixture, Person
from suite.processes import die_with_parent

WITHIN_SECONDS = 240.0
# A worker for which every code base is large.
WORKER = """
from headwater.features.codebases.service import scan_helpers
from headwater.entrypoints.worker.run import main
scan_helpers.ASSIST_BYTES = 1
main()
"""


def code(files: int, seed: str = "") -> bytes:
    """Return an archive in which each file reads two columns of its table."""
    texts = {
        "schema_dot_sql": "".join(f"CREATE TABLE t{n} (id int PRIMARY KEY, a text, b int);\n" for n in range(files))
    }
    for n in range(files):
        query = f"    cursor.execute('SELECT a FROM t{n} WHERE b = %s', (x,))\n"
        texts[f"app__m{n}_dot_py"] = f"# {seed}\n" + "".join(f"def f{k}(cursor, x):\n{query}\n" for k in range(20))
    return zipped(**texts)


@pytest.fixture(autouse=True)
async def quiet(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Every code base is large, and neither jobs nor workers of other tests are left."""
    monkeypatch.setattr(scan_helpers, "ASSIST_BYTES", 1)
    monkeypatch.setattr(tasks, "WATCH_SECONDS", 0.01)
    app.server.settings.scan_processes = 1
    await sql(app, "UPDATE jobs SET state = 'cancelled' WHERE state IN ('pending', 'running')")
    await sql(app, "DELETE FROM workers")
    await sql(app, "DELETE FROM facts_cache")
    yield
    await sql(app, "UPDATE jobs SET state = 'cancelled' WHERE state IN ('pending', 'running')")
    await sql(app, "DELETE FROM workers")


async def sql(app: AppFixture, statement: str, **values: Any) -> None:
    async with app.server.database.transaction() as db:
        await db.execute(text(statement), values)


async def other_workers(app: AppFixture, *hosts: str) -> None:
    async with app.server.database.transaction() as db:
        for host in hosts:
            await workers.beat(db, Worker(id=uuid.uuid4(), host=host, pid=1))


async def helpers(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await person.get("/jobs", kind=scan_helpers.KIND))["items"]
    return items[::-1]


async def started(app: AppFixture, person: Person, content: bytes) -> tuple[dict[str, Any], asyncio.Task[None]]:
    """Upload and begin to scan; return the answer and the running scan."""
    answer = (await upload(person, content)).json()
    return answer, asyncio.create_task(app.work(answer["job"]["id"]))


async def until_helpers(person: Person, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(WITHIN_SECONDS):
        while len(items := await helpers(person)) < count:
            await asyncio.sleep(0.01)
    return items


async def usages(person: Person, codebase: str) -> list[str]:
    answer = await person.client.get(f"/api/v1/codebases/{codebase}/export", params={"format": "csv"})
    assert answer.status_code == 200
    return answer.text.splitlines()


async def messages(person: Person, job: str) -> list[str]:
    return [line["message"] for line in (await person.get(f"/jobs/{job}/log", limit=100))["items"]]


async def scan_alone(app: AppFixture, person: Person, content: bytes) -> list[str]:
    """Return the usages of a scan by one worker that knows nothing."""
    await sql(app, "DELETE FROM workers")
    await sql(app, "DELETE FROM facts_cache")
    answer = (await upload(person, content)).json()
    await app.work(answer["job"]["id"])
    return await usages(person, answer["codebase"]["id"])


async def test_scan_by_three_workers_gives_what_one_gives(app: AppFixture) -> None:
    someone, content = await app.person(), code(45)
    await other_workers(app, "elsewhere", "elsewhere too")
    answer, scan = await started(app, someone, content)
    first, second = await until_helpers(someone, 2)
    assert first["title"] == "Help with the scan of app (part 2 of 3)", first
    await asyncio.gather(scan, app.work(first["id"]), app.work(second["id"]))
    assert (await someone.get(f"/jobs/{answer['job']['id']}"))["state"] == "completed"
    assert {job["state"] for job in await helpers(someone)} <= {"completed", "cancelled"}
    together = await usages(someone, answer["codebase"]["id"])
    assert len(together) == 45 * 20 * 2 + 1
    assert together == await scan_alone(app, someone, content)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let scans that share their work wait, before they compute anything, until this is set."""
    real, go = pipeline.inspect_all, threading.Event()

    def wait(files: Any, digests: Any, cache: Cache) -> Any:
        if cache.share and cache.share.part == 0:
            assert go.wait(WITHIN_SECONDS)
        return real(files, digests, cache)

    monkeypatch.setattr(pipeline, "inspect_all", wait)
    yield go
    go.set()


@pytest.fixture
def endless_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let helpers work until they are told to end."""
    real = pipeline.inspect_all

    def work(files: Any, digests: Any, cache: Cache) -> Any:
        while cache.share and cache.share.part > 0:
            cache.share.check()
            time.sleep(0.01)
        return real(files, digests, cache)

    monkeypatch.setattr(pipeline, "inspect_all", work)


async def entries(app: AppFixture) -> int:
    async with app.server.database.transaction() as db:
        return int((await db.execute(text("SELECT count(*) FROM facts_cache"))).scalar_one())


async def test_scan_computes_nothing_that_its_helper_has_computed(app: AppFixture, held: threading.Event) -> None:
    someone = await app.person()
    await other_workers(app, "elsewhere")
    answer, scan = await started(app, someone, code(30))
    (helper,) = await until_helpers(someone, 1)
    await app.work(helper["id"])
    assert "Nothing is left to do." in await messages(someone, helper["id"])
    before = await entries(app)
    held.set()
    await scan
    assert before > 3 * 30
    assert await entries(app) - before <= 1, "only the endpoints, which no helper computes"
    assert len(await usages(someone, answer["codebase"]["id"])) == 30 * 20 * 2 + 1


@pytest.mark.parametrize(
    ("hosts", "limit", "size", "count"),
    [
        ((), 1, 1, 0),
        (("elsewhere",), None, 10**9, 0),
        (("elsewhere", "here"), None, 1, 1),
        (("elsewhere", "here"), 1, 1, 2),
    ],
    ids=["nobody else", "small", "all cores here are used", "cores are left here"],
)
async def test_as_many_helpers_as_workers_that_can_help(
    app: AppFixture, monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...], limit: int | None, size: int, count: int
) -> None:
    someone = await app.person()
    monkeypatch.setattr(scan_helpers, "ASSIST_BYTES", size)
    monkeypatch.setattr(tasks.socket, "gethostname", lambda: "here")
    app.server.settings.scan_processes = limit
    await other_workers(app, *hosts)
    _, scan = await started(app, someone, code(2))
    await scan
    items = await helpers(someone)
    assert [job["state"] for job in items] == ["cancelled"] * count, "nobody began them, and the scan is over"


@pytest.mark.usefixtures("endless_help")
async def test_helper_ends_with_the_scan(app: AppFixture, held: threading.Event) -> None:
    someone = await app.person()
    await other_workers(app, "elsewhere")
    answer, scan = await started(app, someone, code(4))
    (helper,) = await until_helpers(someone, 1)
    helping = asyncio.create_task(app.work(helper["id"]))
    held.set()
    await asyncio.gather(scan, helping)
    assert (await someone.get(f"/jobs/{answer['job']['id']}"))["state"] == "completed"
    assert (await someone.get(f"/jobs/{helper['id']}"))["state"] == "completed"
    assert "The scan is completed." in await messages(someone, helper["id"])


@pytest.mark.usefixtures("endless_help")
async def test_cancelled_scan_ends_its_helper(app: AppFixture, held: threading.Event) -> None:
    someone = await app.person()
    await other_workers(app, "elsewhere")
    answer, scan = await started(app, someone, code(4))
    (helper,) = await until_helpers(someone, 1)
    helping = asyncio.create_task(app.work(helper["id"]))
    await someone.send("POST", f"/jobs/{answer['job']['id']}/cancel", 202)
    await asyncio.to_thread(app.wait_for_stop_of, answer["job"]["id"])
    held.set()
    await asyncio.gather(scan, helping)
    assert (await someone.get(f"/jobs/{answer['job']['id']}"))["state"] == "cancelled"
    assert "The scan is cancelled." in await messages(someone, helper["id"])


@pytest.mark.usefixtures("endless_help")
async def test_helper_gives_its_worker_to_a_waiting_job(
    app: AppFixture, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = await app.person()
    monkeypatch.setattr(scan_helpers, "PATIENCE_SECONDS", 0.0)
    await other_workers(app, "elsewhere")
    _, scan = await started(app, someone, code(4))
    (helper,) = await until_helpers(someone, 1)
    helping = asyncio.create_task(app.work(helper["id"]))
    waiting = (await upload(someone, code(2, "other"))).json()
    await helping
    assert "Another job waits for a worker." in await messages(someone, helper["id"])
    held.set()
    await scan
    assert (await someone.get(f"/jobs/{waiting['job']['id']}"))["state"] == "pending"


async def test_helper_that_starts_late_does_nothing(app: AppFixture, held: threading.Event) -> None:
    someone = await app.person()
    await other_workers(app, "elsewhere")
    answer, scan = await started(app, someone, code(4))
    (helper,) = await until_helpers(someone, 1)
    held.set()
    await scan
    before, known = await usages(someone, answer["codebase"]["id"]), await entries(app)
    assert (await someone.get(f"/jobs/{helper['id']}"))["state"] == "cancelled"
    refused = await someone.send("POST", f"/jobs/{helper['id']}/retry", 409)
    assert refused["hint"] == "Retry the job that it helped with."
    # A helper that was lost with its worker comes back to the queue after the scan.
    await sql(app, "UPDATE jobs SET state = 'pending' WHERE id = CAST(:id AS uuid)", id=helper["id"])
    await someone.send("POST", f"/codebases/{answer['codebase']['id']}/rescan", 202)  # it keeps no scan waiting
    await sql(app, "UPDATE jobs SET state = 'cancelled' WHERE state = 'pending' AND kind = 'codebase.scan'")
    await app.work(helper["id"])
    assert (await someone.get(f"/jobs/{helper['id']}"))["state"] == "completed"
    assert "The scan is completed." in await messages(someone, helper["id"])
    assert (await usages(someone, answer["codebase"]["id"]), await entries(app)) == (before, known)


async def test_two_large_scans_at_once(app: AppFixture) -> None:
    someone, other = await app.person(), await app.person()
    await other_workers(app, "elsewhere")
    contents = code(20, "one"), code(25, "two")
    (first, scan), (second, other_scan) = [
        await started(app, person, content) for person, content in zip((someone, other), contents, strict=True)
    ]
    (help_first,), (help_second,) = await until_helpers(someone, 1), await until_helpers(other, 1)
    await asyncio.gather(scan, other_scan, app.work(help_first["id"]), app.work(help_second["id"]))
    together = [
        await usages(person, answer["codebase"]["id"]) for person, answer in ((someone, first), (other, second))
    ]
    assert together == [await scan_alone(app, someone, contents[0]), await scan_alone(app, other, contents[1])]


@pytest.mark.usefixtures("endless_help")
async def test_helper_of_a_deleted_codebase_is_cancelled(app: AppFixture, held: threading.Event) -> None:
    someone = await app.person()
    await other_workers(app, "elsewhere", "elsewhere")
    answer, scan = await started(app, someone, code(4))
    first, second = await until_helpers(someone, 2)
    helping = asyncio.create_task(app.work(first["id"]))
    await asyncio.to_thread(app.wait_for_attempt, first["id"])
    await someone.send("DELETE", f"/codebases/{answer['codebase']['id']}", 204)
    held.set()
    await asyncio.gather(scan, helping)
    states = [(await someone.get(f"/jobs/{job['id']}"))["state"] for job in (first, second)]
    assert states[1] == "cancelled"
    assert states[0] in {"cancelled", "completed"}, "told to stop, or saw first that the scan was cancelled"


async def test_attempt_after_a_lost_one_starts_no_second_helper(app: AppFixture, held: threading.Event) -> None:
    someone = await app.person()
    await other_workers(app, "elsewhere", "elsewhere")
    answer, scan = await started(app, someone, code(4))
    await until_helpers(someone, 2)
    async with app.server.database.transaction() as db:
        codebase, job = (uuid.UUID(answer[name]["id"]) for name in ("codebase", "job"))
        assert await scan_helpers.start(db, codebase, job, "here", limited=False) == 3
    assert len(await helpers(someone)) == 2
    held.set()
    await scan


async def test_strangers_and_neighbours_do_not_see_helpers(app: AppFixture, held: threading.Event) -> None:
    someone, neighbour = await app.person(), await app.person("neighbour")
    await other_workers(app, "elsewhere")
    _, scan = await started(app, someone, code(2))
    (helper,) = await until_helpers(someone, 1)
    assert (await (await app.stranger()).get(f"/api/v1/jobs/{helper['id']}")).status_code == 401
    assert (await neighbour.client.get(f"/api/v1/jobs/{helper['id']}")).status_code == 404
    held.set()
    await scan


@pytest.fixture
def worker_processes(app: AppFixture) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two real workers on the store of the test, each with one process for scans."""
    settings = app.server.settings
    assert settings.database_url
    env = os.environ | {
        "HEADWATER_HOME": str(settings.home),
        "HEADWATER_DATABASE_URL": settings.database_url.get_secret_value(),
        "HEADWATER_SCAN_PROCESSES": "1",
        "HEADWATER_LOG_LEVEL": "error",
    }
    started = [subprocess.Popen([sys.executable, "-c", WORKER], env=env, preexec_fn=die_with_parent) for _ in range(2)]
    yield started
    for process in started:
        process.kill()
        process.wait()


async def pid_of_worker(app: AppFixture, job: str) -> int:
    query = "SELECT w.pid FROM jobs j JOIN workers w ON w.id = j.worker_id WHERE j.id = CAST(:job AS uuid)"
    async with app.server.database.transaction() as db:
        return int((await db.execute(text(query), {"job": job})).scalar_one())


async def live_workers(app: AppFixture) -> int:
    async with app.server.database.transaction() as db:
        return int((await db.execute(text("SELECT count(*) FROM workers"))).scalar_one())


async def test_killed_helper_does_not_matter(app: AppFixture, worker_processes: list[subprocess.Popen[bytes]]) -> None:
    someone, content = await app.person(), code(100)
    async with asyncio.timeout(WITHIN_SECONDS):
        while await live_workers(app) < len(worker_processes):
            await asyncio.sleep(0.05)
        answer = (await upload(someone, content)).json()
        job, victim = answer["job"]["id"], ""
        while not victim:
            working = [item["id"] for item in await helpers(someone) if item["progress"].get("phase")]
            victim = working[0] if working else ""
            assert (await someone.get(f"/jobs/{job}"))["state"] in {"pending", "running"}, "over before a kill"
        os.kill(await pid_of_worker(app, victim), signal.SIGKILL)
        while (state := (await someone.get(f"/jobs/{job}"))["state"]) in {"pending", "running"}:
            await asyncio.sleep(0.05)
    done = await someone.get(f"/jobs/{job}")
    assert (state, done["attempts"]) == ("completed", 1), done
    together = await usages(someone, answer["codebase"]["id"])
    assert len(together) == 100 * 20 * 2 + 1
    for process in worker_processes:
        process.kill()
        process.wait()
    await sql(app, "UPDATE jobs SET state = 'cancelled' WHERE state IN ('pending', 'running')")
    assert together == await scan_alone(app, someone, content)
