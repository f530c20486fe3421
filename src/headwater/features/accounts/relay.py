"""Relays a request to the server process that keeps what it is about, and returns that process's answer.

The other process checks the credential and the rights again, writes the audit entries, and learns the client's address.
A relayed request is never relayed again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable

import httpx
from fastapi import Request
from starlette.responses import Response, StreamingResponse

from headwater.features.accounts.guard import state_of
from headwater.kit import logs
from headwater.kit.errors import NotFound
from headwater.kit.network.peers import PeerRequest, Peers

CLIENT, SCHEME = "x-headwater-client", "x-headwater-scheme"
# Of one connection, not of the message (RFC 9110), or set anew by the next server.
_NOT_RELAYED = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect", "content-length", "date"}
)


def is_relayed(request: Request) -> bool:
    """Return True if a request comes from another server process."""
    return bool(getattr(request.state, "is_relayed", False))


async def answer_of_owner(request: Request, *key: object) -> Response | None:
    """Return the answer of the server process that owns a key, or None if it is this one."""
    owner = None if is_relayed(request) else _peers(request).owner_elsewhere(*key)
    return None if owner is None else _passed_on(request, await _sent(request, owner))


async def run_where_known(request: Request, action: Awaitable[None]) -> Response | None:
    """Await an action on something that may be in the memory of any server process.

    Returns:
        None if it was in this one, or the answer of the one that has it.

    Raises:
        NotFound: no process has it.
    """
    try:
        await action
    except NotFound:
        for number in () if is_relayed(request) else _peers(request).others:
            answer = await _sent(request, number)
            if answer.status_code != NotFound.status:
                return _passed_on(request, answer)
            await answer.aclose()
        raise
    return None


def _peers(request: Request) -> Peers:
    return state_of(request).context.service(Peers)


async def _sent(request: Request, number: int) -> httpx.Response:
    return await _peers(request).send(number, await _outbound(request))


def _passed_on(request: Request, answer: httpx.Response) -> Response:
    request.state.was_relayed = True
    headers = {name: value for name, value in answer.headers.items() if name not in _NOT_RELAYED}
    if "content-length" in answer.headers:
        headers["content-length"] = answer.headers["content-length"]
    return StreamingResponse(_body(answer), answer.status_code, headers)


async def _outbound(request: Request) -> PeerRequest:
    headers = {name: value for name, value in request.headers.items() if name not in _NOT_RELAYED}
    headers |= {
        CLIENT: request.client.host if request.client else "",
        SCHEME: request.url.scheme,
        "x-request-id": logs.bound("request_id"),
    }
    query = f"?{request.url.query}" if request.url.query else ""
    path = request.scope["raw_path"].decode("ascii")
    return PeerRequest(request.method, path + query, headers, await request.body())


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()
