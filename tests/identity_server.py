"""An OpenID provider and a GitHub on loopback, which check what clients send, and which a test can make lie."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from headwater.kit.identity_providers import IdentityProvider

CLIENT, SECRET = "headwater client", "s3cret & more"
KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})


@dataclass
class IdentityServer:
    """The provider: who signs in next, and what its answers say that they should not."""

    url: str
    subject: str = "subject-1"
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims of the next ID tokens, besides those that the protocol asks for; None removes one."""
    userinfo: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    """Parameters that it adds to the redirect."""
    forge: Callable[[dict[str, Any]], str] | None = None
    """Makes the ID token of its claims in another way."""
    emails: list[dict[str, Any]] = field(default_factory=list)
    """The addresses at GitHub."""
    number: int = 7
    key: RSAKey = field(default_factory=lambda: KEY)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    @property
    def provider(self) -> IdentityProvider:
        """The provider as settings describe it."""
        return IdentityProvider(
            id="corp",
            name="Corp",
            issuer=self.url,
            client_id=CLIENT,
            client_secret=SECRET,  # type: ignore[arg-type]
        )

    @property
    def github(self) -> IdentityProvider:
        """GitHub, as settings describe a server of one's own."""
        given = {"preset": "github", "issuer": f"{self.url}/gh", "client_id": CLIENT, "client_secret": SECRET}
        return IdentityProvider.model_validate(given)

    def authorize(self, url: str) -> dict[str, str]:
        """Sign in as a browser would that follows an address; return the parameters that it is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], **self.answers}

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code, once, for its client and its verifier."""
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode() if authorization else ""
        given = tuple(map(unquote, pair.split(":"))) if pair else (form.get("client_id"), form.get("client_secret"))
        if given != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri") or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        """Return the ID token for a request."""
        moment = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": self.subject, "iat": moment, "exp": moment + 300}
        claims |= {"nonce": asked.get("nonce", "")} | ({"auth_time": moment} if "max_age" in asked else {})
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return self.forge(claims) if self.forge else self.sign(claims)

    def sign(self, claims: dict[str, Any], key: RSAKey | None = None, **header: Any) -> str:
        """Return a signed token."""
        used = key or self.key
        return jwt.encode({"alg": "RS256", "kid": used.kid} | header, claims, used)

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """Answer a request of a client."""
        if path == "/.well-known/openid-configuration":
            known = {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "userinfo_endpoint": f"{self.url}/userinfo",
            }
            return 200, known | self.metadata
        if path == "/jwks":
            return 200, KeySet([self.key]).as_dict(private=False)
        if path in {"/token", "/gh/login/oauth/access_token"}:
            return self.token(form, authorization)
        if authorization != "Bearer access":
            return 401, {}
        pages = {
            "/userinfo": {"sub": self.subject} | self.userinfo,
            "/gh/api/v3/user": {"id": self.number, "login": "octo", "name": "Octo Cat"},
            "/gh/api/v3/user/emails": self.emails,
        }
        return (200, pages[path]) if path in pages else (404, {})


class _Handler(BaseHTTPRequestHandler):
    served: IdentityServer

    def do_GET(self) -> None:
        self._respond({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self._respond({name: values[0] for name, values in parse_qs(body).items()})

    def _respond(self, form: dict[str, str]) -> None:
        parts = urlsplit(self.path)
        self.served.requests.append(parts.path)
        if parts.path in {"/authorize", "/gh/login/oauth/authorize"}:  # a browser
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            back = urlencode(self.served.authorize(self.path), quote_via=quote)
            self.send_response(302)
            self.send_header("location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
            return
        status, document = self.served.answer(parts.path, form, self.headers.get("authorization", ""))
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def identity_server() -> Iterator[IdentityServer]:
    """Run a provider."""
    handler = type("Handler", (_Handler,), {})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server = IdentityServer(f"http://127.0.0.1:{http.server_port}")
    handler.served = server  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
