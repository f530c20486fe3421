"""SeaORM entities: `DeriveEntityModel` structs, and the expanded form of sea-orm-cli with a `Column` enum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headwater.catalog import facts as f
from headwater.readers import _rust as r

# What a Rust type becomes (`sea_orm::sea_query::ColumnType`), in PostgreSQL's terms.
_TYPES = {
    **dict.fromkeys(("i8", "i16", "u8"), "smallint"),
    **dict.fromkeys(("i32", "u16"), "integer"),
    **dict.fromkeys(("i64", "u32", "u64"), "bigint"),
    "f32": "real",
    "f64": "double precision",
    "bool": "boolean",
    "String": "varchar",
    "char": "char",
    **dict.fromkeys(("Uuid",), "uuid"),
    **dict.fromkeys(("Json", "Value", "JsonValue"), "json"),
    **dict.fromkeys(("Decimal", "BigDecimal"), "numeric"),
    **dict.fromkeys(("DateTime", "NaiveDateTime", "TimeDateTime", "ChronoDateTime"), "timestamp"),
    **dict.fromkeys(
        ("DateTimeUtc", "DateTimeWithTimeZone", "DateTimeLocal", "TimeDateTimeWithTimeZone"), "timestamptz"
    ),
    **dict.fromkeys(("Date", "NaiveDate", "TimeDate"), "date"),
    **dict.fromkeys(("Time", "NaiveTime", "TimeTime"), "time"),
}
_RELATIONS = frozenset({"HasOne", "HasMany", "BelongsTo"})


@dataclass(frozen=True, slots=True)
class EntityColumn:
    """A field of a `Model`: its name in Rust, its variant of `Column`, its column."""

    attribute: str
    variant: str
    name: str
    type: str
    at: int
    primary_key: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class SeaEntity:
    """One entity: the module that it is in, its table and its columns."""

    path: str
    modules: tuple[str, ...]
    table: str
    schema: str | None
    model: f.Class
    columns: tuple[EntityColumn, ...]
    relation: f.Class | None


Module = dict[tuple[str, str], f.Class]


def entities(path: str, body: tuple[f.Stmt, ...]) -> Iterator[SeaEntity]:
    """Yield the entities of a file; each is in a module of its own."""
    modules: dict[tuple[str, ...], list[f.Class]] = {}
    for names, stmt in r.classes(body):
        modules.setdefault(names, []).append(stmt)
    for names, stmts in modules.items():
        by_name = {stmt.name: stmt for stmt in stmts if stmt.kind != "extension"}
        relation = by_name.get("Relation")
        for stmt in stmts:
            if stmt.kind == "struct" and "DeriveEntityModel" in r.derives(stmt.decorators) | _marks(stmt):
                table = r.text_of(r.setting(r.attributes(stmt.decorators, "sea_orm"), "table_name"))
                schema = r.text_of(r.setting(r.attributes(stmt.decorators, "sea_orm"), "schema_name"))
                columns = tuple(_columns(stmt, None))
                yield SeaEntity(
                    path, names, table or r.snake(_module_name(path, names)), schema, stmt, columns, relation
                )
        expanded = _expanded(path, names, stmts, by_name)
        if expanded is not None:
            yield expanded


def _marks(stmt: f.Class) -> frozenset[str]:
    """Return DeriveEntityModel for a struct of SeaORM 2 that is marked `#[sea_orm::model]`."""
    is_model = any(isinstance(d, f.Attr) and d.name in ("model", "compact_model") for d in stmt.decorators)
    return frozenset({"DeriveEntityModel"}) if is_model else frozenset()


def _module_name(path: str, names: tuple[str, ...]) -> str:
    return names[-1] if names else path.rpartition("/")[2].removesuffix(".rs")


def _expanded(path: str, names: tuple[str, ...], stmts: list[f.Class], by_name: dict[str, f.Class]) -> SeaEntity | None:
    """Return an entity whose table is named in `impl EntityName for Entity`."""
    said: dict[str, str] = {}
    for stmt in stmts:
        if stmt.kind == "extension" and any(r.last(base) == "EntityName" for base in stmt.bases):
            for method in stmt.body:
                returned = method.body[-1] if isinstance(method, f.Function) and method.body else None
                if isinstance(method, f.Function) and isinstance(returned, f.Return):
                    said[method.name] = r.text_of(returned.value) or ""
    model, enum = by_name.get("Model"), by_name.get("Column")
    if not said.get("table_name") or model is None or "DeriveEntityModel" in r.derives(model.decorators):
        return None
    keys = by_name.get("PrimaryKey")
    columns = tuple(_columns(model, enum, keys))
    return SeaEntity(
        path, names, said["table_name"], said.get("schema_name") or None, model, columns, by_name.get("Relation")
    )


def _variants(enum: f.Class | None) -> Iterator[tuple[str, str]]:
    """Yield (variant, column) of a `Column` enum."""
    for stmt in enum.body if enum is not None else ():
        target = stmt.targets[0] if isinstance(stmt, f.Assign) else None
        if isinstance(stmt, f.Assign) and isinstance(target, f.Name):
            said = r.setting(r.attributes(stmt.decorators, "sea_orm"), "column_name")
            yield target.id, r.text_of(said) or r.snake(target.id)


def _columns(model: f.Class, enum: f.Class | None, keys: f.Class | None = None) -> Iterator[EntityColumn]:
    names = dict(_variants(enum))
    primary = {variant for variant, _ in _variants(keys)}
    style = r.text_of(r.setting(r.attributes(model.decorators, "sea_orm"), "rename_all"))
    for stmt in model.body:
        target = stmt.targets[0] if isinstance(stmt, f.Assign) else None
        if not isinstance(stmt, f.Assign) or not isinstance(target, f.Name):
            continue
        marks = r.flags(r.attributes(stmt.decorators, "sea_orm"))
        if marks & {"ignore", "has_one", "has_many", "belongs_to", "self_ref"} or r.last(stmt.annotation) in _RELATIONS:
            continue
        said = r.text_of(r.setting(r.attributes(stmt.decorators, "sea_orm"), "column_name"))
        renamed = r.text_of(r.setting(r.attributes(stmt.decorators, "sea_orm"), "enum_name"))
        variant = renamed or r.camel(target.id)
        column = said or names.get(variant) or _styled(target.id, style)
        is_key = "primary_key" in marks or variant in primary
        kind = r.setting(r.attributes(stmt.decorators, "sea_orm"), "column_type")
        yield EntityColumn(
            target.id,
            variant,
            column,
            _sql_type(kind, stmt.annotation),
            target.start,
            is_key,
            "nullable" in marks,
        )


def _styled(field: str, style: str | None) -> str:
    if style == "camelCase":
        whole = r.camel(field)
        return whole[:1].lower() + whole[1:]
    styles = {
        "PascalCase": r.camel(field),
        "SCREAMING_SNAKE_CASE": r.snake(field).upper(),
        "kebab-case": "-".join(r.words(field)),
    }
    return styles.get(style or "", field)


def _sql_type(said: f.Expr | None, annotation: f.Expr | None) -> str:
    if said is not None and (text := r.text_of(said)):
        return text
    name = r.last(annotation)
    if name == "list" and isinstance(annotation, f.Subscript):
        return "bytea" if r.last(annotation.index) == "u8" else f"{_sql_type(None, annotation.index)}[]"
    return _TYPES.get(name, name)


def belongs_to(relation: f.Class | None) -> Iterator[tuple[str, str, str]]:
    """Yield (module of the target, variant here, variant there) of the foreign keys that a `Relation` enum declares."""
    for stmt in relation.body if relation is not None else ():
        if not isinstance(stmt, f.Assign):
            continue
        target = r.text_of(r.setting(r.attributes(stmt.decorators, "sea_orm"), "belongs_to"))
        here = r.text_of(r.setting(r.attributes(stmt.decorators, "sea_orm"), "from"))
        there = r.text_of(r.setting(r.attributes(stmt.decorators, "sea_orm"), "to"))
        if target and here and there:
            parts = target.split("::")
            yield (parts[-2] if len(parts) > 1 else "", here.rpartition("::")[2], there.rpartition("::")[2])
