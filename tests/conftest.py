"""What server tests share: one real PostgreSQL for the whole run, and an application on top of it for each test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from headwater.entrypoints.server.app import build
from headwater.entrypoints.worker.run import tasks
from headwater.features import collect
from headwater.features.accounts.guard import Server
from headwater.features.accounts.throttle import SignInThrottle
from headwater.features.accounts.tokens import Signer
from headwater.features.jobs.runner import Runner
from headwater.features.jobs.service import workers
from headwater.kit.settings import Settings
from headwater.store import migrations
from headwater.store.embedded import EmbeddedServer
from headwater.store.session import Database

PASSWORD = "seven wooden boats"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A home folder that every operating-system user can reach, which pytest's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="hw-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def store(home: Path) -> Iterator[EmbeddedServer]:
    """The embedded PostgreSQL, running."""
    server = EmbeddedServer(home / "store")
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def store_url(store: EmbeddedServer) -> str:
    """The address of the migrated store, which already has its administrator."""
    url = store.cluster.url()
    migrations.upgrade(url)
    return url


@pytest.fixture
def settings(home: Path, store_url: str) -> Settings:
    """The settings of a test's server."""
    return Settings(home=home, database_url=SecretStr(store_url), max_upload_mb=1)


@dataclass
class Person:
    """Somebody with an account, and a client that is signed in as them."""

    email: str
    client: httpx.AsyncClient
    signed_in: dict[str, Any]
    organization: str = ""
    sample: dict[str, Any] = field(default_factory=dict)

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


@dataclass
class House:
    """A server with its store, and people who use it."""

    server: Server
    stack: contextlib.AsyncExitStack

    async def stranger(self, **headers: str) -> httpx.AsyncClient:
        """Return a client that is not signed in."""
        transport = httpx.ASGITransport(build(self.server), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="https://headwater.test", headers=headers)
        return await self.stack.enter_async_context(client)

    async def person(self, name: str = "person") -> Person:
        """Sign somebody up."""
        client = await self.stranger()
        email = f"{name}{next(_numbers)}@example.org"
        body = {"email": email, "password": PASSWORD, "name": name}
        answer = await client.post("/api/v1/auth/signup", json=body)
        assert answer.status_code == 201, answer.text
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        someone = Person(email, client, answer.json())
        someone.organization = (await someone.get("/auth/me"))["organizations"][0]["id"]
        someone.sample = (await someone.get("/projects"))["items"][0]
        return someone

    async def work(self, job_id: str) -> None:
        """Run one job here and now, as a worker would."""
        import uuid

        runner = Runner(self.server.database, self.server.settings, workers.this_process().id, tasks())
        await runner.run(uuid.UUID(job_id))


@pytest.fixture
async def house(settings: Settings, store_url: str) -> AsyncIterator[House]:
    """A server on the store."""
    database = Database(store_url, pool_size=4)
    welcomes = tuple(module.welcome for module in collect("welcome").values())
    server = Server(settings, database, Signer(settings), SignInThrottle(), welcomes)
    async with contextlib.AsyncExitStack() as stack:
        yield House(server, stack)
    await database.close()
