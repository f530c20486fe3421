"""The address of a database, and the TLS options of its URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headwater.kit.errors import BadInput
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import Tls, TlsMode


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a database and the credentials. `endpoint` is the checked address of `host`.

    If `endpoint` is set, `host` is only the name that certificates are checked against. `path` is the file of engines
    that use files; `socket` is the folder or file of a Unix socket and never comes from a user.
    """

    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls()
    options: tuple[tuple[str, str], ...] = ()
    endpoint: Endpoint | None = None
    path: Path | None = None
    socket: Path | None = None

    def option(self, name: str, default: str = "") -> str:
        """Return the value of an option."""
        return dict(self.options).get(name, default)


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TLS_KEYS = ("sslmode", "ssl-mode", "ssl_mode", "tls", "ssl")
_MODES: Mapping[str, TlsMode] = {
    "disable": "off",
    "disabled": "off",
    "false": "off",
    "0": "off",
    "allow": "prefer",
    "prefer": "prefer",
    "preferred": "prefer",
    "require": "require",
    "required": "require",
    "true": "verify-full",
    "1": "verify-full",
    "verify-ca": "verify-ca",
    "verify_ca": "verify-ca",
    "verify-full": "verify-full",
    "verify_identity": "verify-full",
}


def tls_of(scheme: str, host: str, query: Mapping[str, str]) -> Tls:
    """Return the TLS options of the URL; without any, every host but loopback must have a verified certificate."""
    mode = next((query[key].lower() for key in TLS_KEYS if key in query), "")
    if mode and mode not in _MODES:
        raise BadInput(f"{mode!r} is not a TLS mode.", hint="Use disable, prefer, require, verify-ca or verify-full.")
    encrypted = scheme.lower() == "rediss"
    return Tls(_MODES[mode] if mode else "prefer" if host in LOOPBACK and not encrypted else "verify-full")
