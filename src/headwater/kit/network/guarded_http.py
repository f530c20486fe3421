"""HTTP requests to addresses that somebody else has named: each is checked by the guard, and its answer is bounded.

The name is resolved once and the checked address is used, so that a second answer of the resolver cannot lead
elsewhere. Redirects are not followed, and proxies of the environment are not used.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from headwater.kit.errors import HeadwaterError, Unavailable
from headwater.kit.identity_providers import is_secure
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.guard import policy_of, resolve
from headwater.kit.settings import Settings

PATIENCE = 15.0
MAX_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """A request: GET, or POST if it has a form."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class InboundAnswer:
    """The status and the body of an answer."""

    status: int
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the JSON in the body, or None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class GuardedClient:
    """The HTTP client of a process; certificates are loaded when it is first used."""

    def __init__(self, settings: Settings) -> None:
        self._policy = policy_of(settings)
        self._http: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._http:
            await self._http.aclose()

    async def send(self, request: OutboundRequest) -> InboundAnswer:
        """Return the answer to a request, whatever its status.

        Raises:
            Unavailable: the address may not be used, cannot be reached, or does not answer as it should.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._send(request)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            raise Unavailable(f"{_host(request.url)} cannot be reached.") from error
        except Unavailable:
            raise
        except HeadwaterError as error:
            raise Unavailable(error.message, hint=error.hint) from error

    async def _send(self, request: OutboundRequest) -> InboundAnswer:
        if not is_secure(request.url):
            raise Unavailable(f"{request.url[:200]!r} is not an https:// address.")
        url = httpx.URL(request.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        endpoints = await resolve(url.host, port, self._policy)
        for endpoint in endpoints[:-1]:
            try:
                return await self._exchange(request, url, endpoint)
            except httpx.ConnectError:
                continue
        return await self._exchange(request, url, endpoints[-1])

    async def _exchange(self, request: OutboundRequest, url: httpx.URL, endpoint: Endpoint) -> InboundAnswer:
        client = self._opened()
        outbound = client.build_request(
            "GET" if request.form is None else "POST",
            url.copy_with(host=endpoint.ip),
            headers={"accept": "application/json", **request.headers, "host": url.netloc.decode()},
            data=request.form,
            extensions={"sni_hostname": url.host},
        )
        answer = await client.send(outbound, stream=True)
        try:
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise Unavailable(f"The answer of {url.host} is too large.")
        finally:
            await answer.aclose()
        return InboundAnswer(answer.status_code, body)

    def _opened(self) -> httpx.AsyncClient:
        if self._http is None:
            verify = httpx.create_ssl_context()  # with the certificates that SSL_CERT_FILE names, if any
            # No connection is used twice: the pool knows its address, not the name that its certificate is for.
            limits = httpx.Limits(max_keepalive_connections=0)
            self._http = httpx.AsyncClient(verify=verify, trust_env=False, timeout=PATIENCE, limits=limits)
        return self._http


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host or "The server"
    except httpx.InvalidURL:
        return "The server"
