"""The server processes of one Headwater: which of them keeps what is in the memory of one only, and how to ask it.

`headwater up` numbers them from 0, and each listens on a Unix socket of its own. The owner of a key follows from the
key, so all processes agree about it without a word, also when one of them was restarted.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

from headwater.kit.errors import Unavailable
from headwater.kit.network.unix_sockets import private_path
from headwater.kit.settings import Settings

log = structlog.get_logger()
CONNECT_SECONDS, NOTICE_SECONDS = 5.0, 3.0
# Paths that only other server processes can reach.
METRICS = "/private/metrics"
SESSIONS = "/private/databases/{}/sessions"


@dataclass(frozen=True, slots=True)
class PeerRequest:
    """A request to another server process; `target` is its path with its query string."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class Peers:
    """The server processes besides this one.

    Args:
        settings: how many there are, and their home folder.
        number: which of them this process is; None if it is none of them, such as a worker.
    """

    def __init__(self, settings: Settings, number: int | None = None) -> None:
        self._settings = settings
        self._number = number
        self._clients: dict[int, httpx.AsyncClient] = {}

    @property
    def others(self) -> Sequence[int]:
        """The numbers of the other server processes."""
        count = self._settings.servers
        return [number for number in range(count) if number != self._number] if count > 1 else []

    def owner_elsewhere(self, *key: object) -> int | None:
        """Return the number of the server process that owns a key, or None if that is this one."""
        if not self.others:
            return None
        digest = hashlib.sha256("\0".join(map(str, key)).encode("utf-8", "replace")).digest()
        owner = int.from_bytes(digest[:8], "big") % self._settings.servers
        return None if owner == self._number else owner

    async def send(self, number: int, request: PeerRequest) -> httpx.Response:
        """Return the answer of another server process, whose body the caller reads and closes.

        Raises:
            Unavailable: it does not answer, or has ended meanwhile.
        """
        client = self._client(number)
        outbound = client.build_request(
            request.method, request.target, headers=dict(request.headers), content=request.body or None
        )
        try:
            return await client.send(outbound, stream=True)
        except httpx.ConnectError as error:
            raise Unavailable("A server process does not answer.", hint="Try again in a moment.") from error
        except httpx.HTTPError as error:
            raise Unavailable(
                "The server process that ran this has ended, and its sessions with it: open transactions are "
                "rolled back.",
                hint="Try again in a moment.",
            ) from error

    async def ask_others(self, method: str, target: str) -> list[str]:
        """Return what the other server processes answer; one that does not answer in time is left out."""
        answers = await asyncio.gather(*(self._ask(number, method, target) for number in self.others))
        return [answer for answer in answers if answer is not None]

    async def _ask(self, number: int, method: str, target: str) -> str | None:
        try:
            async with asyncio.timeout(NOTICE_SECONDS):
                answer = await self._client(number).request(method, target)
                answer.raise_for_status()
                return answer.text
        except (httpx.HTTPError, TimeoutError) as error:
            log.warning("peer.no_answer", server=number, target=target, error=repr(error))
            return None

    def _client(self, number: int) -> httpx.AsyncClient:
        if number not in self._clients:
            self._clients[number] = httpx.AsyncClient(
                base_url="http://server",
                transport=httpx.AsyncHTTPTransport(uds=str(socket_path(self._settings, number)), limits=_LIMITS),
                timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
                trust_env=False,
            )
        return self._clients[number]

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))


# As many as there are requests: how many these are is bounded where they arrive.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=20.0)


def socket_path(settings: Settings, number: int) -> Path:
    """Return the socket of a server process."""
    return private_path(settings.home_folder, f"server-{number}")
