"""What readers declare beside names and types: indexes, defaults, what an ORM only assumes, and which files are migrations."""

from __future__ import annotations

import pytest

from headwater.catalog.model import Enum, Index, is_assumed
from headwater.core.diff import Side, compare
from headwater.kit import plugins
from headwater.readers import SourceFile, all_readers, bookkeeping_tables, is_migration, prisma, sql
from headwater.testing.readers import CodeBase

DRIZZLE = """import { boolean, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'

function stamp(name = 'created_at') {
  return timestamp(name, { withTimezone: true }).notNull().defaultNow()
}

export const users = pgTable('users', {
  id: uuid('id').primaryKey().defaultRandom(),
  email: text('email').default('x'),
  age: integer('age').default(7),
  on: boolean('on').default(false),
  data: jsonb('data').default({}),
  raw: text('raw').default(sql`lower('A')`),
  createdAt: stamp(),
  seenAt: stamp('seen_at'),
}, (t) => [
  uniqueIndex('by_email').on(sql`lower(${t.email})`).where(sql`${t.on} IS NOT NULL`),
  index('by_age').on(t.age.desc(), t.email),
])
"""


def reading(reader: str, **files: str):
    named = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    return CodeBase(named).read(plugins.load("readers", reader)).schema


def test_drizzle_has_defaults_zones_and_indexes_of_expressions() -> None:
    (table,) = reading("drizzle", schema_dot_ts=DRIZZLE).relations
    assert {column.name: (column.type, column.default) for column in table.columns} == {
        "id": ("uuid", "gen_random_uuid()"),
        "email": ("text", "'x'"),
        "age": ("integer", "7"),
        "on": ("boolean", "false"),
        "data": ("jsonb", None),
        "raw": ("text", "lower('A')"),
        "created_at": ("timestamp with time zone", "now()"),
        "seen_at": ("timestamp with time zone", "now()"),
    }
    assert [column.name for column in table.columns if is_assumed(column, "default")] == ["data"]
    assert table.indexes == (
        Index("by_email", ("(lower(email))",), unique=True, where="on IS NOT NULL"),
        Index("by_age", ("(age DESC)", "email")),
    )


def test_drizzle_columns_of_enum_types_have_their_own_names() -> None:
    code = """import { pgEnum, pgTable, serial } from 'drizzle-orm/pg-core'
export const mood = pgEnum('mood', ['ok', 'sad'])
export const users = pgTable('users', { id: serial('id'), now: mood('current_mood').notNull(), then: mood() })
"""
    schema = reading("drizzle", schema_dot_ts=code)
    assert [(column.name, column.type, column.nullable) for column in schema.relations[0].columns] == [
        ("id", "serial", False),
        ("current_mood", "mood", False),
        ("then", "mood", True),
    ]
    assert schema.enums == (Enum("mood", ("ok", "sad")),)


PRISMA = """datasource db { provider = "postgresql" MODE }
model User {
  id    Int      @id
  name  String
  tags  String[]
  posts Post[]
  @@index([name(ops: raw("gin_trgm_ops")), tags(ops: ArrayOps), id(sort: Desc)], type: Gin)
}
model Post {
  id     Int   @id
  userId Int
  user   User  @relation(fields: [userId], references: [id])
}
"""


def test_prisma_knows_operator_classes_orders_and_who_keeps_relations() -> None:
    schema = prisma.read_text(PRISMA.replace("MODE", ""))
    users, posts = schema.relation("User"), schema.relation("Post")
    assert [index.columns for index in users.indexes] == [("(name gin_trgm_ops)", "tags", "(id DESC)")]
    assert [column.name for column in users.columns if is_assumed(column, "nullability")] == ["tags"]
    assert not is_assumed(posts.foreign_keys[0], "key")
    of_client = prisma.read_text(PRISMA.replace("MODE", '\n relationMode = "prisma"\n'))
    assert is_assumed(of_client.relation("Post").foreign_keys[0], "key")


def test_prisma_s_join_tables_are_those_of_its_migrations() -> None:
    models = prisma.read_text(
        'datasource db { provider = "postgresql" }\nmodel A {\n id Int @id\n bs B[]\n}\nmodel B {\n id Int @id\n as A[]\n}\n'
    )
    for key in ('CREATE UNIQUE INDEX u ON "_AToB"("A", "B");', 'ALTER TABLE "_AToB" ADD PRIMARY KEY ("A", "B");'):
        migrations = sql.read_text(
            'CREATE TABLE "A" (id INTEGER NOT NULL PRIMARY KEY);CREATE TABLE "B" (id INTEGER NOT NULL PRIMARY KEY);'
            f'CREATE TABLE "_AToB" ("A" INTEGER NOT NULL, "B" INTEGER NOT NULL);{key}CREATE INDEX i ON "_AToB"("B");'
            'ALTER TABLE "_AToB" ADD FOREIGN KEY ("A") REFERENCES "A"(id) ON DELETE CASCADE ON UPDATE CASCADE;'
            'ALTER TABLE "_AToB" ADD FOREIGN KEY ("B") REFERENCES "B"(id) ON DELETE CASCADE ON UPDATE CASCADE;'
        )
        assert compare(Side(migrations), Side(models, None, "models")).changes == ()


JPA = """package a;
import jakarta.persistence.*;
@Entity
public class User {
  @Id private long id;
  private String name;
  @Column(length = 40) private String nick;
  @Column(columnDefinition = "bit default '0'") private Boolean gone;
  private int age;
}
"""


def test_jpa_assumes_what_no_annotation_says() -> None:
    (table,) = reading("jpa", a__User_dot_java=JPA).relations
    assert [column.name for column in table.columns if is_assumed(column, "type")] == ["id", "name", "age"]
    assert [column.name for column in table.columns if is_assumed(column, "nullability")] == ["id", "age"]
    gone = table.column("gone")
    assert (gone.type, gone.default) == ("bit", "'0'")


def test_gorm_assumes_types_without_a_tag() -> None:
    code = 'package m\n\nimport "gorm.io/gorm"\n\ntype User struct {\n\tgorm.Model\n\tName string\n\tNick string `gorm:"type:varchar(9)"`\n}\n'
    table = reading("gorm", m__user_dot_go=code).relation("users")
    assert is_assumed(table.column("name"), "type") and not is_assumed(table.column("nick"), "type")


def test_diesel_joins_are_no_keys_of_the_database() -> None:
    code = "diesel::table! { users (id) { id -> Integer, } }\ndiesel::table! { posts (id) { id -> Integer, user_id -> Integer, } }\ndiesel::joinable!(posts -> users (user_id));\n"
    (key,) = reading("diesel", src__schema_dot_rs=code).relation("posts").foreign_keys
    assert is_assumed(key, "key")


@pytest.mark.parametrize(
    ("reader", "path", "language", "source", "expected"),
    [
        ("sql", "schema.sql", "sql", "CREATE TABLE t (id int)", True),
        ("alembic", "versions/1.py", "python", "down_revision = None\ndef upgrade(): pass", True),
        (
            "active_record",
            "db/migrate/20200101000000_a.rb",
            "ruby",
            "class A < ActiveRecord::Migration[7.0]\nend",
            True,
        ),
        ("active_record", "db/schema.rb", "ruby", "ActiveRecord::Schema[7.0].define do\nend", False),
        ("sqlalchemy", "models.py", "python", "from sqlalchemy import Column", False),
        ("prisma", "schema.prisma", "prisma", "model A {}", False),
    ],
)
def test_readers_tell_migrations_from_declarations(reader, path, language, source, expected) -> None:
    assert is_migration(reader, SourceFile(path, language, source.encode())) is expected


def test_tools_name_the_tables_of_their_own() -> None:
    assert {
        "alembic_version",
        "_prisma_migrations",
        "schema_migrations",
        "flyway_schema_history",
    } <= bookkeeping_tables()
    assert all(isinstance(getattr(reader, "BOOKKEEPING", ()), tuple) for reader in all_readers().values())
