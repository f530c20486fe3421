"""Connections to existing databases: parses and checks user input, and separates secrets before they are stored."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from headwater.engines import Address, all_engines, parse_url
from headwater.features.databases.api_models import ConnectionIn, ProxyIn, SshIn, TlsIn
from headwater.kit.errors import Invalid, NotFound, did_you_mean
from headwater.kit.network.routes import Direct, Proxy, Route
from headwater.kit.network.tls import Tls
from headwater.kit.network.tunnels import SshTunnel
from headwater.store.encryption import SecretCipher

# Driver options that would give access to files or sockets of this machine; no user may set them.
FORBIDDEN_OPTIONS = frozenset(
    {
        "service",
        "servicefile",
        "passfile",
        "sslkey",
        "sslcert",
        "sslrootcert",
        "sslcrl",
        "sslcrldir",
        "sslpassword",
        "krbsrvname",
        "gssdelegation",
        "hostaddr",
        "host",
        "port",
        "options",
        "unix_socket",
        "read_default_file",
        "local_infile",
        "init_command",
        "ssl_ca",
        "ssl_cert",
        "ssl_key",
        "tlscafile",
        "tlscertificatekeyfile",
        "tlscrlfile",
        "replicaset",
    }
)


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything that is needed to reach a database: its engine, its address and its network route."""

    engine: str
    address: Address
    route: Route


def parse_connection(given: ConnectionIn, *, trusted: bool) -> Connection:
    """Return the connection that a URL and fields describe.

    Args:
        given: the user's input.
        trusted: whether the user may use the SSH agent of this machine, whose keys may open any host.

    Raises:
        Invalid: a field is missing or wrong; errors are given by field.
    """
    name, address = parse_url(given.url) if given.url else (given.engine or "", Address())
    if given.engine and given.url and given.engine != name:
        raise Invalid({"engine": f"The URL is for {name}, not for {given.engine}."})
    if name not in all_engines():
        hint = did_you_mean(name, all_engines())
        raise Invalid({"engine": f"There is no engine {name!r}." if name else "Choose an engine."}, hint=hint)
    fields = {key: getattr(given, key) for key in ("host", "port", "database", "user", "password")}
    address = replace(address, **{key: value for key, value in fields.items() if value is not None})
    if given.tls is not None:
        address = replace(address, tls=_tls(given.tls))
    engine = all_engines()[name]
    if not engine.port:
        raise Invalid(
            {"engine": f"{engine.display_name} databases are files on this machine, which connections may not open."}
        )
    if not trusted and any(hop.use_agent for hop in (given.ssh, given.ssh and given.ssh.jump) if hop):
        raise Invalid(
            {"ssh.use_agent": "Only an administrator may use the SSH agent of the machine that Headwater runs on."},
            hint="Enter a password or a private key.",
        )
    options = dict(address.options) | given.options
    _check(address, options)
    address = replace(address, port=address.port or engine.port, options=tuple(sorted(options.items())))
    return Connection(name, address, _route(given.ssh, given.proxy))


def _check(address: Address, options: Mapping[str, str]) -> None:
    wrong: dict[str, str] = {}
    if not address.host:
        wrong["host"] = "Enter the host of the database."
    elif "," in address.host or address.host.startswith(("/", "@")):
        wrong["host"] = "Enter one host. Sockets and lists of hosts are not allowed."
    for option in options:
        if option.lower() in FORBIDDEN_OPTIONS:
            wrong[f"options.{option}"] = f"The option {option} cannot be set on a connection."
    for field in ("host", "database", "user", "password"):
        if "\0" in getattr(address, field):
            wrong[field] = "It contains a NUL character."
    if wrong:
        raise Invalid(wrong)


def _tls(given: TlsIn) -> Tls:
    return Tls(given.mode, given.ca, given.certificate, given.key, given.passphrase, given.server_name)


def _route(ssh: SshIn | None, proxy: ProxyIn | None) -> Route:
    if proxy:
        _check_proxy(proxy)
    outer = Proxy(proxy.kind, proxy.host, proxy.port, proxy.user or "", proxy.password or "") if proxy else Direct()
    if ssh is None:
        return outer
    if isinstance(outer, Proxy):
        raise Invalid({"proxy": "Use either an SSH tunnel or a proxy."})
    return _tunnel(ssh)


def _check_proxy(given: ProxyIn) -> None:
    """Refuse credentials that the protocol of the proxy cannot transmit."""
    wrong = {}
    for field, value in (("proxy.user", given.user or ""), ("proxy.password", given.password or "")):
        if not (value.isascii() and (value.isprintable() or not value)):
            wrong[field] = "Use printable ASCII characters: proxies understand no others."
        elif len(value) > 255:
            wrong[field] = "Use at most 255 characters."
    if given.kind == "http" and ":" in (given.user or ""):
        wrong["proxy.user"] = "The user of an HTTP proxy cannot contain a colon."
    if wrong:
        raise Invalid(wrong)


def _tunnel(ssh: SshIn) -> SshTunnel:
    return SshTunnel(
        host=ssh.host,
        port=ssh.port,
        user=ssh.user,
        password=ssh.password,
        private_key=ssh.private_key,
        passphrase=ssh.passphrase,
        use_agent=ssh.use_agent,
        host_key=ssh.host_key,
        jump=_tunnel(ssh.jump) if ssh.jump else None,
    )


# A connection is stored as plain JSON; the values at these paths are encrypted separately and left out of it.
SECRET_PATHS = (
    ("address", "password"),
    ("address", "tls", "key"),
    ("address", "tls", "passphrase"),
    ("route", "password"),
    ("route", "private_key"),
    ("route", "passphrase"),
    ("route", "jump", "password"),
    ("route", "jump", "private_key"),
    ("route", "jump", "passphrase"),
)


def save(
    connection: Connection, cipher: SecretCipher, tenant: uuid.UUID, row: uuid.UUID
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return a connection as JSON without secrets, and its secrets encrypted for their row."""
    plain: dict[str, Any] = msgspec.to_builtins(connection)
    kind = type(connection.route).__name__
    plain["route"]["kind_of_route"] = kind
    sealed = {}
    for path in SECRET_PATHS:
        holder = _holder(plain, path)
        if holder is not None and holder.get(path[-1]):
            name = ".".join(path)
            sealed[name] = cipher.encrypt(holder.pop(path[-1]), tenant, row, name)
    return plain, sealed


def load(
    plain: Mapping[str, Any], sealed: Mapping[str, bytes], cipher: SecretCipher, tenant: uuid.UUID, row: uuid.UUID
) -> Connection:
    """Return the connection that `save` stored."""
    whole = msgspec.json.decode(msgspec.json.encode(plain))
    for path in SECRET_PATHS:
        name = ".".join(path)
        holder = _holder(whole, path)
        if holder is not None and name in sealed:
            holder[path[-1]] = cipher.decrypt(sealed[name], tenant, row, name)
    kind = _ROUTES.get(whole["route"].pop("kind_of_route"))
    if kind is None:
        raise NotFound("This version of Headwater does not know how to reach this database.")
    return Connection(
        whole["engine"],
        msgspec.convert(whole["address"], Address),
        msgspec.convert(whole["route"], kind),
    )


_ROUTES: Mapping[str, type[Route]] = {kind.__name__: kind for kind in (Direct, Proxy, SshTunnel)}


def _holder(plain: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
    holder: Any = plain
    for part in path[:-1]:
        holder = holder.get(part) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else None


def secrets_of(connection: Connection) -> Iterator[str]:
    """Yield every secret of a connection, so that logs can leave them out."""
    plain: dict[str, Any] = msgspec.to_builtins(connection)
    for path in SECRET_PATHS:
        holder = _holder(plain, path)
        if holder is not None and holder.get(path[-1]):
            yield holder[path[-1]]
