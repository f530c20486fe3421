"""Schemas of small random databases, in the words of each engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from headwater.catalog.model import Check, Column, Enum, ForeignKey, Index, Relation, Schema

TABLES = ("authors", "books", "copies", "loans")
NAMES = ("a", "b", "c", "d", "e")
NUMBERS = ("integer", "int")


@dataclass(frozen=True)
class World:
    """What an engine has: types with a default each, which of them an index takes, and the types of keys."""

    types: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]
    unindexed: frozenset[str] = frozenset()
    enums: bool = False
    conditions: bool = True
    rules: tuple[str | None, ...] = (None, "CASCADE", "SET NULL")


WORLDS = {
    "postgresql": World(
        (
            ("integer", "7"),
            ("bigint", "-1"),
            ("text", "'it''s'"),
            ("character varying(20)", "'x'"),
            ("numeric(8,2)", "1.50"),
            ("boolean", "false"),
            ("timestamp with time zone", "now()"),
            ("date", "CURRENT_DATE"),
            ("jsonb", "'{}'"),
            ("uuid", "gen_random_uuid()"),
        ),
        ("integer", "bigint"),
        enums=True,
    ),
    "mysql": World(
        (
            ("int", "7"),
            ("bigint", "-1"),
            ("varchar(20)", "'it''s'"),
            ("varchar(80)", "'x'"),
            ("decimal(8,2)", "1.50"),
            ("tinyint(1)", "0"),
            ("datetime", "current_timestamp()"),
            ("longtext", "'x'"),
            ("double", "0.5"),
            ("enum('x','y')", "'x'"),
        ),
        ("int", "bigint"),
        frozenset({"longtext"}),
        conditions=False,
    ),
    "sqlite": World(
        (
            ("INTEGER", "7"),
            ("TEXT", "'it''s'"),
            ("VARCHAR(20)", "'x'"),
            ("NUMERIC(8,2)", "1.50"),
            ("BOOLEAN", "0"),
            ("DATETIME", "CURRENT_TIMESTAMP"),
            ("REAL", "0.5"),
            ("BLOB", "x'00'"),
        ),
        ("INTEGER", "BIGINT"),
    ),
}


@st.composite
def schemas(draw: Any, engine: str) -> Schema:
    """Draw a Schema with a few tables that refer to each other, and a view."""
    world = WORLDS[engine]
    names = draw(st.lists(st.sampled_from(TABLES), min_size=1, max_size=3, unique=True))
    key = draw(st.sampled_from(world.keys))
    enum = Enum("mood", tuple(draw(st.permutations(("ok", "sad", "glad")))[: draw(st.integers(1, 3))]))
    enums = (enum,) if world.enums and draw(st.booleans()) else ()
    tables = [draw(tables_of(world, name, names, key, enums)) for name in names]
    if draw(st.booleans()):
        tables.append(Relation("first_ids", (Column("id"),), kind="view", definition=f"SELECT id FROM {names[0]}"))
    return Schema(tuple(tables), enums)


@st.composite
def tables_of(draw: Any, world: World, name: str, others: list[str], key: str, enums: tuple[Enum, ...]) -> Relation:
    """Draw a table with a key, a few columns, and what hangs on them."""
    own = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    columns = [Column("id", key, nullable=False), *(draw(columns_of(world, each, enums)) for each in own)]
    targets = draw(st.lists(st.sampled_from(others), max_size=2, unique=True))
    links = [Column(f"{target}_id", key) for target in targets]
    keys = [
        ForeignKey(
            (f"{target}_id",), target, ("id",), f"fk_{name}_{target}", on_delete=draw(st.sampled_from(world.rules))
        )
        for target in targets
    ]
    number = next((each.name for each in columns if each.type.lower() in NUMBERS and each.name != "id"), None)
    checks = (
        (Check(f"{number} > {draw(st.integers(0, 2))}", f"{name}_limit"),) if number and draw(st.booleans()) else ()
    )
    if number and draw(st.booleans()):
        columns.append(
            Column("total", columns[1].type if columns[1].name == number else "integer", generated=f"{number} + 1")
        )
    return Relation(
        name,
        (*columns, *links),
        primary_key=("id",),
        foreign_keys=tuple(keys),
        checks=checks,
        indexes=tuple(draw(indexes_of(world, name, columns[1:], number))),
    )


@st.composite
def columns_of(draw: Any, world: World, name: str, enums: tuple[Enum, ...]) -> Column:
    """Draw a column."""
    type_, default = draw(st.sampled_from(world.types))
    if enums and draw(st.integers(0, 3)) == 0:
        type_, default = "mood", f"'{enums[0].values[0]}'"
    has_default = draw(st.booleans()) and type_ != "longtext"
    return Column(name, type_, nullable=draw(st.booleans()), default=default if has_default else None)


@st.composite
def indexes_of(draw: Any, world: World, table: str, columns: list[Column], number: str | None) -> list[Index]:
    """Draw indexes: on one column or two, unique or not, with a condition where the engine has them."""
    able = [column.name for column in columns if column.type not in world.unindexed and not column.generated]
    able = [name for name in able if next(c for c in columns if c.name == name).type != "jsonb" or world.enums]
    sets = (
        draw(st.lists(st.lists(st.sampled_from(able), min_size=1, max_size=2, unique=True), max_size=2)) if able else []
    )
    where = f"{number} > 3" if number and world.conditions and draw(st.booleans()) else None
    indexes = []
    for position, names in enumerate(sets):
        unique = draw(st.booleans())
        indexes.append(
            Index(f"{table}_i{position}", tuple(names), unique=unique, where=where if position == 0 else None)
        )
    return indexes
