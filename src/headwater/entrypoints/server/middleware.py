"""Middleware for every request: request id, log line, Prometheus metrics, security headers."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Sequence

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater.entrypoints.server.problems import respond
from headwater.entrypoints.server.response_headers import add_headers
from headwater.features.accounts.guard import AppState
from headwater.features.accounts.metrics import SIGN_INS
from headwater.features.accounts.rights import Actor, Concealed, RoleForbidden
from headwater.features.accounts.service.identity import CredentialRefused
from headwater.features.accounts.service.refusals import RefusalLog, RefusedRequest
from headwater.kit import logs
from headwater.kit.errors import HeadwaterError, TooLarge
from headwater.kit.network.forwarded import Network, client_address, is_trusted
from headwater.kit.network.hosts import is_own_host
from headwater.kit.settings import Settings

log = structlog.get_logger()
# By the part of the API and the class of the status, not by route: that would be thousands of series.
REQUESTS = Counter("headwater_http_requests_total", "Requests answered.", ["area", "status"])
REFUSALS = Counter("headwater_http_refusals_total", "Requests refused with 401, 403 or 429.", ["status"])
SECONDS = Histogram(
    "headwater_http_request_duration_seconds", "Time to answer.", ["area"], buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30)
)
SIGN_IN_ROUTES = frozenset(
    {"/auth/login", "/auth/passkeys/sign-in", "/auth/oidc/{provider}/callback", "/auth/oidc/second-step"}
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUEST_ID = re.compile(r"[\w.-]{1,64}")
# Limit of the body of every route that does not declare another one.
MAX_BODY = 1_048_576
REFUSED = frozenset({403, 429})
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class WrongHost(HeadwaterError):
    """This server does not have the name by which you called it."""

    status = 421
    code = "wrong_host"

    def __init__(self) -> None:
        super().__init__(hint="Its administrator can add the name to HEADWATER_ALLOWED_HOSTS.")


class RequestMiddleware:
    """Plain ASGI middleware, so that streams pass through unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        state: AppState | None = scope["app"].state.server
        if state:
            _apply_forwarded(scope, headers, state.settings.trusted_proxies)
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        logs.bind(request_id=request_id, address=_address(scope))
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                add_headers(MutableHeaders(scope=message), scope, request_id)
            await send(message)

        try:
            if state and not _has_own_host(scope, headers, state.settings):
                await respond(WrongHost())(scope, receive, send_with_headers)
                return
            await self.app(scope, _bounded(receive, headers, scope), send_with_headers)
        except (Exception, asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a library in Rust, which is no Exception
            log.error("request.panicked", error=str(error))
            await respond(HeadwaterError("The server failed unexpectedly."))(scope, receive, send_with_headers)
        finally:
            _note(scope, status, time.perf_counter() - started)
            if state and _is_recorded(scope, status):
                state.context.service(RefusalLog).add(_refusal(scope, status))


def _bounded(receive: Receive, headers: Headers, scope: Scope) -> Receive:
    """Reject a body that exceeds the limit of its route, whatever its type, at once if it states its length."""
    stated = headers.get("content-length", "")
    size = 0

    async def counted() -> Message:
        nonlocal size
        limit = getattr(scope.get("endpoint"), "body_limit", MAX_BODY)  # known since the request was routed
        if limit is None:
            return await receive()
        if size == 0 and stated.isascii() and stated.isdigit() and int(stated[:20]) > limit:
            raise _too_large(limit)
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> HTTPException:
    # the only kind of error that FastAPI does not replace while it reads a body
    return HTTPException(TooLarge.status, f"The request is larger than {limit // 1_048_576} MB.")


def _apply_forwarded(scope: Scope, headers: Headers, proxies: Sequence[Network]) -> None:
    """Replace the address and the scheme of a trusted proxy by those of its client."""
    peer = scope["client"][0] if scope.get("client") else ""
    if is_trusted(peer, proxies):
        forwarded = ",".join(headers.getlist("x-forwarded-for"))
        scope["client"] = (client_address(peer, forwarded, proxies), 0)
        if (scheme := headers.get("x-forwarded-proto", "").strip().lower()) in {"http", "https"}:
            scope["scheme"] = scheme


def _has_own_host(scope: Scope, headers: Headers, settings: Settings) -> bool:
    """Return True if a request names this server; machines that look after it may use any name."""
    return scope["path"] in QUIET or is_own_host(headers.get("host", ""), settings.host, settings.allowed_hosts)


def _address(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else ""


def _is_recorded(scope: Scope, status: int) -> bool:
    """Return True for a refusal, a wrong credential, or an attempt at a thing of others, which looks like a mistake.

    What another server process has answered was recorded there.
    """
    remembered = scope.get("state", {})
    is_refused = status in REFUSED or isinstance(remembered.get("refusal"), CredentialRefused | Concealed)
    return is_refused and not remembered.get("was_relayed")


def _refusal(scope: Scope, status: int) -> RefusedRequest:
    """Return who was refused what; the error says in which organization, if it is known."""
    remembered = scope.get("state", {})
    actor = remembered.get("actor") or Actor("user", None, "", ip=_address(scope))
    error = remembered.get("refusal")
    organization_id = error.organization_id if isinstance(error, RoleForbidden) else None
    code = error.code if isinstance(error, HeadwaterError) else ""
    return RefusedRequest(actor, status, _method(scope), _template(scope), code, organization_id)


def _template(scope: Scope) -> str:
    """Return the template of the route, never the path: labels must be few and must not contain personal data."""
    return getattr(scope.get("route"), "path", None) or "unmatched"


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"


def _area(scope: Scope) -> str:
    """Return the part of the API that a route belongs to: its tag."""
    route = scope.get("route")
    tags = getattr(route, "tags", None)
    return str(tags[0]) if tags else "other" if route else "unmatched"


def _note(scope: Scope, status: int, seconds: float) -> None:
    template, area = _template(scope), _area(scope)
    if scope["path"] not in QUIET:
        log.info("request", method=_method(scope), route=template, status=status, ms=round(seconds * 1000, 1))
    if scope.get("state", {}).get("is_relayed"):
        return  # counted where its client sent it
    REQUESTS.labels(area, f"{status // 100}xx").inc()
    SECONDS.labels(area).observe(seconds)
    if status in {401, *REFUSED}:
        REFUSALS.labels(str(status)).inc()
    if template.removeprefix("/api/v1") in SIGN_IN_ROUTES:
        SIGN_INS.labels("accepted" if status < 400 else "limited" if status == 429 else "refused").inc()
