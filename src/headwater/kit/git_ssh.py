"""SSH for git: this process holds the connection, the deploy key and the pinned host key; git gets only a socket.

So the key is never on disk, and the address of the host is checked by the same guard as that of any other tunnel.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh

from headwater.kit.network import ssh
from headwater.kit.network.guard import NetworkPolicy
from headwater.kit.network.tunnels import SshTunnel, TunnelFailed

CHUNK = 65_536
CLIENT = Path(__file__).with_name("git_ssh_client.py")
MAX_REQUEST = 10_000


class DeployKeyRefused(TunnelFailed):
    """The SSH host refused the key."""

    code = "deploy_key_refused"


@contextlib.asynccontextmanager
async def connected(tunnel: SshTunnel, policy: NetworkPolicy) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Yield a connection to the host of a repository.

    Raises:
        HostKeyUnknown, HostKeyChanged: the host key is not, or not the pinned one.
        DeployKeyRefused: the host does not accept the key.
        TunnelFailed, Blocked: the host cannot or may not be reached.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(ssh.connected(tunnel, policy))
        except TunnelFailed as error:
            if not isinstance(error.__cause__, asyncssh.PermissionDenied):
                raise
            raise DeployKeyRefused(
                f"{tunnel.host} refused the deploy key.", hint="Add its public half to the repository as a deploy key."
            ) from error
        yield connection


def command_line(descriptor: int) -> str:
    """Return the command that git runs instead of `ssh`."""
    return shlex.join([sys.executable, "-I", "-S", str(CLIENT), str(descriptor)])


async def relay(connection: asyncssh.SSHClientConnection, end: socket.socket) -> str:
    """Run the one command that git asks for, and pass its bytes on; return what the host wrote as errors."""
    reader, writer = await asyncio.open_connection(sock=end)
    try:
        line = await reader.readline()
        if not line or len(line) > MAX_REQUEST:
            return ""
        request = json.loads(line)
        if not str(request["command"]).startswith("git-upload-pack "):
            return "git wanted to run another command than git-upload-pack."
        env = {"GIT_PROTOCOL": request["protocol"]} if request["protocol"] else {}
        process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(
            request["command"], env=env, encoding=None
        )
        async with asyncio.TaskGroup() as group:
            errors = group.create_task(_tail(process.stderr))
            sending = group.create_task(_send(reader, process))
            await _receive(process, writer)
            sending.cancel()
        process.close()
        return errors.result().decode("utf-8", "replace")
    except (OSError, asyncssh.Error) as error:
        return f"The connection was lost ({type(error).__name__}: {error})."
    finally:
        writer.close()


async def _send(reader: asyncio.StreamReader, process: asyncssh.SSHClientProcess[bytes]) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await reader.read(CHUNK):
            process.stdin.write(data)
            await process.stdin.drain()
        process.stdin.write_eof()


async def _receive(process: asyncssh.SSHClientProcess[bytes], writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await process.stdout.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _tail(stream: asyncssh.SSHReader[bytes]) -> bytes:
    """Read a stream to its end, so that it never blocks the others; return its last part."""
    last = b""
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await stream.read(CHUNK):
            last = (last + data)[-CHUNK:]
    return last
