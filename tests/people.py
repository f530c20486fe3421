"""People who use a server in a test: signed up, signed in, or strangers."""

from __future__ import annotations

import contextlib
import itertools
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from headwater.entrypoints.worker.run import task_of
from headwater.features import collect
from headwater.features.accounts.guard import AppState
from headwater.features.jobs.context import Attempt
from headwater.features.jobs.runner import Runner
from headwater.features.jobs.service import workers

PASSWORD = "seven wooden boats"
_numbers = itertools.count(1)
_addresses = itertools.count(1)


def hooks() -> tuple[Any, ...]:
    """Return what the features do for a new account: it gets the sample project."""
    return tuple(module.welcome for module in collect("welcome").values())


@dataclass
class Person:
    """Somebody with an account, and a client that is signed in as them."""

    email: str
    client: httpx.AsyncClient
    signed_in: dict[str, Any]
    organization: str = ""
    project: dict[str, Any] = field(default_factory=dict)
    """The project of their own: an empty one, or the sample where a test asks for it."""

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a GET, which must succeed."""
        answer = await self.client.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    async def send(self, method: str, path: str, status: int, **options: Any) -> Any:
        """Send a request that must be answered with a status; return its JSON, if any."""
        answer = await self.client.request(method, f"/api/v1{path}", **options)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def invite(self, guest: Person, role: str) -> dict[str, Any]:
        """Make somebody a member of their organization: invited, and accepted; return the member."""
        path = f"/organizations/{self.organization}"
        invited = await self.send("POST", f"{path}/invitations", 201, json={"email": guest.email, "role": role})
        await guest.send("POST", "/invitations/acceptance", 200, json={"token": invited["token"]})
        members: list[dict[str, Any]] = (await self.get(f"{path}/members"))["items"]
        return next(member for member in members if member["email"] == guest.email)

    async def database(self, engine: str = "postgresql", **given: Any) -> str:
        """Create a database in their project; return its id when it runs."""
        body = {"name": f"d{uuid.uuid4().hex[:8]}", "engine": engine} | given
        path = f"/projects/{self.project['id']}/databases"
        created = await self.send("POST", path, 201, json=body, params={"wait": 60})
        assert created["state"] == "running", (created["state"], created["state_reason"])
        return str(created["id"])

    async def connected(self, url: str) -> str:
        """Connect a database elsewhere to their project; return its id."""
        path = f"/projects/{self.project['id']}/connections"
        created = await self.send(
            "POST", path, 201, json={"name": f"c{uuid.uuid4().hex[:8]}", "connection": {"url": url}}
        )
        return str(created["id"])


@dataclass
class AppFixture:
    """A server with its store, and people who use it."""

    server: AppState
    application: FastAPI
    stack: contextlib.AsyncExitStack
    with_sample: bool = False
    """Whether a new account gets the sample project, whose scan is a job in the queue."""
    organizations: set[str] = field(default_factory=set)
    runners: list[Runner] = field(default_factory=list)

    async def stranger(self, ip: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client that is not signed in, at an address of its own or the given one."""
        number = next(_addresses)
        address = (ip or f"198.{18 + number // 65_536}.{number // 256 % 256}.{number % 256}", 40_000)
        transport = httpx.ASGITransport(self.application, raise_app_exceptions=False, client=address)
        client = httpx.AsyncClient(transport=transport, base_url="https://headwater.test", headers=headers)
        return await self.stack.enter_async_context(client)

    async def sign_up(self, email: str, name: str = "guest") -> tuple[httpx.AsyncClient, httpx.Response]:
        """Make an account, or find out that there is one; return the client and the answer."""
        client = await self.stranger()
        self.application.state.server = replace(self.server, signup_hooks=hooks() if self.with_sample else ())
        body = {"email": email, "password": PASSWORD, "name": name}
        # With mail, the address would have to be confirmed.
        smtp_url, self.server.settings.smtp_url = self.server.settings.smtp_url, None
        try:
            return client, await client.post("/api/v1/auth/signup", json=body)
        finally:
            self.server.settings.smtp_url = smtp_url

    async def person(self, name: str = "person") -> Person:
        """Sign somebody up."""
        email = f"{name}{next(_numbers)}@example.org"
        client, answer = await self.sign_up(email, name)
        assert answer.status_code == 201, answer.text
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        someone = Person(email, client, answer.json())
        someone.organization = (await someone.get("/auth/me"))["organizations"][0]["id"]
        self.organizations.add(someone.organization)
        if self.with_sample:
            someone.project = (await someone.get("/projects"))["items"][0]
        else:
            someone.project = await someone.send("POST", "/projects", 201, json={"name": "Work"})
        return someone

    async def promote(self, person: Person) -> None:
        """Make a user the administrator, who may name folders of the machine."""
        async with self.server.database.transaction() as db:
            await db.execute(text("UPDATE users SET is_admin = true WHERE email = :email"), {"email": person.email})

    async def work(self, job_id: str) -> None:
        """Run one job here and now, as a worker would."""
        runner = Runner(self.server.context, workers.this_process().id, task_of)
        self.runners.append(runner)
        try:
            await runner.run(uuid.UUID(job_id))
        finally:
            self.runners.remove(runner)

    def wait_for_stop(self, seconds: float = 120.0) -> None:
        """Wait in a thread until the job that runs here knows that it was cancelled."""
        for attempt in [attempt for runner in self.runners for attempt in runner._running]:
            assert attempt.stop.wait(seconds), "the job was not told to stop"

    def wait_for_stop_of(self, job_id: str, seconds: float = 120.0) -> None:
        """Wait in a thread until this job, which runs here, knows that it was cancelled."""
        assert self.wait_for_attempt(job_id, seconds).stop.wait(seconds), "the job was not told to stop"

    def wait_for_attempt(self, job_id: str, seconds: float = 120.0) -> Attempt:
        """Wait in a thread until this job runs here; return its attempt."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for attempt in [attempt for runner in list(self.runners) for attempt in list(runner._running)]:
                if str(attempt.job_id) == job_id:
                    return attempt
            time.sleep(0.01)
        raise AssertionError("the job was not begun")
