"""Rows of databases as their wire shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.engines import Engine, Option
from headwater.features.accounts.api_models import Wire
from headwater.features.databases import api_models as shapes
from headwater.features.databases.service.databases import DatabaseView
from headwater.features.databases.service.engine_options import EngineView


def database(view: DatabaseView) -> shapes.DatabaseOut:
    """Return a database."""
    row, schema = view.database, view.schema
    given = {
        "connection": connection(row.connection) if row.connection else None,
        "tables": schema.tables if schema else None,
        "schema_read_at": schema.read_at if schema else None,
    }
    return shapes.DatabaseOut(**_fields_of(row, shapes.DatabaseOut, **given))


def connection(plain: Mapping[str, Any]) -> shapes.ConnectionOut:
    """Return how a database is reached, without secrets."""
    address, route = plain["address"], plain["route"]
    far = f"{route.get('host')}:{route.get('port')}"
    kind = route["kind_of_route"]
    return shapes.ConnectionOut(
        host=address["host"], port=address["port"], database=address["database"], user=address["user"],
        tls_mode=address["tls"]["mode"], has_ca=bool(address["tls"]["ca"]),
        has_client_certificate=bool(address["tls"]["certificate"]),
        ssh=f"{route['user']}@{far}" if kind == "SshTunnel" else None,
        proxy=f"{route['kind']}://{far}" if kind == "Proxy" else None,
        options=dict(address["options"]),
    )  # fmt: skip


def engine(view: EngineView) -> shapes.EngineOut:
    """Return an engine."""
    one: Engine = view.engine
    return shapes.EngineOut(
        name=view.name, label=one.display_name, language=one.language, dialect=one.dialect.sqlglot, port=one.port,
        schemes=list(one.schemes), options=[_option(option) for option in one.options],
        provision_options=[_option(option) for option in view.provision_options], unavailable=view.unavailable,
        snapshots=one.snapshots is not None, extracts=one.decoding is not None, recovery=one.recovery is not None,
    )  # fmt: skip


def _option(option: Option) -> shapes.OptionOut:
    return shapes.OptionOut.model_validate(option)


def _fields_of(row: Any, shape: type[Wire], **given: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields if name not in given} | given
