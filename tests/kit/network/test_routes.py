"""Routes over real SSH hosts and proxies, and their errors."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import asyncssh
import pytest

from headwater.kit.errors import HeadwaterError, Invalid
from headwater.kit.network import ssh
from headwater.kit.network.guard import TRUSTED, Blocked, NetworkPolicy
from headwater.kit.network.routes import Direct, Proxy, ProxyFailed, Target, open_route
from headwater.kit.network.ssh import text_of
from headwater.kit.network.tunnels import HostKeyChanged, HostKeyUnknown, SshTunnel, TunnelFailed
from suite.profiles import rounds

CUTS = rounds("CUTS", 20, quick=5)


class Door(asyncssh.SSHServer):
    """Lets one user in, and forwards wherever it is asked to."""

    connections: ClassVar[list[asyncssh.SSHServerConnection]] = []

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("ines", "right")

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True


@dataclass
class SshHost:
    port: int
    key: asyncssh.SSHKey
    user_key: asyncssh.SSHKey
    server: asyncssh.SSHAcceptor

    @property
    def tunnel(self) -> SshTunnel:
        return SshTunnel("127.0.0.1", "ines", self.port, password="right", host_key=text_of(self.key))


@pytest.fixture
async def ssh_host() -> AsyncIterator[SshHost]:
    key, user_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    keys = asyncssh.import_authorized_keys(user_key.export_public_key().decode())
    server = await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[key], authorized_client_keys=keys)
    Door.connections.clear()
    yield SshHost(server.get_port(), key, user_key, server)
    server.close()
    await server.wait_closed()


@pytest.fixture
async def echo() -> AsyncIterator[Target]:
    """A server that gives back what it gets."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield Target("127.0.0.1", server.sockets[0].getsockname()[1])
    server.close()


async def said(ip: str, port: int, what: bytes) -> bytes:
    async with asyncio.timeout(120):
        reader, writer = await asyncio.open_connection(ip, port)
        writer.write(what)
        writer.write_eof()
        answer = await reader.read(-1)
        writer.close()
    return answer


async def through(target: Target, route: SshTunnel | Proxy | Direct, what: bytes = b"hello") -> bytes:
    async with open_route(target, route, TRUSTED) as endpoint:
        return await said(endpoint.ip, endpoint.port, what)


async def test_ssh_with_password_and_key(ssh_host: SshHost, echo: Target) -> None:
    large = b"x" * 3_000_000
    assert await through(echo, ssh_host.tunnel, large) == large
    private = ssh_host.user_key.export_private_key(passphrase="locked").decode()
    by_key = replace(ssh_host.tunnel, password=None, private_key=private, passphrase="locked")
    assert await through(echo, by_key) == b"hello"
    by_print = replace(ssh_host.tunnel, host_key=ssh_host.key.get_fingerprint())
    assert await through(echo, by_print) == b"hello"


@pytest.fixture
def agent(ssh_host: SshHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real ssh-agent that holds the user's key."""
    with tempfile.TemporaryDirectory(prefix="hw-agent-") as folder:
        path = Path(folder) / "socket"
        process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        while not path.exists():
            time.sleep(0.01)
        key = Path(folder) / "key"
        key.write_bytes(ssh_host.user_key.export_private_key())
        key.chmod(0o600)
        subprocess.run(["ssh-add", "-q", str(key)], check=True)
        yield
        process.terminate()
        process.wait(120)


@pytest.mark.skipif(not shutil.which("ssh-agent"), reason="no ssh-agent is installed")
async def test_ssh_with_agent(ssh_host: SshHost, echo: Target, agent: None) -> None:
    bare = replace(ssh_host.tunnel, password=None)
    assert await through(echo, replace(bare, use_agent=True)) == b"hello"
    with pytest.raises(TunnelFailed, match="refused the login"):
        await through(echo, bare)


async def test_ssh_with_jump_host(ssh_host: SshHost, echo: Target) -> None:
    assert await through(echo, replace(ssh_host.tunnel, jump=ssh_host.tunnel)) == b"hello"
    twice = replace(ssh_host.tunnel, jump=replace(ssh_host.tunnel, jump=ssh_host.tunnel))
    with pytest.raises(Invalid, match="Only one jump host"):
        await through(echo, twice)


async def test_unknown_and_changed_host_keys_are_rejected(ssh_host: SshHost, echo: Target) -> None:
    with pytest.raises(HostKeyUnknown) as unknown:
        await through(echo, replace(ssh_host.tunnel, host_key=None))
    assert unknown.value.fingerprint == ssh_host.key.get_fingerprint()
    assert await through(echo, replace(ssh_host.tunnel, host_key=unknown.value.key)) == b"hello"
    other = text_of(asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(HostKeyChanged):
        await through(echo, replace(ssh_host.tunnel, host_key=other))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "wrong"}, "refused the login of ines"),
        ({"port": 1}, "could not be reached"),
        ({"password": None, "private_key": "nonsense"}, "not a private key"),
    ],
)
async def test_ssh_errors_are_clear(ssh_host: SshHost, echo: Target, change: dict, sentence: str) -> None:
    with pytest.raises(HeadwaterError, match=sentence) as output:
        await through(echo, replace(ssh_host.tunnel, **change))
    assert "right" not in str(output.value)


async def test_unreachable_target_behind_ssh_host(ssh_host: SshHost) -> None:
    with pytest.raises(TunnelFailed, match="cannot reach"):
        await through(Target("127.0.0.1", 1), ssh_host.tunnel)


async def test_metadata_address_is_blocked_over_tunnel(ssh_host: SshHost) -> None:
    with pytest.raises(Blocked):
        await through(Target("169.254.169.254", 80), ssh_host.tunnel)


async def test_local_ssh_host_is_blocked_for_users(ssh_host: SshHost, echo: Target) -> None:
    with pytest.raises(Blocked):
        async with open_route(echo, ssh_host.tunnel, NetworkPolicy()):
            pass


async def test_lost_tunnel_ends_connections(ssh_host: SshHost, echo: Target) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(CUTS):
        async with open_route(echo, ssh_host.tunnel, TRUSTED) as endpoint:
            reader, writer = await asyncio.open_connection(endpoint.ip, endpoint.port)
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
            waiting = asyncio.create_task(reader.read(1))
            await asyncio.sleep(0)
            for connection in list(Door.connections):
                connection.abort()
            async with asyncio.timeout(120):
                with contextlib.suppress(ConnectionError):
                    assert await waiting == b""
            writer.close()
    await asyncio.sleep(0.2)
    assert len(asyncio.all_tasks()) <= before + 2


async def test_equal_tunnels_share_one_connection(ssh_host: SshHost, echo: Target) -> None:
    async with contextlib.AsyncExitStack() as stack:
        ways = await asyncio.gather(
            *(stack.enter_async_context(open_route(echo, ssh_host.tunnel, TRUSTED)) for _ in range(8))
        )
        assert len(Door.connections) == 1
        assert (
            await asyncio.gather(*(said(recovery_path.ip, recovery_path.port, b"hi") for recovery_path in ways))
            == [b"hi"] * 8
        )
        over = replace(ssh_host.tunnel, jump=ssh_host.tunnel)
        assert await through(echo, over) == b"hello"
        assert len(Door.connections) == 2, "the way to the jump host was there"
        with pytest.raises(TunnelFailed):
            await through(echo, replace(ssh_host.tunnel, password="wrong"))
        assert await through(echo, ssh_host.tunnel) == b"hello", "who is not let in disturbs nobody"
    assert not ssh._lines
    async with asyncio.timeout(120):
        await asyncio.gather(*(connection.wait_closed() for connection in Door.connections))


async def test_lost_connection_is_replaced(ssh_host: SshHost, echo: Target) -> None:
    async with open_route(echo, ssh_host.tunnel, TRUSTED):
        Door.connections[0].abort()
        async with asyncio.timeout(120):
            while not next(iter(ssh._lines.values())).connection.is_closed():
                await asyncio.sleep(0.01)
        assert await through(echo, ssh_host.tunnel) == b"hello"
    assert not ssh._lines


async def test_cancelled_user_does_not_affect_others(ssh_host: SshHost, echo: Target) -> None:
    first = asyncio.create_task(through(echo, ssh_host.tunnel))
    second = asyncio.create_task(through(echo, ssh_host.tunnel))
    while not ssh._lines:
        await asyncio.sleep(0)
    first.cancel()
    assert await second == b"hello"
    assert not ssh._lines


async def proxied(kind: str, echo: Target, *, refuse: bool = False) -> tuple[asyncio.Server, list[str]]:
    """A SOCKS5 or HTTP CONNECT proxy, as small as the protocol allows; it notes where it was asked to go."""
    asked: list[str] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if kind == "http":
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            asked.append(head.split()[1])
            answer = (
                b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n" if refuse else b"HTTP/1.1 200 OK\r\n\r\n"
            )
            writer.write(answer)
        else:
            await reader.readexactly((await reader.readexactly(2))[1])
            writer.write(b"\x05\x00")
            head = await reader.readexactly(4)
            assert head[3] == 1, "an address, not a name: it was resolved and checked by us"
            address = str(ipaddress.ip_address(await reader.readexactly(4)))
            asked.append(f"{address}:{int.from_bytes(await reader.readexactly(2))}")
            writer.write(b"\x05" + (b"\x02" if refuse else b"\x00") + b"\x00\x01" + bytes(6))
        await writer.drain()
        if not refuse:
            far_reader, far_writer = await asyncio.open_connection(echo.host, echo.port)
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
            far_writer.close()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0), asked


@pytest.mark.parametrize("kind", ["socks5", "http"])
async def test_proxy_route(kind: str, echo: Target) -> None:
    server, asked = await proxied(kind, echo)
    route = Proxy(kind, "127.0.0.1", server.sockets[0].getsockname()[1])
    assert await through(echo, route, b"y" * 500_000) == b"y" * 500_000
    assert set(asked) == {f"{echo.host}:{echo.port}"}
    server.close()


@pytest.mark.parametrize("kind", ["socks5", "http"])
async def test_proxy_refusal_is_reported(kind: str, echo: Target) -> None:
    server, _ = await proxied(kind, echo, refuse=True)
    with pytest.raises(ProxyFailed, match="refused the connection"):
        await through(echo, Proxy(kind, "127.0.0.1", server.sockets[0].getsockname()[1]))
    server.close()
