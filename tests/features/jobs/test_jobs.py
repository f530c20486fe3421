"""Jobs: enqueued with their change, fenced, requeued, cancelled, retried, streamed."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.service import identity
from headwater.features.jobs import stream
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.runner import Runner
from headwater.features.jobs.service import attempts, feed, queue, sweep, workers
from headwater.features.jobs.service.feed import JobFeed
from headwater.kit.errors import BadInput
from people import AppFixture, Person

pytestmark = pytest.mark.usefixtures("with_sample")

Work = Callable[[Attempt], Awaitable[None]]


async def stored(db: AsyncSession) -> None:
    await db.execute(text("SELECT 1"))


def task(work: Work) -> Callable[[Attempt], Awaitable[Write]]:
    async def run(attempt: Attempt) -> Write:
        await work(attempt)
        return stored

    return run


async def enqueue(app: AppFixture, person: Person, kind: str = "test.kind") -> str:
    async with app.server.database.transaction() as db:
        token = person.client.headers["authorization"].removeprefix("Bearer ")
        actor = await identity.actor_of_token(app.server.context, app.server.signer, identity.ClientInfo(), token)
        project = await db.get_one(_project(), uuid.UUID(person.project["id"]))
        job = await queue.enqueue(db, actor, project, kind=kind, title="A test")
        return str(job.id)


def _project() -> Any:
    from headwater.features.accounts.models import Project

    return Project


def runner(app: AppFixture, work: Work, worker: uuid.UUID | None = None) -> Runner:
    return Runner(app.server.context, worker or uuid.uuid4(), {"test.kind": task(work)}.__getitem__)


async def run(app: AppFixture, job: str, work: Work) -> None:
    await runner(app, work).run(uuid.UUID(job))


async def nothing(_: Attempt) -> None:
    return None


async def sql(app: AppFixture, query: str, **values: Any) -> Any:
    async with app.server.database.transaction() as db:
        result = await db.execute(text(query), values)
        return result.scalar() if result.returns_rows else None


async def test_successful_job_completes(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)

    async def work(attempt: Attempt) -> None:
        attempt.report("one", 3, 4, unit="steps", message="nearly", detail={"a": 1})
        attempt.note("half way")

    assert (await someone.get(f"/jobs/{job}"))["state"] == "pending"
    await run(app, job, work)
    job_json = await someone.get(f"/jobs/{job}")
    assert (job_json["state"], job_json["attempts"], job_json["error"]) == ("completed", 1, None)
    assert job_json["progress"] == {
        "done": 3,
        "total": 4,
        "unit": "steps",
        "phase": "one",
        "message": "nearly",
        "detail": {"a": 1},
    }
    assert [line["message"] for line in (await someone.get(f"/jobs/{job}/log"))["items"]] == [
        "Started.",
        "half way",
        "Completed.",
    ]
    await run(app, job, nothing)
    assert (await someone.get(f"/jobs/{job}"))["attempts"] == 1, "a finished job is not run again"


async def test_notes_survive_a_failed_pulse(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    storing, over = asyncio.Event(), asyncio.Event()

    async def failing(*_: Any) -> bool:
        storing.set()
        await over.wait()
        raise OSError("the store cannot be reached")

    async def work(attempt: Attempt) -> None:
        attempt.note("half way")
        await storing.wait()
        asyncio.get_running_loop().call_later(0.3, over.set)

    monkeypatch.setattr(attempts, "pulse", failing)
    await run(app, job, work)
    lines = [line["message"] for line in (await someone.get(f"/jobs/{job}/log"))["items"]]
    assert lines == ["Started.", "half way", "Completed."]


async def test_enqueue_is_rolled_back_with_its_transaction(app: AppFixture) -> None:
    someone = await app.person()
    count = "SELECT (SELECT count(*) FROM jobs) * 100000 + (SELECT count(*) FROM procrastinate_jobs)"
    before = await sql(app, count)
    with pytest.raises(RuntimeError, match="no"):
        async with app.server.database.transaction() as db:
            project = await db.get_one(_project(), uuid.UUID(someone.project["id"]))
            token = someone.client.headers["authorization"].removeprefix("Bearer ")
            actor = await identity.actor_of_token(app.server.context, app.server.signer, identity.ClientInfo(), token)
            await queue.enqueue(db, actor, project, kind="test.kind", title="never")
            raise RuntimeError("no")
    assert await sql(app, count) == before


async def test_unexpected_error_is_retried_then_fails(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "BACKOFF_SECONDS", 30.0)
    someone = await app.person()
    job = await enqueue(app, someone)

    async def crash(_: Attempt) -> None:
        raise ZeroDivisionError("by nothing")

    for attempt in (1, 2, 3):
        await run(app, job, crash)
        job_json = await someone.get(f"/jobs/{job}")
        assert (job_json["attempts"], job_json["state"]) == (attempt, "failed" if attempt == 3 else "pending")
    assert job_json["error"] == "An unexpected error occurred (ZeroDivisionError: by nothing)."
    later = "SELECT count(*) FROM procrastinate_jobs WHERE args->>'job_id' = :id AND scheduled_at > now()"
    assert await sql(app, later, id=job) == 2
    again = await someone.send("POST", f"/jobs/{job}/retry", 202)
    assert (again["state"], again["attempts"], again["error"]) == ("pending", 0, None)
    await run(app, job, nothing)
    assert (await someone.get(f"/jobs/{job}"))["state"] == "completed"
    await someone.send("POST", f"/jobs/{job}/retry", 409)


async def test_bad_input_is_not_retried(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)

    async def refuse(_: Attempt) -> None:
        raise BadInput("The archive is empty.", hint="Fill it.")

    await run(app, job, refuse)
    job_json = await someone.get(f"/jobs/{job}")
    assert (job_json["state"], job_json["attempts"], job_json["error"]) == (
        "failed",
        1,
        "The archive is empty. Fill it.",
    )


async def test_pending_job_is_cancelled_at_once(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    assert (await someone.send("POST", f"/jobs/{job}/cancel", 202))["state"] == "cancelled"
    await run(app, job, nothing)
    assert (await someone.get(f"/jobs/{job}"))["attempts"] == 0
    await someone.send("POST", f"/jobs/{job}/cancel", 409)


async def test_running_job_stops_when_cancelled(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    begun = asyncio.Event()

    def loop(attempt: Attempt) -> None:
        for step in range(1000):
            attempt.report("count", step, 1000)
            threading.Event().wait(0.01)

    async def work(attempt: Attempt) -> None:
        begun.set()
        await asyncio.to_thread(loop, attempt)

    running = asyncio.create_task(run(app, job, work))
    await begun.wait()
    async with asyncio.timeout(120):
        while not (done := (await someone.get(f"/jobs/{job}"))["progress"]["done"]):
            await asyncio.sleep(0.05)
    assert done < 1000
    assert (await someone.send("POST", f"/jobs/{job}/cancel", 202))["cancel_requested"] is True
    async with asyncio.timeout(120):
        await running
    job_json = await someone.get(f"/jobs/{job}")
    assert (job_json["state"], job_json["error"]) == ("cancelled", None)


async def test_stopped_worker_requeues_its_job(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    begun = asyncio.Event()

    async def work(attempt: Attempt) -> None:
        begun.set()
        while True:
            attempt.check()
            await asyncio.sleep(0.01)

    worker = runner(app, work)
    running = asyncio.create_task(worker.run(uuid.UUID(job)))
    await begun.wait()
    worker.stop()
    async with asyncio.timeout(120):
        await running
    assert (await someone.get(f"/jobs/{job}"))["state"] == "pending"
    await run(app, job, nothing)
    assert (await someone.get(f"/jobs/{job}"))["state"] == "completed"


async def test_job_of_dead_worker_is_requeued_and_old_attempt_is_fenced(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    wrote: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(attempt: Attempt) -> Write:
        begun.set()
        await go_on.wait()

        async def write(db: AsyncSession) -> None:
            wrote.append("slow")

        return write

    dead = Runner(app.server.context, uuid.uuid4(), {"test.kind": slow}.__getitem__)
    revived = asyncio.create_task(dead.run(uuid.UUID(job)))
    await begun.wait()
    silent = "UPDATE jobs SET heartbeat_at = now() - make_interval(secs => :s) WHERE id = CAST(:id AS uuid)"
    await sql(app, silent, s=workers.DEAD_SECONDS + 1, id=job)
    async with app.server.database.transaction() as db:
        assert await sweep.sweep(db) == 1
    async with app.server.database.transaction() as db:
        assert await sweep.sweep(db) == 0
    assert (await someone.get(f"/jobs/{job}"))["state"] == "pending"
    await run(app, job, nothing)
    go_on.set()
    async with asyncio.timeout(120):
        await revived
    job_json = await someone.get(f"/jobs/{job}")
    assert (job_json["state"], job_json["attempts"]) == ("completed", 2)
    messages = [line["message"] for line in (await someone.get(f"/jobs/{job}/log"))["items"]]
    assert messages.count("Completed.") == 1


async def test_job_that_kills_its_workers_fails(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    limit = (await someone.get(f"/jobs/{job}"))["max_attempts"]
    for number in range(limit):
        assert (await someone.get(f"/jobs/{job}"))["state"] == "pending", number
        async with app.server.database.transaction() as db:
            claimed = await attempts.claim(db, uuid.UUID(job), uuid.uuid4())
            assert claimed
            await attempts.take_back(db, claimed[0], "The worker process ended. The job goes back to the queue.")
    job_json = await someone.get(f"/jobs/{job}")
    assert job_json["state"] == "failed"
    assert job_json["error"] == f"The worker process ended. That was the last of {limit} attempts."


async def test_lost_message_is_sent_again(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    await sql(app, "DELETE FROM procrastinate_jobs WHERE args->>'job_id' = :id", id=job)
    await sql(app, "UPDATE jobs SET queued_at = now() - interval '1 minute' WHERE id = CAST(:id AS uuid)", id=job)
    async with app.server.database.transaction() as db:
        await sweep.sweep(db)
    waiting = "SELECT count(*) FROM procrastinate_jobs WHERE args->>'job_id' = :id AND status = 'todo'"
    assert await sql(app, waiting, id=job) == 1


async def events(person: Person, job: str, **headers: str) -> list[tuple[str, str, Any]]:
    job_json = []
    async with person.client.stream("GET", f"/api/v1/jobs/{job}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text_ = "".join([piece async for piece in answer.aiter_text()])
    for block in text_.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            job_json.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return job_json


async def test_events_can_be_streamed_and_resumed(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    await run(app, job, nothing)
    every = await events(someone, job)
    assert [name for _, name, _ in every] == ["log", "log", "job", "end"]
    assert every[-1][2]["state"] == "completed"
    rest = await events(someone, job, **{"last-event-id": every[0][0]})
    assert [(id_, name) for id_, name, _ in rest] == [(id_, name) for id_, name, _ in every[1:]]
    nothing_new = await events(someone, job, **{"last-event-id": every[-1][0]})
    assert [name for _, name, _ in nothing_new] == ["end"]
    nonsense = await events(someone, job, **{"last-event-id": "'; DROP"})
    assert nonsense == every


@pytest.fixture
def quick_feed(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> JobFeed:
    monkeypatch.setattr(feed, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(feed, "CHECK_SECONDS", 0.0)
    return app.server.context.service(JobFeed)


async def followed(job_feed: JobFeed, job: str, streams: int = 1) -> None:
    """Wait until so many streams have read the job."""
    async with asyncio.timeout(30):
        while not (known := job_feed._jobs.get(uuid.UUID(job))) or len(known.subscriptions) < streams or not known.seen:
            await asyncio.sleep(0.01)


async def test_streams_of_one_job_all_get_what_happens_meanwhile(app: AppFixture, quick_feed: JobFeed) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    streams = [asyncio.create_task(events(someone, job)) for _ in range(5)]
    await followed(quick_feed, job, 5)
    await run(app, job, nothing)
    for stream_ in streams:
        received = await asyncio.wait_for(stream_, 30)
        assert [name for _, name, _ in received if name != "job"] == ["log", "log", "end"]
        assert received[-1][2]["state"] == "completed"
    assert not quick_feed._jobs


@pytest.mark.parametrize("how", ["session", "member", "job", "server"])
async def test_stream_ends_with_the_right_to_it(app: AppFixture, quick_feed: JobFeed, how: str) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    reading = asyncio.create_task(events(someone, job))
    await followed(quick_feed, job)
    if how == "session":
        await someone.send("POST", "/auth/logout", 204)
    elif how == "member":
        await sql(app, "DELETE FROM memberships WHERE organization_id = CAST(:id AS uuid)", id=someone.organization)
    elif how == "job":
        await sql(app, "DELETE FROM jobs WHERE id = CAST(:id AS uuid)", id=job)
    else:
        quick_feed.end_all()
    assert [name for _, name, _ in await asyncio.wait_for(reading, 30)] == ["job"]


async def test_stream_is_limited_in_time_and_by_user(
    app: AppFixture, quick_feed: JobFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    monkeypatch.setattr(stream, "STREAM_SECONDS", 0.0)
    assert [name for _, name, _ in await events(someone, job)] == ["job"]
    monkeypatch.setattr(feed, "FOLLOWED_BY_USER", 0)
    answer = await someone.client.get(f"/api/v1/jobs/{job}/events")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")


async def test_jobs_can_be_filtered_by_state_kind_and_project(app: AppFixture) -> None:
    someone = await app.person()
    job = await enqueue(app, someone)
    for query in (
        {"state": "pending", "kind": "test.kind"},
        {"project_id": someone.project["id"], "kind": "test.kind"},
    ):
        assert [row["id"] for row in (await someone.get("/jobs", **query))["items"]] == [job]
    assert (await someone.get("/jobs", state="failed"))["items"] == []
    assert (await someone.client.get("/api/v1/jobs?state=odd")).status_code == 422


def test_backoff_doubles_and_is_limited() -> None:
    assert 1.6 <= attempts.backoff(1) <= 2.4
    assert 6.4 <= attempts.backoff(3) <= 9.6
    assert attempts.backoff(40) <= attempts.BACKOFF_LIMIT * 1.2
