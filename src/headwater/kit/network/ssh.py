"""SSH tunnels: one shared connection per configuration, with pinned host keys, closed when nobody uses it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncssh

from headwater.kit.errors import Conflict, Invalid
from headwater.kit.network.guard import NetworkPolicy, resolve
from headwater.kit.network.tunnels import HostKeyChanged, HostKeyUnknown, SshTunnel, TunnelFailed

CONNECT_SECONDS = 15
KEEPALIVE_SECONDS = 15


class _Client(asyncssh.SSHClient):
    """Accepts the pinned host key, and remembers any other host key."""

    def __init__(self, pinned: str | None) -> None:
        self.pinned = (pinned or "").strip()
        self.offered_key: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.offered_key = key
        return self.pinned in {key.get_fingerprint(), text_of(key)} or self.pinned.startswith(text_of(key) + " ")


def text_of(key: asyncssh.SSHKey) -> str:
    """Return a public key in OpenSSH form, without its comment."""
    return " ".join(key.export_public_key("openssh").decode().split()[:2])


@dataclass(slots=True, eq=False)
class _SshConnection:
    """A shared SSH connection: its first user opens it, its last user closes it."""

    users: int = 0
    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    open: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    connection: asyncssh.SSHClientConnection | None = None


_lines: dict[tuple[asyncio.AbstractEventLoop, SshTunnel, NetworkPolicy], _SshConnection] = {}


@contextlib.asynccontextmanager
async def connected(tunnel: SshTunnel, policy: NetworkPolicy) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Yield a connection to the SSH host, over its jump host if it has one; equal configurations share one.

    The first host is resolved and checked here; the hosts behind it are resolved by the host before them. A broken
    connection remains with its current users, and the next user gets a new one.

    Raises:
        HostKeyUnknown: no key is pinned; the error has the host's key.
        HostKeyChanged: another key is pinned.
        TunnelFailed: the host cannot be reached, or refuses the login.
    """
    if tunnel.jump and tunnel.jump.jump:
        raise Invalid({"ssh.jump.jump": "Only one jump host is supported."})
    key = (asyncio.get_running_loop(), tunnel, policy)
    line = _lines.get(key)
    if line is None or (line.connection is not None and line.connection.is_closed()):
        line = _lines[key] = _SshConnection()
    line.users += 1
    try:
        async with line.making:
            if line.connection is None:
                line.connection = await _made(line.open, tunnel, policy)
        yield line.connection
    finally:
        line.users -= 1
        if line.users == 0:
            if _lines.get(key) is line:
                del _lines[key]
            await line.open.aclose()


async def check_forwarding(connection: asyncssh.SSHClientConnection, host: str, port: int, tunnel: SshTunnel) -> None:
    """Open and close the tunnel once, so that problems are reported before a driver uses it."""
    try:
        _, writer = await connection.open_connection(host, port, encoding=None)
    except asyncssh.ChannelOpenError as error:
        raise TunnelFailed(
            f"The SSH host {tunnel.host} cannot reach {host}:{port}.",
            hint="Check the database's host and port as the SSH host sees them, and AllowTcpForwarding.",
        ) from error
    writer.close()


async def _made(
    stack: contextlib.AsyncExitStack, tunnel: SshTunnel, policy: NetworkPolicy
) -> asyncssh.SSHClientConnection:
    """Connect, and register on the stack what closes the connection and its route."""
    async with contextlib.AsyncExitStack() as way:
        before = await way.enter_async_context(connected(tunnel.jump, policy)) if tunnel.jump else None
        host, port = tunnel.host, tunnel.port
        if before is None:
            endpoint = (await resolve(host, port, policy))[0]
            host, port = endpoint.ip, endpoint.port
        connection = await _connect(tunnel, host, port, before)
        way.push_async_callback(_ended, connection)
        stack.push_async_callback(way.pop_all().aclose)
    return connection


async def _ended(connection: asyncssh.SSHClientConnection) -> None:
    connection.abort()
    with contextlib.suppress(OSError, asyncssh.Error):
        await connection.wait_closed()


async def _connect(
    tunnel: SshTunnel, host: str, port: int, before: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    client = _Client(tunnel.host_key)
    try:
        async with asyncio.timeout(CONNECT_SECONDS), _keys(tunnel) as keys:
            connection, _ = await asyncssh.create_connection(
                lambda: client,
                host,
                port,
                tunnel=before or (),
                username=tunnel.user,
                password=tunnel.password,
                client_keys=keys,
                agent_path=None,
                config=None,
                known_hosts=b"",
                preferred_auth=_methods(tunnel),
                keepalive_interval=KEEPALIVE_SECONDS,
                login_timeout=CONNECT_SECONDS,
            )
    except asyncssh.HostKeyNotVerifiable as error:
        raise _unverified(tunnel, client) from error
    except asyncssh.PermissionDenied as error:
        raise TunnelFailed(
            f"The SSH host {tunnel.host} refused the login of {tunnel.user}.", hint="Check user, password or key."
        ) from error
    except (OSError, asyncssh.Error, TimeoutError) as error:
        raise TunnelFailed(
            f"The SSH host {tunnel.host} could not be reached.", hint="Check host, port and firewall."
        ) from error
    return connection


def _unverified(tunnel: SshTunnel, client: _Client) -> Conflict | TunnelFailed:
    if client.offered_key is None:
        return TunnelFailed(f"The SSH host {tunnel.host} sent no host key.")
    if not client.pinned:
        return HostKeyUnknown(tunnel.host, text_of(client.offered_key), client.offered_key.get_fingerprint())
    return HostKeyChanged(
        f"The SSH host {tunnel.host} has another host key than the pinned one.",
        hint=f"Its host key is {client.offered_key.get_fingerprint()}. Ask its administrator before you pin it.",
    )


@contextlib.asynccontextmanager
async def _keys(tunnel: SshTunnel) -> AsyncIterator[list[asyncssh.SSHKey | asyncssh.SSHKeyPair] | None]:
    """Return the keys to log in with: the tunnel's own and the agent's, never those in files of this machine."""
    keys: list[asyncssh.SSHKey | asyncssh.SSHKeyPair] = []
    if tunnel.private_key:
        keys.append(_imported(tunnel.private_key, tunnel.passphrase))
    if not tunnel.use_agent:
        yield keys or None  # with an empty list asyncssh would search for key files
        return
    try:
        agent = await asyncssh.connect_agent()
    except OSError as error:
        raise TunnelFailed("No SSH agent answers.", hint="Start Headwater with SSH_AUTH_SOCK set.") from error
    try:
        keys += await agent.get_keys()
        if not keys:
            raise TunnelFailed("The SSH agent has no key.", hint="Add one with ssh-add.")
        yield keys
    finally:
        agent.close()
        await agent.wait_closed()


def _imported(text: str, passphrase: str | None) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(text, passphrase)
    except asyncssh.KeyEncryptionError as error:
        raise Invalid({"ssh.passphrase": "The passphrase of the private key is missing or wrong."}) from error
    except asyncssh.KeyImportError as error:
        raise Invalid({"ssh.private_key": "This is not a private key."}, hint="Paste the complete file.") from error


def _methods(tunnel: SshTunnel) -> str:
    methods = ["publickey"] if tunnel.private_key or tunnel.use_agent else []
    return ",".join([*methods, *(["password", "keyboard-interactive"] if tunnel.password else [])]) or "none"
