"""Converts Prisma blocks to catalog values: physical names by @map and @@map, keys and both ends of relations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from headwater.catalog.model import ASSUMED, Column, Enum, ForeignKey, Index, Origin, Relation
from headwater.readers import Field, Model
from headwater.readers.prisma.grammar import Attribute, Block, PrismaField
from headwater.readers.prisma.providers import Provider, default_of

Blocks = Mapping[str, Block]

_ACTIONS = {"Cascade": "CASCADE", "Restrict": "RESTRICT", "NoAction": "NO ACTION", "SetNull": "SET NULL"}


def table_name(block: Block) -> str:
    """Return the physical name of a model's table."""
    mapped = block.attribute("@@map")
    return mapped.text if mapped and mapped.text else block.name


def column_name(field: PrismaField) -> str:
    """Return the physical name of a field's column."""
    mapped = field.attribute("@map")
    return mapped.text if mapped and mapped.text else field.name


def key_of(block: Block) -> str:
    """Return the key of a model."""
    return f"{block.path}:{block.name}"


def relation_of(block: Block, tables: Blocks, enums: Blocks, provider: Provider) -> Relation:
    """Return the table (or view) that a block declares."""
    scalars = [field for field in block.fields if field.type not in tables]
    single = tuple(column_name(field) for field in scalars if field.attribute("@id"))
    whole = block.attribute("@@id")
    schema = block.attribute("@@schema")
    return Relation(
        table_name(block),
        tuple(_column(field, block, enums, provider) for field in scalars),
        schema=schema.text if schema else None,
        kind="view" if block.kind == "view" else "table",
        primary_key=_columns(block, whole.names()) if whole else single,
        foreign_keys=tuple(_foreign_keys(block, tables)),
        indexes=tuple(_indexes(block)),
        origins=(Origin(block.path, block.line),),
    )


def _column(field: PrismaField, block: Block, enums: Blocks, provider: Provider) -> Column:
    default, spelled = field.attribute("@default"), _type(field, enums, provider)
    return Column(
        column_name(field),
        spelled,
        nullable=field.optional,
        default=default_of(field, provider, enums, spelled),
        identity=bool(default and default.args.startswith("autoincrement")),
        origins=(Origin(block.path, field.line),),
        attrs=((ASSUMED, "nullability"),) if field.many else (),  # the columns of lists may accept NULL
    )


def _type(field: PrismaField, enums: Blocks, provider: Provider) -> str:
    native = next((attribute for attribute in field.attributes if attribute.name.startswith("@db.")), None)
    if native:
        base = _NATIVE.get(native.name.removeprefix("@db."), native.name.removeprefix("@db.").lower())
        plain = f"{base}({native.args})" if native.args else base
    elif field.type in enums and provider.enums_are_types:
        plain = table_name(enums[field.type])
    elif field.type in enums:
        plain = _enum_values(enums[field.type], provider)
    else:
        plain = provider.types.get(field.type, field.type.removeprefix('Unsupported("').removesuffix('")'))
    return plain + ("[]" if field.many else "")


# Native types whose names in Prisma are not those of the database.
_NATIVE = {"DoublePrecision": "double precision", "UnsignedInt": "int unsigned", "UnsignedBigInt": "bigint unsigned"}


def _enum_values(enum: Block, provider: Provider) -> str:
    values = ", ".join("'" + column_name(value).replace("'", "''") + "'" for value in enum.fields)
    return f"enum({values})" if provider.engine == "mysql" else "text"


def _columns(block: Block, names: tuple[str, ...]) -> tuple[str, ...]:
    by_name = {field.name: column_name(field) for field in block.fields}
    return tuple(by_name.get(name, name) for name in names)


def _indexes(block: Block) -> Iterator[Index]:
    for field in block.fields:
        if field.attribute("@unique"):
            yield Index(None, (column_name(field),), unique=True)
    for attribute in block.attributes:
        if attribute.name in ("@@unique", "@@index"):
            yield Index(attribute.text or None, tuple(_keys(block, attribute)), attribute.name == "@@unique")


def _keys(block: Block, attribute: Attribute) -> Iterator[str]:
    """Yield the keys of an index: columns, or what an operator class or an order makes of them."""
    for name, options in attribute.terms():
        (column,) = _columns(block, (name,))
        raw = re.search(r'\braw\("([^"]+)"\)', options)
        order = " DESC" if re.search(r"\bsort\s*:\s*Desc\b", options) else ""
        yield f"({column}{f' {raw[1]}' if raw else ''}{order})" if raw or order else column


def _foreign_keys(block: Block, tables: Blocks) -> Iterator[ForeignKey]:
    for field in block.fields:
        relation = field.attribute("@relation")
        if relation and field.type in tables and relation.names("fields"):
            target = tables[field.type]
            yield ForeignKey(
                _columns(block, relation.names("fields")),
                table_name(target),
                _columns(target, relation.names("references")),
                ref_schema=_schema_of(target),
                on_delete=_action(relation, "onDelete"),
                on_update=_action(relation, "onUpdate"),
            )


def _schema_of(block: Block) -> str | None:
    schema = block.attribute("@@schema")
    return schema.text if schema else None


def _action(relation: Attribute, key: str) -> str | None:
    return next((sql for word, sql in _ACTIONS.items() if f"{key}: {word}" in relation.args), None)


def model_of(block: Block, tables: Blocks, enums: Blocks) -> Model:
    """Return the model of a block, with its columns and relations by field name."""
    schema = block.attribute("@@schema")
    return Model(
        key=key_of(block),
        name=block.name,
        reader="prisma",
        path=block.path,
        line=block.line,
        table=table_name(block),
        schema=schema.text if schema else None,
        fields=tuple(_field(field, block, tables) for field in block.fields),
    )


def _field(field: PrismaField, block: Block, tables: Blocks) -> Field:
    if field.type not in tables:
        return Field(field.name, column=column_name(field), line=field.line)
    target = tables[field.type]
    common = {"name": field.name, "target": key_of(target), "many": field.many, "line": field.line}
    own = field.attribute("@relation")
    if own and own.names("fields"):
        local, remote = _columns(block, own.names("fields")), _columns(target, own.names("references"))
        return Field(**common, local=local, remote=remote)  # type: ignore[arg-type]
    for other in _opposites(field, block, target):
        attribute = other.attribute("@relation")
        if attribute and attribute.names("fields"):
            local, remote = _columns(block, attribute.names("references")), _columns(target, attribute.names("fields"))
            return Field(**common, local=local, remote=remote)  # type: ignore[arg-type]
        if other.many and field.many:
            return _over_join_table(common, field, block, target)
    return Field(**common)  # type: ignore[arg-type]


def _opposites(field: PrismaField, block: Block, target: Block) -> list[PrismaField]:
    """Return the fields at the other end of a relation; if there are several, the relation's name decides."""
    name = _relation_name(field)
    prisma_fields = [other for other in target.fields if other.type == block.name and other is not field]
    return [other for other in prisma_fields if _relation_name(other) == name]


def _relation_name(field: PrismaField) -> str:
    relation = field.attribute("@relation")
    return relation.text if relation else ""


def _over_join_table(common: dict[str, object], field: PrismaField, block: Block, target: Block) -> Field:
    first, second = sorted((block.name, target.name))
    table = "_" + (_relation_name(field) or f"{first}To{second}")
    mine, theirs = ("A", "B") if block.name == first else ("B", "A")
    return Field(
        **common,  # type: ignore[arg-type]
        local=_key(block),
        remote=_key(target),
        through=table,
        through_local=(mine,),
        through_remote=(theirs,),
    )


def _key(block: Block) -> tuple[str, ...]:
    return tuple(column_name(field) for field in block.fields if field.attribute("@id"))


def join_tables(tables: Blocks, enums: Blocks, provider: Provider) -> Iterator[Relation]:
    """Yield the tables that Prisma creates for implicit many-to-many relations (`_CategoryToPost`, columns A and B)."""
    names: set[str] = set()
    for block in tables.values():
        for field in block.fields:
            target = tables.get(field.type)
            if target is None or not field.many:
                continue
            if any(other.many and not other.attribute("@map") for other in _opposites(field, block, target)):
                relation = _join_table(field, block, target, lambda field: _type(field, enums, provider))
                if relation.name not in names:
                    names.add(relation.name)
                    yield relation


def _join_table(field: PrismaField, block: Block, target: Block, type_of: Callable[[PrismaField], str]) -> Relation:
    first, second = sorted((block, target), key=lambda item: item.name)
    origin = (Origin(block.path, field.line),)
    sides = (("A", first), ("B", second))
    return Relation(
        "_" + (_relation_name(field) or f"{first.name}To{second.name}"),
        tuple(Column(name, _key_type(side, type_of), nullable=False, origins=origin) for name, side in sides),
        schema=_schema_of(first),
        foreign_keys=tuple(
            ForeignKey((name,), table_name(side), _key(side), ref_schema=_schema_of(side), on_delete="CASCADE")
            for name, side in sides
        ),
        indexes=(Index(None, ("A", "B"), unique=True), Index(None, ("B",))),
        origins=origin,
    )


def _key_type(block: Block, type_of: Callable[[PrismaField], str]) -> str:
    """Return the type of a model's single key."""
    key = next((field for field in block.fields if field.attribute("@id")), None)
    return type_of(key) if key else ""


def enum_of(block: Block) -> Enum:
    """Return the enum that a block declares."""
    return Enum(table_name(block), tuple(column_name(field) for field in block.fields), _schema_of(block))
