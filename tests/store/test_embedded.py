"""The embedded PostgreSQL: it requires passwords, is restarted when killed, and leaves nothing when stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from headwater.kit import process
from headwater.kit.errors import Conflict
from headwater.store.cluster import PORT, SOCKET_PATH_LIMIT, Cluster
from headwater.store.embedded import EmbeddedServer


@pytest.fixture
def folder() -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="hw-pg-"))
    yield parent / "store"
    shutil.rmtree(parent, ignore_errors=True)


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None


def test_connections_require_a_password(store: EmbeddedServer) -> None:
    lines = (store.cluster.data / "pg_hba.conf").read_text().splitlines()
    methods = {line.split()[-1] for line in lines if line.strip() and not line.startswith("#")}
    assert methods == {"scram-sha-256"}
    without = f"postgresql://headwater@/headwater?host={store.cluster.socket_folder}"
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(without)


def test_role_is_not_superuser_and_server_has_no_tcp_port(store: EmbeddedServer) -> None:
    url = store.cluster.url()
    privileges = "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert ask(url, privileges) is False
    assert ask(url, "SHOW listen_addresses") == ""
    assert ask(url, "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()") == "headwater"


def test_secret_files_are_private(store: EmbeddedServer) -> None:
    for name in ("headwater.password", "postgres.password", "postgresql.log"):
        assert (store.cluster.folder / name).stat().st_mode & 0o777 == 0o600
    assert store.cluster.data.stat().st_mode & 0o777 == 0o700


def test_long_home_path_gets_a_short_socket_path() -> None:
    far = Cluster(Path("/tmp") / ("deep" * 30) / "store")
    assert len(str(far.socket_folder / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT
    assert far.socket_folder != Cluster(Path("/tmp") / ("deep" * 31) / "store").socket_folder


def test_home_folder_can_be_used_only_once(store: EmbeddedServer) -> None:
    with pytest.raises(Conflict, match="already running"):
        asyncio.run(EmbeddedServer(store.cluster.folder).start())


def test_killed_server_is_restarted_with_its_data(folder: Path) -> None:
    async def scenario() -> int:
        server = EmbeddedServer(folder)
        url = await server.start()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        watching = asyncio.create_task(server.watch())
        for _ in range(2):
            killed = server.pid
            assert killed
            os.kill(killed, signal.SIGKILL)
            async with asyncio.timeout(120):
                while server.pid in {None, killed}:
                    await asyncio.sleep(0.05)
                while True:
                    with contextlib.suppress(psycopg.OperationalError):
                        assert ask(url, "SELECT answer FROM kept") == 42
                        break
                    await asyncio.sleep(0.05)
        watching.cancel()
        last = server.pid
        await server.stop()
        assert last
        return last

    pid = asyncio.run(scenario())
    assert "postgres" not in process.command_line(pid)
    assert not (folder / "pg" / "postmaster.pid").exists()


# The pid of a living process that is not PostgreSQL, as after a reboot of a container; and a file of a server killed
# between creating its file and writing it, which PostgreSQL itself refuses to judge.
@pytest.mark.parametrize(
    "left", [f"{os.getppid()}\n{{data}}\n1\n5432\n\n\n\nready\n", "", "\n"], ids=["other-program", "empty", "line-end"]
)
def test_stale_pid_file_does_not_prevent_the_start(folder: Path, left: str) -> None:
    async def scenario() -> None:
        server = EmbeddedServer(folder)
        await server.start()
        await server.stop()
        (folder / "pg" / "postmaster.pid").write_text(left.format(data=folder / "pg"))
        async with asyncio.timeout(120):
            assert ask(await server.start(), "SELECT 1") == 1
        await server.stop()

    asyncio.run(scenario())


def test_server_that_outlived_its_parent_is_replaced(folder: Path) -> None:
    async def scenario() -> None:
        first = EmbeddedServer(folder)
        await first.start()
        first._lock.release()  # as the kernel does when the supervisor is killed
        second = EmbeddedServer(folder)
        async with asyncio.timeout(120):
            url = await second.start()
        assert second.pid != first.pid
        assert ask(url, "SELECT 1") == 1
        await second.stop()
        await first.stop()

    asyncio.run(scenario())
