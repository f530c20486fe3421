"""What server tests share: one real PostgreSQL for the whole run, and an application on top of it for each test."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr

import clusters
from app_fixtures import opened, settings_of
from headwater.drivers.local import LocalDriver
from headwater.engines.postgresql import provision
from headwater.entrypoints.server.app import build
from headwater.features.accounts import passwords
from headwater.features.databases.supervisor import control
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.kit import logs
from headwater.kit.settings import Settings
from headwater.store import embedded, migrations
from headwater.store.embedded import EmbeddedServer
from headwater.store.session import Store
from headwater.vault import keys
from people import AppFixture
from suite import storage

pytest_plugins = ["suite.plugin"]
storage.use_memory()
# Servers in memory gain nothing from the disk's word: what is committed outlives a killed server all the same.
# `tests/faults` runs the product as it is, in processes of its own and on the disk.
UNSAFE = {"fsync": "off", "full_page_writes": "off"}
embedded.SERVER_OPTIONS.update(UNSAFE)
provision.SETTINGS = {**provision.SETTINGS, "fsync": "off"}


# httpx looks for this module in every request; the folders are searched again each time it is not installed.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Cheap parameters of argon2 and scrypt: the tests sign up hundreds of people; one test looks at the real ones."""
    logs.configure("error", "text")
    real, cost = passwords._hasher, keys._COST
    passwords._hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    keys._COST = 2**8
    yield
    passwords._hasher, keys._COST = real, cost


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
    """The settings of a test's server, which the test may change."""
    return settings_of(home, store_url)


@pytest.fixture(scope="session")
def application() -> FastAPI:
    """The routes of the server, put together once: that takes longer than most tests ask for."""
    return build()


@pytest.fixture
async def app(settings: Settings, store_url: str, application: FastAPI) -> AsyncIterator[AppFixture]:
    """A server on the store."""
    async with opened(settings, store_url, application) as app:
        yield app


@pytest.fixture
def with_sample(app: AppFixture) -> None:
    """Let everybody who signs up get the sample project."""
    app.with_sample = True


@pytest.fixture(scope="session")
def module_application() -> FastAPI:
    """Another one, for the server of a module: both servers may be open at a time."""
    return build()


@pytest.fixture(scope="module")
async def module_app(home: Path, store_url: str, module_application: FastAPI) -> AsyncIterator[AppFixture]:
    """A server for all tests of a module, where what takes long to make serves more than one of them."""
    async with opened(settings_of(home, store_url), store_url, module_application) as app:
        yield app


@pytest.fixture(scope="session")
def cluster(home: Path) -> Iterator[clusters.Cluster]:
    """A PostgreSQL elsewhere, for tests that are not about databases that Headwater runs."""
    folder = home / "cluster"
    folder.mkdir()
    running = clusters.start(folder)
    yield running
    clusters.remove(running)


@pytest.fixture(scope="session")
async def supervisor(home: Path, store_url: str) -> AsyncIterator[Supervisor]:
    """The supervisor of the tests' databases: as in `headwater proxy`, but for its port."""
    settings = Settings(home=home, database_url=SecretStr(store_url))
    database = Store(store_url, pool_size=3)
    supervisor = Supervisor(settings, database, LocalDriver(home / "databases"))
    await supervisor.begin()
    control_socket = await control.listen(supervisor)

    async def rounds() -> None:
        while True:
            await supervisor.reconcile()
            await asyncio.sleep(1)

    running = asyncio.create_task(rounds())
    yield supervisor
    control_socket.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await supervisor.close()
    await database.close()
