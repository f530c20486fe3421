"""Packets of the sign-in of MySQL and MariaDB: greeting, login, proofs of a password, errors.

Source: MariaDB documentation, "Client/Server Protocol".
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field

from headwater.engines import Address

VERSION = b"5.5.5-10.11.0-MariaDB-headwater"
UTF8MB4, AUTOCOMMIT = 45, 2
NATIVE, SHA2 = b"mysql_native_password", b"caching_sha2_password"
CONNECT_WITH_DB, TLS, SECURE, PLUGIN, LENGTHS = 1 << 3, 1 << 11, 1 << 15, 1 << 19, 1 << 21
# MariaDB's own capabilities are a second number of 32 bits, which counts if the first one lacks this bit.
NOT_MARIADB = 1
# Types that are MariaDB's own, such as JSON, in the descriptions of columns; since MariaDB 10.5.
EXTENDED_METADATA = 1 << 35
# The capabilities we offer: the complete text and binary protocol; no LOCAL INFILE, no compression.
CAPABILITIES = (
    1 << 1
    | 1 << 2
    | CONNECT_WITH_DB
    | 1 << 8
    | 1 << 9
    | 1 << 10
    | 1 << 13
    | SECURE
    | 1 << 16
    | 1 << 17
    | 1 << 18
    | PLUGIN
    | LENGTHS
    | 1 << 23
    | 1 << 24
    | EXTENDED_METADATA
)


class Malformed(Exception):
    """These bytes are not a valid login."""


@dataclass(frozen=True, slots=True)
class ClientLogin:
    """The login of a client: capabilities, charset, user, database and password proof."""

    capabilities: int
    charset: int
    user: str
    proof: bytes = field(repr=False)
    database: str
    plugin: bytes

    @property
    def route(self) -> str:
        """The name of the database: given, or else in the user."""
        return self.database or self.user.partition("@")[2] or self.user


def packet(number: int, payload: bytes) -> bytes:
    """Return a packet with its header."""
    return len(payload).to_bytes(3, "little") + bytes([number % 256]) + payload


def greeting(nonce: bytes, number: int, more: int) -> bytes:
    """Return the first packet of a server."""
    offered = CAPABILITIES | more
    return (
        b"\x0a"
        + VERSION
        + b"\0"
        + struct.pack("<I", number)
        + nonce[:8]
        + b"\0"
        + struct.pack("<HBHHB", offered & 0xFFFF, UTF8MB4, AUTOCOMMIT, offered >> 16 & 0xFFFF, len(nonce) + 1)
        + bytes(6)
        + struct.pack("<I", offered >> 32)
        + nonce[8:]
        + b"\0"
        + NATIVE
        + b"\0"
    )


def parse_greeting(payload: bytes) -> tuple[bytes, int, int]:
    """Return nonce, connection number and capabilities of a server; raises Malformed if it is not a greeting."""
    _, zero, rest = payload[1:].partition(b"\0")
    if payload[:1] != b"\x0a" or not zero or len(rest) < 44:
        raise Malformed(payload[:100].decode(errors="replace"))
    thread, low = struct.unpack("<I", rest[:4])[0], struct.unpack("<H", rest[13:15])[0]
    high = struct.unpack("<H", rest[18:20])[0]
    return rest[4:12] + rest[31:43], thread, low | high << 16 | _extended(low, rest[27:31])


def _extended(capabilities: int, more: bytes) -> int:
    """Return MariaDB's own capabilities as the upper half of a number of 64 bits; 0 if they do not count."""
    return 0 if capabilities & NOT_MARIADB else int.from_bytes(more, "little") << 32


def asks_for_tls(payload: bytes) -> bool:
    """Return True if a client's first packet asks for TLS, after which it sends its login."""
    return len(payload) == 32 and bool(int.from_bytes(payload[:4], "little") & TLS)


def parse_login(payload: bytes) -> ClientLogin:
    """Return the login of a client; raises Malformed."""
    if len(payload) < 34:
        raise Malformed
    capabilities = int.from_bytes(payload[:4], "little")
    capabilities |= _extended(capabilities, payload[28:32])
    if not capabilities & SECURE:
        raise Malformed  # a client older than 2003
    user, _, rest = payload[32:].partition(b"\0")
    if not rest:
        raise Malformed
    size, rest = rest[0], rest[1:]
    proof, rest = rest[:size], rest[size:]
    database = b""
    if capabilities & CONNECT_WITH_DB:
        database, _, rest = rest.partition(b"\0")
    plugin = rest.partition(b"\0")[0] if capabilities & PLUGIN else b""
    texts = [word.decode(errors="replace") for word in (user, database)]
    return ClientLogin(capabilities, payload[8], texts[0], proof, texts[1], plugin)


def login_packet(capabilities: int, charset: int, address: Address, proof: bytes) -> bytes:
    """Return the answer to a server's greeting."""
    return (
        struct.pack("<IIB", capabilities & 0xFFFFFFFF, 2**24 - 1, charset)
        + bytes(19)
        + struct.pack("<I", capabilities >> 32)
        + address.user.encode()
        + b"\0"
        + bytes([len(proof)])
        + proof
        + address.database.encode()
        + b"\0"
        + NATIVE
        + b"\0"
    )


def error_packet(code: int, state: str, message: str) -> bytes:
    """Return an error that ends a login."""
    return b"\xff" + struct.pack("<H", code) + b"#" + state.encode() + message.replace("\0", "").encode()


def native_proof(password: bytes, nonce: bytes) -> bytes:
    """Return the password proof for `mysql_native_password`."""
    once = hashlib.sha1(password, usedforsecurity=False).digest()
    twice = hashlib.sha1(once, usedforsecurity=False).digest()
    return _xor(once, hashlib.sha1(nonce + twice, usedforsecurity=False).digest())


def sha2_proof(password: bytes, nonce: bytes) -> bytes:
    """Return the password proof for `caching_sha2_password`."""
    once = hashlib.sha256(password).digest()
    return _xor(once, hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest())


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(first, second, strict=True))
