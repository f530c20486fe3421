"""A request is followed into its jobs: the log and the audit log name who started them, from where, in which request."""

from __future__ import annotations

import uuid

import pytest
import structlog
from sqlalchemy import text

from headwater.features.jobs import runner as runners
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.runner import Runner
from headwater.features.jobs.service import workers
from headwater.kit.errors import Unavailable
from people import AppFixture


class OperationalError(Exception):
    """What a driver raises when its session was ended."""


async def started_job(app: AppFixture) -> tuple[str, str, str]:
    """Return a job that a request has started, the user, and the user's client address."""
    app.with_sample = True
    someone = await app.person()
    job = (await someone.get("/jobs"))["items"][0]["id"]
    async with app.server.database.transaction() as db:
        origin = (await db.execute(text("SELECT origin FROM jobs WHERE id = :id"), {"id": job})).scalar_one()
    assert origin["email"] == someone.email and origin["door"] == "web" and origin["request_id"]
    return job, someone.signed_in["user"]["id"], origin["address"]


async def run(app: AppFixture, job: str, error: Exception | None) -> None:
    """Run a job whose task fails, or does nothing."""

    async def task(_: Attempt) -> Write:
        if error:
            raise error

        async def write(_: object) -> None:
            structlog.get_logger().warning("task.wrote")

        return write

    await Runner(app.server.context, workers.this_process().id, lambda _: task).run(uuid.UUID(job))


async def test_lines_of_a_job_name_who_started_it(app: AppFixture) -> None:
    job, user, address = await started_job(app)
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await run(app, job, None)
    line = next(each for each in lines if each["event"] == "task.wrote")
    assert (line["job_id"], line["user"], line["address"]) == (job, user, address) and line["request_id"]


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (OperationalError("terminating connection due to administrator command"), "job.interrupted"),
        (ConnectionResetError("reset by peer"), "job.interrupted"),
        (Unavailable("The database does not answer."), "job.failed"),
        (ValueError("a mistake"), "job.crashed"),
    ],
)
async def test_only_mistakes_are_logged_with_a_traceback(
    app: AppFixture, monkeypatch: pytest.MonkeyPatch, error: Exception, event: str
) -> None:
    job, _, _ = await started_job(app)
    monkeypatch.setattr(runners, "log", structlog.get_logger())
    with structlog.testing.capture_logs() as lines:
        await run(app, job, error)
    line = next(each for each in lines if each["event"].startswith("job."))
    assert line["event"] == event
    assert ("exc_info" in line) == (event == "job.crashed")


async def test_end_of_a_job_is_in_the_audit_log(app: AppFixture) -> None:
    job, user, address = await started_job(app)
    await run(app, job, None)
    query = text("SELECT actor_id, ip, door, outcome FROM audit_entries WHERE action = 'job.end' AND resource_id = :id")
    async with app.server.database.transaction() as db:
        row = (await db.execute(query, {"id": job})).one()
    assert (str(row.actor_id), row.ip, row.door, row.outcome) == (user, address, "web", "ok")
