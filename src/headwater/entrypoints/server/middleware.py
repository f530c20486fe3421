"""Middleware for every request: request id, log line, Prometheus metrics, security headers."""

from __future__ import annotations

import asyncio
import re
import time
import uuid

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater.entrypoints.server.problems import respond
from headwater.kit.errors import HeadwaterError, TooLarge

log = structlog.get_logger()
REQUESTS = Counter("headwater_http_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("headwater_http_request_duration_seconds", "Time to answer.", ["method", "route"])
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUEST_ID = re.compile(r"[\w.-]{1,64}")
# Limit of the body of every route that does not declare another one.
MAX_BODY = 1_048_576
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


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
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message), scope["path"], request_id)
            await send(message)

        try:
            await self.app(scope, _bounded(receive, headers, scope), send_with_headers)
        except (Exception, asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a library in Rust, which is no Exception
            log.error("request.panicked", error=str(error))
            await respond(HeadwaterError("The server failed unexpectedly."))(scope, receive, send_with_headers)
        finally:
            _note(scope, status, time.perf_counter() - started)


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


def _add_headers(headers: MutableHeaders, path: str, request_id: str) -> None:
    headers["x-request-id"] = request_id
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if path.startswith("/api/"):
        headers.setdefault("cache-control", "no-store")


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = scope.get("route")
    # The route's template, never the path: labels must be few and must not contain personal data.
    template = getattr(route, "path", None) or "unmatched"
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    REQUESTS.labels(method, template, str(status)).inc()
    SECONDS.labels(method, template).observe(seconds)
    if scope["path"] not in QUIET:
        log.info("request", method=method, route=template, status=status, ms=round(seconds * 1000, 1))
