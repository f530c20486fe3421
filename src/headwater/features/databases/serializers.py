"""Converts rows of databases to response models."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from headwater.engines import DEFAULT_ENGINE, Engine, Option
from headwater.features.accounts.api_models import Wire
from headwater.features.databases import api_models as shapes
from headwater.features.databases.service.databases import DatabaseView
from headwater.features.databases.service.engine_options import EngineView


def database(view: DatabaseView) -> shapes.DatabaseOut:
    """Return the response model of a database."""
    row, schema = view.database, view.schema
    given = {
        "connection": connection(row.connection) if row.connection else None,
        "tables": schema.tables if schema else None,
        "schema_read_at": schema.read_at if schema else None,
    }
    return shapes.DatabaseOut(**_fields_of(row, shapes.DatabaseOut, **given))


def connection(plain: Mapping[str, Any]) -> shapes.ConnectionOut:
    """Return the response model of a connection, without secrets."""
    address, route = plain["address"], plain["route"]
    far = f"{route.get('host')}:{route.get('port')}"
    kind = route["kind_of_route"]
    return shapes.ConnectionOut(
        host=address["host"],
        port=address["port"],
        database=address["database"],
        user=address["user"],
        tls_mode=address["tls"]["mode"],
        has_ca=bool(address["tls"]["ca"]),
        has_client_certificate=bool(address["tls"]["certificate"]),
        ssh=f"{route['user']}@{far}" if kind == "SshTunnel" else None,
        proxy=f"{route['kind']}://{far}" if kind == "Proxy" else None,
        options=dict(address["options"]),
    )


def engine(view: EngineView) -> shapes.EngineOut:
    """Return the response model of an engine."""
    details: Engine = view.engine
    dialect, editor = details.dialect, details.dialect.editor
    return shapes.EngineOut(
        name=view.name,
        label=details.display_name,
        language=details.language,
        dialect=details.dialect.sqlglot,
        port=details.port,
        schemes=list(details.schemes),
        options=[_option(option) for option in details.options],
        provision_options=[_option(option) for option in view.provision_options],
        unavailable=view.unavailable,
        snapshots=details.snapshots is not None,
        extracts=details.decoding is not None,
        recovery=details.recovery is not None,
        data_model=dialect.data_model,
        editor_language=editor.editor_language,
        statement_unit=editor.statement_unit,
        formatter_dialect=editor.formatter_dialect,
        explains=details.explain is not None,
        starter_query=editor.starter_query,
        default_schema=dialect.default_schema,
        identity_type=editor.identity_type,
        column_types=list(editor.column_types),
        binary_types=list(editor.binary_types),
        fraction_digits=editor.fraction_digits,
        script_client=editor.script_client,
        copy_target=details.transfer.target is not None and dialect.types is not None,
        sessions=details.activity is not None,
        has_extensions=details.extensions is not None,
        is_default=view.name == DEFAULT_ENGINE,
    )


def _option(option: Option) -> shapes.OptionOut:
    labels = list(option.choice_labels or option.choices)
    return shapes.OptionOut(**{**dataclasses.asdict(option), "choice_labels": labels})


def _fields_of(row: Any, shape: type[Wire], **given: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields if name not in given} | given
