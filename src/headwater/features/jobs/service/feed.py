"""What changes in the jobs that clients of this process follow: one query for all, however many clients there are."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import credentials
from headwater.features.accounts.service.credentials import CredentialUse
from headwater.features.jobs import repository
from headwater.features.jobs.models import Job, JobLog
from headwater.features.jobs.service.queue import DONE
from headwater.kit.errors import TooMany
from headwater.kit.settings import Settings
from headwater.store.session import Store

log = structlog.get_logger()
LOOK_SECONDS = 0.4
CHECK_SECONDS = 2.0
LINES_AT_ONCE = 200
FOLLOWED_BY_USER = 1_000
FOLLOWED = 5_000


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a job a client has seen: the version of the row and the last line of the log."""

    version: int = 0
    line: int = 0

    def __str__(self) -> str:
        return f"{self.version}.{self.line}"


@dataclass(frozen=True, slots=True)
class JobNews:
    """What a client that has seen less does not know of a job; `is_last` if nothing will follow."""

    job: Job
    lines: list[JobLog]
    seen: Seen
    is_last: bool


async def read_news(db: AsyncSession, job_id: uuid.UUID, seen: Seen) -> JobNews | None:
    """Return what is new since `seen`, up to LINES_AT_ONCE lines of the log; None if the job does not exist."""
    job = await repository.get(db, job_id)
    if job is None:
        return None
    lines = list(await repository.log_lines(db, job_id, min(seen.line, 2**62), LINES_AT_ONCE))
    displayed = lines[:LINES_AT_ONCE]
    last = displayed[-1].id if displayed else seen.line
    return JobNews(job, displayed, Seen(job.version, last), job.state in DONE and len(lines) <= LINES_AT_ONCE)


@dataclass(eq=False, slots=True)
class Subscription:
    """A client that follows a job: the news that it has not been sent yet, and whether it may read on."""

    user_id: uuid.UUID | None
    credential_id: uuid.UUID | None
    organization_id: uuid.UUID
    job_id: uuid.UUID
    news: list[JobNews] = field(default_factory=list)
    is_over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def deliver(self, news: JobNews) -> None:
        """Add news, and wake the client's stream."""
        self.news.append(news)
        self.changed.set()

    def end(self) -> None:
        """Let the client's stream end."""
        self.is_over = True
        self.changed.set()


@dataclass(slots=True)
class _FollowedJob:
    """A job with its followers; `seen` is what all of them know, None until the first has read the job."""

    subscriptions: set[Subscription] = field(default_factory=set)
    seen: Seen | None = None


class JobFeed:
    """The followed jobs of a process."""

    def __init__(self, settings: Settings) -> None:
        self._jobs: dict[uuid.UUID, _FollowedJob] = {}
        self._by_user: Counter[uuid.UUID | None] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._checked = 0.0

    async def close(self) -> None:
        """Stop reading."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def streams(self) -> int:
        """How many streams of events are open."""
        return self._by_user.total()

    def check_room(self, follower: Actor) -> None:
        """Raise TooMany if the user, or all users together, follow too many jobs."""
        if self._by_user[follower.user_id] >= FOLLOWED_BY_USER or self._by_user.total() >= FOLLOWED:
            raise TooMany("Too many event streams are open.", hint="Close some of them.", retry_after=10)

    @contextlib.contextmanager
    def subscribed(self, follower: Actor, job_id: uuid.UUID, organization_id: uuid.UUID) -> Iterator[Subscription]:
        """Yield a subscription; it gets what changes after `start`, and perhaps what the client knows already."""
        subscription = Subscription(follower.user_id, follower.credential_id, organization_id, job_id)
        job = self._jobs.setdefault(job_id, _FollowedJob())
        job.subscriptions.add(subscription)
        self._by_user[follower.user_id] += 1
        try:
            yield subscription
        finally:
            job.subscriptions.discard(subscription)
            self._by_user[follower.user_id] -= 1
            if not job.subscriptions and self._jobs.get(job_id) is job:
                del self._jobs[job_id]

    async def start(self, store: Store, subscription: Subscription, seen: Seen) -> None:
        """Deliver what the client has not seen, and from then on what changes."""
        async with store.transaction() as db:
            news = await read_news(db, subscription.job_id, seen)
        if news is None:
            subscription.end()
            return
        job = self._jobs[subscription.job_id]
        known = job.seen or news.seen
        job.seen = Seen(min(known.version, news.seen.version), min(known.line, news.seen.line))
        subscription.deliver(news)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(store))

    def end_all(self) -> None:
        """End every subscription: the server stops."""
        for job in self._jobs.values():
            for subscription in job.subscriptions:
                subscription.end()

    async def _run(self, store: Store) -> None:
        while self._jobs:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                async with store.transaction() as db:
                    await self._end_unauthorized(db)
                    await self._look(db)
            except (SQLAlchemyError, OSError) as error:
                log.warning("job_feed.failed", error=str(error.__cause__ or error))

    async def _look(self, db: AsyncSession) -> None:
        seen = {job_id: (job.seen.version, job.seen.line) for job_id, job in self._jobs.items() if job.seen}
        for job_id in await repository.changed_since(db, seen):
            news = await read_news(db, job_id, Seen(*seen[job_id]))
            job = self._jobs.get(job_id)
            if job is None:
                continue
            if news:
                job.seen = news.seen
            for subscription in job.subscriptions:
                subscription.deliver(news) if news else subscription.end()

    async def _end_unauthorized(self, db: AsyncSession) -> None:
        """End the streams of clients whose session or key has ended, or who have left the organization."""
        if time.monotonic() - self._checked < CHECK_SECONDS:
            return
        self._checked = time.monotonic()
        subscriptions = [each for job in self._jobs.values() for each in job.subscriptions]
        uses = {each: CredentialUse(each.credential_id, each.user_id, each.organization_id) for each in subscriptions}
        live = await credentials.live(db, set(uses.values()))
        for subscription in subscriptions:
            if uses[subscription] not in live:
                subscription.end()
