"""Finds the installed engines, and the engine and address that a URL names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from headwater.engines._address import TLS_KEYS, Address, tls_of
from headwater.engines._engine import Engine
from headwater.kit import plugins
from headwater.kit.errors import BadInput, NotFound, did_you_mean

DEFAULT_ENGINE = "postgresql"  # of new databases, unless another one is named


@cache
def all_engines() -> dict[str, Engine]:
    """Return all engines by folder name."""
    return {name: engine(name) for name in plugins.names("engines")}


def engine(name: str) -> Engine:
    """Return one engine, or raise NotFound with a hint that lists similar names."""
    loaded: Engine = plugins.load("engines", name).ENGINE
    return loaded


def engine_of_scheme(scheme: str) -> str:
    """Return the name of the engine that supports URLs of this scheme, or raise NotFound."""
    wanted = scheme.lower().partition("+")[0]
    known = {known: name for name, engine_ in all_engines().items() for known in engine_.schemes}
    if wanted not in known:
        raise NotFound(f"No installed engine supports {scheme}:// URLs.", hint=did_you_mean(wanted, known))
    return known[wanted]


def parse_url(text: str) -> tuple[str, Address]:
    """Return the engine and the address of a database URL; options that the engine does not have are errors.

    Raises:
        NotFound: no engine supports such URLs.
        BadInput: not a URL, or an invalid port.
    """
    scheme, colon, rest = text.strip().partition("://")
    if not colon or not scheme:
        raise BadInput("This is not a database URL.", hint="It looks like postgresql://user:password@host:5432/name.")
    if scheme.lower().endswith("+srv"):
        raise BadInput(
            f"A {scheme}:// URL names a list of hosts, but Headwater connects to one host.",
            hint=f"Give the host of one member: {scheme.partition('+')[0]}://user@host/database?tls=true",
        )
    name = engine_of_scheme(scheme)
    if not all_engines()[name].port:
        path = rest.partition("?")[0]
        return name, Address(path=Path(unquote(path.removeprefix("/"))))
    try:
        parts = urlsplit(f"//{rest}")
    except ValueError as error:  # an unfinished IPv6 address, for example
        raise BadInput("The host of the URL is not valid.", hint="Write an IPv6 address in brackets: [::1].") from error
    try:
        port = parts.port or all_engines()[name].port
    except ValueError as error:
        raise BadInput("The port of the URL is not a number from 1 to 65535.") from error
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return name, Address(
        host=parts.hostname or "",
        port=port,
        database=unquote(parts.path[1:]),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls_of(scheme, parts.hostname or "", dict(query)),
        options=tuple((key, value) for key, value in query if key not in TLS_KEYS),
    )
