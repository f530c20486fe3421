"""Checks for SQL engines that read and create schemas: names, the round trip, every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from headwater.catalog import changes as c
from headwater.catalog import codec
from headwater.catalog.apply import apply
from headwater.catalog.model import Check, Column, ForeignKey, Index, Relation, Schema
from headwater.engines import Session
from headwater.kit.errors import HeadwaterError
from headwater.testing.engines.subject import ConformanceCheck, Subject, connected, rows, run_all

HOSTILE_NAMES = (
    "select",
    "a b",
    "a.b",
    'say "hi"',
    "back`tick",
    "ünïcode ☃",
    "x'; DROP TABLE kept; --",
    "back\\slash",
    "%s",
    ":name",
    "$1",
    "?",
    "UPPER",
    "[1]",
    "-- no comment",
    "/* none */",
)


async def names_are_quoted(subject: Subject) -> None:
    """A table and a column may have any name."""
    async with connected(subject) as session:
        for name in HOSTILE_NAMES:
            table, column = subject.engine.quote(name), subject.engine.quote(name)
            await run_all(session, f"CREATE TABLE {table} ({column} INTEGER)")
            await run_all(session, f"INSERT INTO {table} ({column}) VALUES (3)")  # noqa: S608 - names are quoted
            assert await rows(session, f"SELECT {column} FROM {table}") == [(3,)]  # noqa: S608
        schema = await subject.engine.inspect(session)
        assert {relation.name for relation in schema} >= set(HOSTILE_NAMES) - {"UPPER"}


async def inspecting_sees_what_was_made(subject: Subject) -> None:
    """Tables, columns, keys and indexes are inspected as they were declared."""
    async with connected(subject, TWO_TABLES) as session:
        schema = await subject.engine.inspect(session)
    child = schema.relation("child")
    parent = schema.relation("parent")
    assert parent and child and len(schema.relations) == 2
    assert [(column.name, column.nullable) for column in child.columns] == [
        ("id", False),
        ("parent_id", True),
        ("name", False),
    ]
    assert child.primary_key == ("id",)
    (key,) = child.foreign_keys
    assert (key.columns, key.ref_table, key.ref_columns, key.on_delete) == (
        ("parent_id",),
        "parent",
        ("id",),
        "CASCADE",
    )
    assert ("name", "parent_id") in {index.columns for index in child.indexes}
    assert codec.from_json(codec.to_json(schema)) == schema


TWO_TABLES = """
CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, name varchar(20));
CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, parent_id INTEGER, name varchar(20) DEFAULT 'x' NOT NULL,
  CONSTRAINT to_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE);
CREATE INDEX by_name ON child (name, parent_id)
"""


async def the_round_trip_holds(subject: Subject) -> None:
    """Law: inspect → ddl → execute in an empty database → inspect is equal."""
    async with connected(subject, subject.everything) as session:
        first = await subject.engine.inspect(session)
    async with connected(subject) as session:
        for statement in subject.engine.ddl(first):
            await _one(session, statement)
        second = await subject.engine.inspect(session)
    assert_equal(second, first)


async def _one(session: Session, statement: str) -> None:
    try:
        await run_all(session, statement)
    except HeadwaterError as error:
        raise AssertionError(f"{error.message}\n{statement}") from error


def assert_equal(actual: Schema, expected: Schema) -> None:
    """Raise AssertionError with the first relations that differ."""
    ours = {(relation.schema, relation.name): relation for relation in actual}
    theirs = {(relation.schema, relation.name): relation for relation in expected}
    assert sorted(map(str, ours)) == sorted(map(str, theirs))
    differing = [(relation, theirs[name]) for name, relation in ours.items() if relation != theirs[name]]
    assert not differing, "\n".join(f"{ours}\n  should be\n{theirs}" for ours, theirs in differing)
    assert replace(actual, relations=()) == replace(expected, relations=())
    assert actual == expected


_TAG = Relation(
    "tag",
    (Column("id", "integer", nullable=False), Column("word", "varchar(30)", default="'none'")),
    primary_key=("id",),
    indexes=(Index("tag_word", ("word",), unique=True),),
)
# Changes, each to a new pair of TWO_TABLES.
CHANGES: Mapping[str, c.Change] = {
    "add table": c.AddTable("tag", relation=_TAG),
    "drop table": c.DropTable("child"),
    "rename table": c.RenameTable("parent", new_name="elder"),
    "add column": c.AddColumn("child", column=Column("age", "integer")),
    "add column that may not be null": c.AddColumn("child", column=Column("age", "integer", False, "7")),
    "drop column": c.DropColumn("parent", column="name"),
    "rename column": c.RenameColumn("child", column="name", new_name="called"),
    "rename column of a key": c.RenameColumn("parent", column="id", new_name="number"),
    "alter type": c.AlterType("child", column="name", type="varchar(40)", was="varchar(20)"),
    "set not null": c.SetNullable("child", column="parent_id", nullable=False),
    "set null": c.SetNullable("child", column="name", nullable=True),
    "set default": c.SetDefault("child", column="name", default="'y'", was="'x'"),
    "drop default": c.SetDefault("child", column="name", default=None, was="'x'"),
    "add foreign key": c.AddForeignKey("parent", key=ForeignKey(("id",), "child", ("id",), "back")),
    "drop foreign key": c.DropForeignKey("child", name="to_parent"),
    "add index": c.AddIndex("parent", index=Index("by_id_and_name", ("id", "name"))),
    "add unique index": c.AddIndex("parent", index=Index("one_name", ("name",), unique=True)),
    "drop index": c.DropIndex("child", name="by_name"),
    "add check": c.AddCheck("child", check=Check("id > 0", "positive")),
    "set primary key": c.SetPrimaryKey("child", columns=("id", "name"), was=("id",)),
}


async def each_change_does_what_it_says(subject: Subject) -> None:
    """A change carried out by `alter` has the result that the catalog predicts; its reverse undoes it."""
    async with connected(subject) as session, connected(subject) as other:
        for what, change in CHANGES.items():
            await run_all(session, TWO_TABLES)
            before = await subject.engine.inspect(session)
            placed = replace(change, schema=before.relations[0].schema)
            after = await _altered(subject, session, [placed], before)
            assert after != before, what
            # Compared with a database created from the catalog's result, so that the engine spells both.
            for statement in subject.engine.ddl(apply(before, placed)):
                await _one(other, statement)
            _assert_same(after, await subject.engine.inspect(other), what)
            if back := placed.reverse():
                _assert_same(await _altered(subject, session, [back], after), before, f"{what}, and back")
            for target in (session, other):
                await _emptied(subject, target)


def _assert_same(actual: Schema, expected: Schema, what: str) -> None:
    try:
        assert_equal(actual, expected)
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error


async def _altered(subject: Subject, session: Session, changes: Sequence[c.Change], schema: Schema) -> Schema:
    for step in subject.engine.alter(changes, schema):
        assert step.statements, step.change
        for statement in step.statements:
            await _one(session, statement)
    return await subject.engine.inspect(session)


async def _emptied(subject: Subject, session: Session) -> None:
    """Drop all tables by changes, foreign keys first."""
    schema = await subject.engine.inspect(session)
    keys = [
        c.DropForeignKey(relation.name, relation.schema, key.name, key.columns)
        for relation in schema
        for key in relation.foreign_keys
    ]
    left = await _altered(
        subject, session, [*keys, *(c.DropTable(relation.name, relation.schema) for relation in schema)], schema
    )
    assert not left.relations


CHECKS: tuple[ConformanceCheck, ...] = (
    names_are_quoted,
    inspecting_sees_what_was_made,
    the_round_trip_holds,
    each_change_does_what_it_says,
)
