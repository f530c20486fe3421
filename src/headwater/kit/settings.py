"""Settings: one class, read only from `HEADWATER_*` variables and the `headwater.toml` of the home folder."""

from __future__ import annotations

import json
import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from headwater.kit.errors import BadInput, did_you_mean
from headwater.kit.identity_providers import IdentityProvider, check_distinct

PREFIX = "HEADWATER_"
FILE = "headwater.toml"
HOME = Path("~/.headwater")
# Variables with our prefix that are no settings: of the client, of the build, and of the tests.
OTHERS = frozenset({"HEADWATER_URL", "HEADWATER_API_KEY", "HEADWATER_SKIP_UI", "HEADWATER_API"})
OTHER_PREFIXES = ("HEADWATER_TEST_",)


def _listed(value: Any) -> Any:
    """Return the items of a list in a variable, as JSON or separated by commas."""
    if not isinstance(value, str):
        return value
    return (
        json.loads(value)
        if value.lstrip().startswith("[")
        else [item.strip() for item in value.split(",") if item.strip()]
    )


class Settings(BaseSettings):
    """All settings; each is documented in docs/reference/settings.md."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    home: Path = Field(HOME, description="Folder of the embedded server, key file, uploads, logs.")
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL ≥ 15 to use instead of the embedded server (postgresql://…)."
    )
    host: str = Field("127.0.0.1", description="Address that `headwater up` listens on.")
    port: int = Field(7717, description="Port that `headwater up` listens on.")
    max_connections: int = Field(
        10_000,
        ge=100,
        description="HTTP connections that may be open at a time; bounded by the files that may be open.",
    )
    max_connections_per_address: int = Field(
        5_000, ge=10, description="The same for one address; a trusted proxy is not limited."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (),
        description="Addresses of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: "
        "`127.0.0.1,10.0.0.0/8`.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (),
        description="Names of this server in the `Host` header besides its address: `headwater.example.org`, "
        "`*.example.org`, or `*`. Needed behind a reverse proxy.",
    )
    servers: int = Field(
        1,
        ge=1,
        le=8,
        description="Server processes that `headwater up` starts: one for each processor core that answers requests.",
    )
    workers: int = Field(1, ge=0, le=64, description="Worker processes that `headwater up` starts.")
    scan_processes: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Processes in which a worker scans code; by default as many as it has processor cores. With a "
        "limit, other workers of the same host help with a large scan, too.",
    )
    open_signup: bool | None = Field(
        None,
        description="Whether anyone can sign up, until an administrator changes this. By default they can where this "
        "instance sends mail, and where nobody else can reach it (a loopback address, no `HEADWATER_ALLOWED_HOSTS`). "
        "Elsewhere, sign-up would tell strangers which addresses have an account; people are invited by a link.",
    )
    secure_cookies: bool = Field(
        True, description="Use `__Host-` cookies; set to false only for plain http on a trusted network."
    )
    hsts_subdomains: bool = Field(
        True,
        description="Whether browsers must use https for all names below that of this server, too, once they were here "
        "over https. Set to false if one of these names has no https.",
    )
    oidc_providers: Annotated[
        tuple[IdentityProvider, ...], NoDecode, BeforeValidator(_listed), AfterValidator(check_distinct)
    ] = Field(
        (),
        description="Identity providers with which users sign in, as a JSON list or as tables `[[oidc_providers]]`: "
        "see [how](../howto/sign-in-with-oidc.md).",
    )
    access_token_seconds: int = Field(600, ge=30, description="Lifetime of an access token.")
    smtp_url: SecretStr | None = Field(
        None,
        description="Server that sends mail: `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. "
        "Without it, the administrator makes the links that mails would contain.",
    )
    mail_from: str = Field("headwater@localhost", description="Address that mails come from.")
    proof_minutes: int = Field(
        10,
        ge=1,
        description="How long a password or code that was entered in a session counts for what destroys or reveals.",
    )
    session_days: int = Field(30, ge=1, le=3650, description="Days after which a session that is not used ends.")
    session_absolute_days: int = Field(
        90, ge=1, le=3650, description="Days after which a session ends, however much it is used."
    )
    account_grace_days: int = Field(
        14, ge=1, le=365, description="Days between the request to delete an account and its deletion."
    )
    max_upload_mb: int = Field(500, ge=1, description="Largest code base that can be uploaded, in MB.")
    proxy_port: int = Field(7718, description="Port at which clients reach the databases that Headwater runs.")
    mysql_proxy_port: int = Field(
        7719, description="The same for clients of MySQL and MariaDB, which wait for the server to send first."
    )
    tls_certificate: Path | None = Field(None, description="PEM file of the certificate of the proxy.")
    tls_key: Path | None = Field(None, description="PEM file of the key of that certificate.")
    proxy_tls: Literal["optional", "required"] = Field(
        "optional", description="Whether clients of the proxy must use TLS; `required` needs a certificate."
    )
    allowed_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (), description="Private networks that connections may reach: `10.0.0.0/8,192.168.7.0/24`."
    )
    allow_loopback: bool = Field(
        False, description="Allow connections to this machine itself; only for a Headwater with one trusted user."
    )
    audit_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="How long entries of the audit log are kept, in days; 0 keeps them for ever. "
        "What is removed is always the beginning of a chain, which stays verifiable.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Token that `/metrics` demands as `Authorization: Bearer …`. Without it, anyone who reaches the "
        "server may read the metrics, which name no tenant.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level of log entries that are written."
    )
    log_format: Literal["text", "json"] = Field("text", description="Format of log entries.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let environment variables override `headwater.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=settings_file())

    @property
    def home_folder(self) -> Path:
        """The home folder with `~` expanded."""
        return self.home.expanduser().absolute()


def settings_file() -> Path:
    """Return the path of the settings file: in the home folder, never in the folder where somebody happens to be."""
    return Path(os.environ.get(f"{PREFIX}HOME") or HOME).expanduser() / FILE


def _check_names() -> None:
    """Raise BadInput for a variable or a key of the settings file that is not a setting."""
    known = sorted(Settings.model_fields)
    variables = {f"{PREFIX}{name.upper()}" for name in known}
    for name in sorted(os.environ):
        is_ours = name.startswith(PREFIX) and name not in OTHERS and not name.startswith(OTHER_PREFIXES)
        if is_ours and name not in variables:
            raise BadInput(f"There is no setting {name}.", hint=did_you_mean(name, variables))
    file = settings_file()
    if file.is_file():
        for name in tomllib.loads(file.read_text("utf-8")):
            if name not in known:
                raise BadInput(f"There is no setting {name!r} in {file}.", hint=did_you_mean(name, known))


@cache
def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        BadInput: a setting has an invalid value or does not exist, or the file is not valid TOML.
    """
    try:
        _check_names()
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = PREFIX + ".".join(map(str, first["loc"])).upper()
        raise BadInput(f"{name}: {first['msg']}.", hint="See docs/reference/settings.md for its values.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{settings_file()} is not valid TOML: {error}.") from error
