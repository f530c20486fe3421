"""SCRAM-SHA-256 for the proxy: both sides of the exchange that proves a password without sending it.

The proxy is the server for its clients, and the client of the real server. Keys that are derived from a password are
kept, because the derivation is slow on purpose.

Source: RFC 5802, RFC 7677 (SHA-256), RFC 5929 (channel binding).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache

PLAIN, PLUS = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
ITERATIONS = 4096
# A server that asks for more than this wants to occupy us.
MOST_ITERATIONS = 1_000_000
_BINDING = "p=tls-server-end-point,,"


class ScramError(Exception):
    """The other side broke the rules of the exchange."""


@lru_cache(maxsize=1024)
def _salted(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)


@lru_cache(maxsize=1024)
def _salt_of(password: str) -> bytes:
    """Return the salt that clients get for a password: the same one while we run, so that its keys can be kept."""
    return secrets.token_bytes(16)


def _sign(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(first, second, strict=True))


def _attributes(message: bytes) -> dict[str, str]:
    """Return the attributes of a message by their letters."""
    try:
        parts = message.decode("ascii").split(",")
    except UnicodeDecodeError as error:
        raise ScramError("The message is not text.") from error
    return {part[:1]: part[2:] for part in parts if part[1:2] == "="}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ScramError("The message is not base64.") from error


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def verifier(password: str) -> str:
    """Return what a server stores of a password; as the password of a statement, it keeps that out of every log."""
    salt = secrets.token_bytes(16)
    salted = _salted(password, salt, ITERATIONS)
    stored = hashlib.sha256(_sign(salted, b"Client Key")).digest()
    return f"{PLAIN}${ITERATIONS}:{_encoded(salt)}${_encoded(stored)}:{_encoded(_sign(salted, b'Server Key'))}"


@dataclass(slots=True)
class ServerExchange:
    """Our side towards a client; `certificate_hash` binds the exchange to the TLS connection, if there is one."""

    password: str
    certificate_hash: bytes | None = None
    _header: str = ""
    _client_first: str = ""
    _server_first: str = ""
    _nonce: str = ""

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The mechanisms that we offer."""
        return (PLUS, PLAIN) if self.certificate_hash else (PLAIN,)

    def challenge(self, mechanism: str, client_first: bytes) -> bytes:
        """Return our answer to the client's first message.

        Raises:
            ScramError: it is not valid, or the client thinks that we cannot bind the channel although we offered it.
        """
        text = client_first.decode("utf-8", "replace")
        binding, _, rest = text.partition(",")
        identity, _, self._client_first = rest.partition(",")
        self._header = f"{binding},{identity},"
        bound = self._header == _BINDING
        if (
            mechanism not in self.mechanisms
            or bound != (mechanism == PLUS)
            or (not bound and binding not in {"n", "y"})
        ):
            raise ScramError("The mechanism does not match the message.")
        if binding == "y" and self.certificate_hash:
            raise ScramError("Somebody removed channel binding from our offer.")
        nonce = _attributes(self._client_first.encode("ascii", "replace")).get("r", "")
        if not nonce:
            raise ScramError("The message has no nonce.")
        self._nonce = nonce + secrets.token_urlsafe(18)
        self._server_first = f"r={self._nonce},s={_encoded(_salt_of(self.password))},i={ITERATIONS}"
        return self._server_first.encode()

    def proof_is_right(self, client_final: bytes) -> bytes | None:
        """Return our last message if the client knows the password, else None; raises ScramError."""
        text = client_final.decode("ascii", "replace")
        without_proof, _, proof = text.rpartition(",p=")
        given = _attributes(without_proof.encode())
        expected = self._header.encode() + ((self.certificate_hash or b"") if self._header == _BINDING else b"")
        if given.get("r") != self._nonce or _decoded(given.get("c", "")) != expected:
            raise ScramError("The message belongs to another exchange.")
        salted = _salted(self.password, _salt_of(self.password), ITERATIONS)
        stored = hashlib.sha256(_sign(salted, b"Client Key")).digest()
        exchange = f"{self._client_first},{self._server_first},{without_proof}".encode()
        presented = _decoded(proof)
        if len(presented) != len(stored):
            return None
        client_key = _xor(presented, _sign(stored, exchange))
        if not hmac.compare_digest(hashlib.sha256(client_key).digest(), stored):
            return None
        return f"v={_encoded(_sign(_sign(salted, b'Server Key'), exchange))}".encode()


@dataclass(slots=True)
class ClientExchange:
    """Our side towards the real server."""

    password: str
    _nonce: str = ""

    def begin(self) -> bytes:
        """Return our first message; the server knows the user from the start-up message."""
        self._nonce = secrets.token_urlsafe(18)
        return f"n,,n=,r={self._nonce}".encode()

    def answer(self, server_first: bytes) -> bytes:
        """Return the proof of the password; raises ScramError."""
        given = _attributes(server_first)
        iterations = given.get("i", "")
        nonce = given.get("r", "")
        if not nonce.startswith(self._nonce) or not iterations.isdigit() or int(iterations) > MOST_ITERATIONS:
            raise ScramError("The server's message belongs to another exchange.")
        salted = _salted(self.password, _decoded(given.get("s", "")), int(iterations))
        client_key = _sign(salted, b"Client Key")
        without_proof = f"c=biws,r={nonce}"
        exchange = f"n=,r={self._nonce},{server_first.decode()},{without_proof}".encode()
        proof = _xor(client_key, _sign(hashlib.sha256(client_key).digest(), exchange))
        return f"{without_proof},p={_encoded(proof)}".encode()
