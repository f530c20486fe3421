"""The headers of every response, also of those that the application does not make itself."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Scope

HSTS = "max-age=31536000"
HSTS_OF_SUBDOMAINS = f"{HSTS}; includeSubDomains"
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
NOT_STORED = "no-store"


def add_headers(headers: MutableHeaders, scope: Scope, request_id: str) -> None:
    """Add the headers of every response to those of one; what the response says itself stays."""
    headers["x-request-id"] = request_id
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers.setdefault("strict-transport-security", _hsts(scope))
    if scope["path"].startswith("/api/"):
        headers.setdefault("cache-control", NOT_STORED)


def _hsts(scope: Scope) -> str:
    state = scope["app"].state.server
    return HSTS_OF_SUBDOMAINS if state is None or state.settings.hsts_subdomains else HSTS
