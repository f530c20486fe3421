"""The databases that Prisma speaks: which type each of them has for a field, and how a default is written.

Source: Prisma documentation, "Schema reference" (model field scalar types, attribute functions).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from headwater.readers.prisma.grammar import Block, PrismaField

_PROVIDER = re.compile(
    r"^[ \t]*datasource[ \t]+\w+[ \t]*\{[^}]*?\bprovider[ \t]*=[ \t]*\"(\w+)\"", re.MULTILINE | re.DOTALL
)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"$')
_EXPRESSION = re.compile(r'dbgenerated\("((?:[^"\\]|\\.)*)"\)$')
_LIST = re.compile(r"\[(.*)\]$", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d[\w.+-]*$")


class Provider(msgspec.Struct, frozen=True):
    """One database: the engine of its dialect (empty if Headwater has none), and the types of scalar fields."""

    engine: str
    types: Mapping[str, str]
    now: str = "CURRENT_TIMESTAMP"
    enums_are_types: bool = True
    booleans: tuple[str, str] = ("false", "true")
    backslashes: bool = False


_POSTGRESQL = Provider(
    "postgresql",
    {
        "String": "text",
        "Boolean": "boolean",
        "Int": "integer",
        "BigInt": "bigint",
        "Float": "double precision",
        "Decimal": "decimal(65,30)",
        "DateTime": "timestamp(3)",
        "Json": "jsonb",
        "Bytes": "bytea",
    },
)
_MYSQL = Provider(
    "mysql",
    {
        "String": "varchar(191)",
        "Boolean": "boolean",
        "Int": "int",
        "BigInt": "bigint",
        "Float": "double",
        "Decimal": "decimal(65,30)",
        "DateTime": "datetime(3)",
        "Json": "json",
        "Bytes": "longblob",
    },
    now="CURRENT_TIMESTAMP(3)",
    enums_are_types=False,
    backslashes=True,
)
_SQLITE = Provider(
    "sqlite",
    {
        "String": "text",
        "Boolean": "boolean",
        "Int": "integer",
        "BigInt": "bigint",
        "Float": "real",
        "Decimal": "decimal",
        "DateTime": "datetime",
        "Json": "jsonb",
        "Bytes": "blob",
    },
    enums_are_types=False,
)
_PROVIDERS = {"postgresql": _POSTGRESQL, "postgres": _POSTGRESQL, "mysql": _MYSQL, "sqlite": _SQLITE}
_OTHER = Provider("", _POSTGRESQL.types)


def provider_of(texts: Iterable[str]) -> Provider:
    """Return the provider that schema files name; PostgreSQL's types without an engine if they name none or another."""
    names = [match[1] for text in texts if (match := _PROVIDER.search(text))]
    return _PROVIDERS.get(names[0], _OTHER) if names else _OTHER


_RELATION_MODE = re.compile(
    r"^[ \t]*datasource[ \t]+\w+[ \t]*\{[^}]*?\brelationMode[ \t]*=[ \t]*\"prisma\"", re.MULTILINE | re.DOTALL
)


def has_foreign_keys(texts: Iterable[str]) -> bool:
    """Return False if the schema files say that Prisma's client keeps relations, and not the database."""
    return not any(_RELATION_MODE.search(text) for text in texts)


def default_of(field: PrismaField, provider: Provider, enums: Mapping[str, Block], type_: str) -> str | None:
    """Return the default of a field as SQL; None if it has none, or if Prisma's client fills it in.

    Args:
        field: the field.
        provider: the database.
        enums: the enums by name.
        type_: the type of its column.
    """
    attribute = field.attribute("@default")
    if attribute is None:
        return None
    text = re.sub(r",\s*map\s*:.*$", "", attribute.args.strip(), flags=re.DOTALL)
    if generated := _EXPRESSION.match(text):
        return _unescaped(generated[1]) or None
    if text == "now()":
        return provider.now
    if items := _LIST.match(text):
        values = [_value(item.strip(), field, provider, enums) for item in items[1].split(",") if item.strip()]
        return f"ARRAY[{', '.join(value or '' for value in values)}]::{type_}" if all(values) else None
    return _value(text, field, provider, enums)


def _value(text: str, field: PrismaField, provider: Provider, enums: Mapping[str, Block]) -> str | None:
    if constant := _TEXT.match(text):
        return None if field.type == "Bytes" else _literal(_unescaped(constant[1]), provider)
    if text in ("true", "false"):
        return provider.booleans[text == "true"]
    if _NUMBER.match(text):
        return text
    if field.type in enums:
        value = next((each for each in enums[field.type].fields if each.name == text), None)
        mapped = value.attribute("@map") if value else None
        return _literal(mapped.text if mapped and mapped.text else text, provider)
    return None  # cuid(), uuid(), autoincrement(), auto()


def _literal(text: str, provider: Provider) -> str:
    escaped = text.replace("\\", "\\\\") if provider.backslashes else text
    return "'" + escaped.replace("'", "''") + "'"


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text)
