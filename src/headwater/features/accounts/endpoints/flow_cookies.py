"""The cookies of a sign-in that is under way: each flow has its own, so that two tabs do not disturb each other."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response

from headwater.features.accounts.guard import AppState

FLOW, TICKET = "headwater_flow_", "headwater_second_step"
MOST_FLOWS = 5


def put_flow(request: Request, response: Response, server: AppState, state: str, token: str, seconds: int) -> None:
    """Keep the token of a flow in the browser; of many that were never completed, all go."""
    open_flows = [name for name in request.cookies if name.startswith(_name(server, FLOW))]
    for name in open_flows if len(open_flows) >= MOST_FLOWS else ():
        _drop(response, server, name)
    _put(response, server, _flow_name(server, state), token, seconds)


def take_flow(request: Request, response: Response, server: AppState, state: str) -> str:
    """Return the token of the flow with a state, or "", and remove it from the browser."""
    name = _flow_name(server, state)
    _drop(response, server, name)
    return request.cookies.get(name, "")


def put_ticket(response: Response, server: AppState, ticket: str, seconds: int) -> None:
    """Keep the ticket of a sign-in that waits for its second step."""
    _put(response, server, _name(server, TICKET), ticket, seconds)


def ticket_of(request: Request, server: AppState) -> str:
    """Return the ticket of a sign-in that waits for its second step, or ""."""
    return request.cookies.get(_name(server, TICKET), "")


def drop_ticket(response: Response, server: AppState) -> None:
    """Remove the ticket from the browser."""
    _drop(response, server, _name(server, TICKET))


def _flow_name(server: AppState, state: str) -> str:
    return _name(server, FLOW) + hashlib.sha256(state.encode()).hexdigest()[:12]


def _name(server: AppState, name: str) -> str:
    return f"__Host-{name}" if server.settings.secure_cookies else name


def _put(response: Response, server: AppState, name: str, value: str, seconds: int) -> None:
    secure = server.settings.secure_cookies
    # Only pages of this server send it: the provider leads back to a page, which then sends a request of its own.
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")


def _drop(response: Response, server: AppState, name: str) -> None:
    response.delete_cookie(name, path="/", secure=server.settings.secure_cookies, httponly=True, samesite="strict")
