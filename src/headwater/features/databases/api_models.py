"""Request and response models of databases, connections and engines."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from headwater.engines import DEFAULT_ENGINE
from headwater.features.accounts.api_models import Change, Input, Wire
from headwater.kit.network.tls import TlsMode

NAME_PATTERN = "^[a-z][a-z0-9_-]{0,47}$"


def checked_name(name: str) -> str:
    """Return the name of a database, or raise ValueError with the rule for names."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise ValueError("Use a lowercase letter, then up to 47 lowercase letters, digits, _ and -.")
    return name


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    AfterValidator(checked_name),
    Field(json_schema_extra={"pattern": NAME_PATTERN}),
]
Text = Annotated[str, StringConstraints(max_length=1000)]
Secret = Annotated[str, StringConstraints(max_length=20_000)]
Port = Annotated[int, Field(ge=1, le=65535)]
DatabaseState = Literal["creating", "starting", "running", "asleep", "stopped", "failed", "deleting", "connected"]


class OptionOut(Wire):
    """An option of an engine; clients draw it as a form field."""

    name: str
    label: str
    kind: Literal["text", "number", "switch", "choice"]
    default: str
    choices: list[str]
    choice_labels: list[str]
    help: str


class EngineOut(Wire):
    """A database engine; `unavailable` is the reason why Headwater cannot create databases of it here.

    `snapshots`: it supports snapshots. `extracts`: its snapshots can be queried. `recovery`: its managed databases
    support point-in-time recovery.

    `editor_language` is the language in Monaco, `formatter_dialect` the dialect in sql-formatter, `statement_unit` what
    the editor runs at the cursor, `identity_type` the type of an auto-incrementing id, `fraction_digits` the digits of
    a second of a time type without precision, `script_client` the program that loads an exported script.
    `copy_target`: tables can be copied to its databases. `sessions`: Headwater can list the sessions of its servers.
    `has_extensions`: it has extensions that can be installed in a database.
    """

    name: str
    label: str
    language: str
    dialect: str
    port: int
    schemes: list[str]
    options: list[OptionOut]
    provision_options: list[OptionOut]
    unavailable: str | None
    snapshots: bool
    extracts: bool
    recovery: bool
    data_model: Literal["relational", "document", "key_value"]
    editor_language: str
    formatter_dialect: str | None
    statement_unit: Literal["statement", "block", "line"]
    explains: bool
    starter_query: str
    default_schema: str | None
    identity_type: str | None
    column_types: list[str]
    binary_types: list[str]
    fraction_digits: int | None
    script_client: str | None
    copy_target: bool
    sessions: bool
    has_extensions: bool
    is_default: bool


class Quotas(Input):
    """Resource limits of a managed database; omitted fields get the default."""

    connections: Annotated[int, Field(ge=1, le=1000)] = 50
    disk_mb: Annotated[int, Field(ge=50, le=10_000_000)] = 10_000
    temp_mb: Annotated[int, Field(ge=10, le=1_000_000)] = 1_000
    statement_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300
    memory_mb: Annotated[int, Field(ge=64, le=1_000_000)] = 1_024


class NewDatabase(Input):
    """A new managed database."""

    name: Name
    engine: str = DEFAULT_ENGINE
    options: dict[str, str] = Field(default_factory=dict)
    quotas: Quotas = Quotas()
    sleep_after_seconds: Annotated[
        int, Field(ge=0, le=7 * 86_400, description="Idle seconds until sleep; 0: never.")
    ] = 300
    protected: bool = False
    tls_required: Annotated[bool, Field(description="Refuse clients of the proxy that do not use TLS.")] = False


class TlsIn(Input):
    """How a connection is encrypted; certificates and keys are PEM texts."""

    mode: TlsMode = "verify-full"
    ca: Secret | None = None
    certificate: Secret | None = None
    key: Secret | None = None
    passphrase: Secret | None = None
    server_name: Text | None = None


class SshIn(Input):
    """An SSH host through which Headwater reaches a database; `jump` is a host before it."""

    host: Text
    port: Port = 22
    user: Text
    password: Secret | None = None
    private_key: Secret | None = None
    passphrase: Secret | None = None
    use_agent: bool = False
    host_key: Text | None = None
    jump: SshIn | None = None


class ProxyIn(Input):
    """A proxy for all traffic of a connection."""

    kind: Literal["socks5", "http"]
    host: Text
    port: Port
    user: Text | None = None
    password: Secret | None = None


class ConnectionIn(Input):
    """The address and the credentials of a database, or a `url`; the other fields override the parts of the URL."""

    url: Secret | None = None
    engine: str | None = None
    host: Text | None = None
    port: Port | None = None
    database: Text | None = None
    user: Text | None = None
    password: Secret | None = None
    tls: TlsIn | None = None
    ssh: SshIn | None = None
    proxy: ProxyIn | None = None
    options: dict[str, str] = Field(default_factory=dict)


class NewConnection(Input):
    """A connection to an existing database; it is tested before it is saved."""

    name: Name
    connection: ConnectionIn
    protected: bool = False
    read_only: bool = False


class FactsOut(Wire):
    """What a connected server reports about itself; it contains no secrets."""

    product: str
    version: str
    latency_ms: float
    size_bytes: int | None
    tls: str | None
    privileges: list[str]
    read_only: bool
    warnings: list[str]


class ConnectionTestOut(Wire):
    """The result of a connection test; `host_key` is the key of an SSH host that is not pinned yet."""

    ok: bool
    facts: FactsOut | None = None
    error: str | None = None
    hint: str | None = None
    code: str | None = None
    host_key: str | None = None
    fingerprint: str | None = None


class ParsedUrlOut(Wire):
    """The parts of a database URL; `has_password` replaces the password."""

    engine: str
    host: str
    port: int | None
    database: str
    user: str
    has_password: bool
    tls: TlsMode
    options: dict[str, str]


class UrlIn(Input):
    """A database URL."""

    url: Secret


class ConnectionOut(Wire):
    """The connection of a connected database, without its secrets."""

    host: str
    port: int | None
    database: str
    user: str
    tls_mode: TlsMode
    has_ca: bool
    has_client_certificate: bool
    ssh: str | None
    proxy: str | None
    options: dict[str, str]


class DatabaseOut(Wire):
    """A database."""

    id: uuid.UUID
    project_id: uuid.UUID | None
    name: str
    engine: str
    origin: Literal["managed", "connected"]
    state: DatabaseState
    state_reason: str
    desired: Literal["running", "asleep", "stopped", "deleted"]
    protected: bool
    read_only: bool
    sleep_after_seconds: int
    tls_required: bool
    size_bytes: int | None
    quotas: dict[str, Any]
    options: dict[str, Any]
    facts: dict[str, Any]
    connection: ConnectionOut | None
    tables: int | None
    schema_read_at: datetime | None
    created_at: datetime
    used_at: datetime | None
    deleted_at: datetime | None
    purge_at: datetime | None


class DatabaseChange(Change):
    """Changes to a database; omitted fields stay as they are."""

    name: Name | None = None
    protected: bool | None = None
    read_only: bool | None = None
    sleep_after_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] | None = None
    tls_required: Annotated[bool, Field(default_factory=bool)]
    quotas: Quotas | None = None


class Desired(Input):
    """The desired state of a managed database."""

    state: Literal["running", "asleep", "stopped"]


class CredentialsOut(Wire):
    """How another client connects to a managed database: through the proxy, if its engine has one."""

    url: str | None
    host: str | None
    port: int | None
    database: str
    user: str | None
    password: str | None
    command: str


class MetricPoint(Wire):
    """The metrics of a database at one moment."""

    at: datetime
    values: dict[str, float | None]
