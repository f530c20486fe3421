"""SQL that is written from what a reader read runs on the engine that it is for."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import psycopg
import pymysql
import pytest

import clusters
from engines.mysql import place as mariadb
from headwater.catalog.model import Schema
from headwater.core import notation
from headwater.engines import Address, engine
from headwater.readers import SourceFile, prisma, sql

SQL_CASES = Path(__file__).parents[2] / "readers" / "sql" / "cases"
PRISMA = """
datasource db {
  provider = "{provider}"
  url      = env("DATABASE_URL")
}
model User {
  id        Int      @id @default(autoincrement())
  key       String   @unique @default(uuid())
  name      String   @default("it's \\"odd\\"")
  role      Role     @default(MEMBER)
  settings  Json     @default("{\\"a\\": [1]}")
  big       BigInt?  @default(5)
  price     Decimal  @default(1.5)
  ok        Boolean  @default(true)
  createdAt DateTime @default(now())
  posts     Post[]
  groups    Group[]
  @@index([name, createdAt])
}
model Post {
  id     BigInt @id @default(autoincrement())
  order  Int
  userId Int    @map("user id")
  user   User   @relation(fields: [userId], references: [id], onDelete: Cascade)
  @@unique([userId, order])
}
model Group {
  id    String @id @default(cuid())
  users User[]
  @@map("group")
}
enum Role {
  MEMBER @map("a member")
  ADMIN
}
view Summary {
  id Int @unique
}
"""
INSERT = """INSERT INTO "User" ("key") VALUES ('k')"""


def from_prisma(provider: str) -> str:
    """Return the SQL of the example for a provider; SQLite has no lists, no enums in older versions."""
    text = PRISMA.replace("{provider}", provider)
    schema = prisma.read(None, [SourceFile("schema.prisma", "prisma", text.encode())]).schema  # type: ignore[arg-type]
    return notation.write(schema, "sql")


def test_prisma_on_postgresql(cluster: clusters.Cluster) -> None:
    with psycopg.connect(cluster.clone().partition("?")[0], autocommit=True, sslmode="disable") as connection:
        connection.execute(from_prisma("postgresql").encode())
        connection.execute(INSERT.encode())
        row = connection.execute('SELECT id, name, role::text, settings, ok FROM "User"').fetchone()
        assert row == (1, 'it\'s "odd"', "a member", {"a": [1]}, True)
        types = connection.execute(
            "SELECT data_type FROM information_schema.columns WHERE table_name = '_GroupToUser' ORDER BY column_name"
        ).fetchall()
        assert types == [("text",), ("integer",)]


def test_prisma_on_sqlite() -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(from_prisma("sqlite"))
    database.execute(INSERT)
    assert database.execute('SELECT id, name, role, ok FROM "User"').fetchone() == (1, 'it\'s "odd"', "a member", 1)


@pytest.mark.skipif(bool(mariadb.missing()), reason=mariadb.missing())
async def test_prisma_on_mariadb() -> None:
    async with mariadb.fresh() as address:
        run(address, from_prisma("mysql"))
        schema = await inspected("mysql", address)
        assert {relation.name for relation in schema} == {"User", "Post", "group", "_GroupToUser"}


def test_what_is_left_out_is_named() -> None:
    assert "-- The view Summary is left out: its query is not known." in from_prisma("postgresql")


def run(address: Address, script: str) -> None:
    connection = pymysql.connect(
        host=address.host, port=address.port, user="root", database=address.database, autocommit=True, ssl_disabled=True
    )
    with connection, connection.cursor() as cursor:
        for statement in script.split(";\n"):
            if text := re.sub(r"^--[^\n]*\n*", "", statement.strip(), flags=re.MULTILINE):
                cursor.execute(text)


async def inspected(name: str, address: Address) -> Schema:
    session = await engine(name).connect(address)
    try:
        return await engine(name).inspect(session)
    finally:
        await session.close()


def read_case(path: Path) -> Schema:
    parts = re.split(r"^--- (\S+)\n", path.read_text("utf-8"), flags=re.MULTILINE)
    files = [SourceFile(name, "sql", body.encode()) for name, body in zip(parts[1::2], parts[2::2], strict=True)]
    return sql.read(None, [file for file in files if file.path != "expect"]).schema  # type: ignore[arg-type]


@pytest.mark.parametrize("case", ["sqlite_rebuild", "sqlite_odd_clauses"])
def test_sql_files_on_sqlite(case: str) -> None:
    schema = read_case(SQL_CASES / f"{case}.txt")
    assert schema.dialect == "sqlite"
    database = sqlite3.connect(":memory:")
    database.executescript(notation.write(schema, "sql"))
    for relation in schema:
        columns = [row[1] for row in database.execute(f'PRAGMA table_info("{relation.name}")')]
        assert columns == [column.name for column in relation.columns]


@pytest.mark.skipif(bool(mariadb.missing()), reason=mariadb.missing())
@pytest.mark.parametrize("case", ["mysql", "mysql_odd_clauses"])
async def test_sql_files_on_mariadb(case: str) -> None:
    schema = read_case(SQL_CASES / f"{case}.txt")
    assert schema.dialect == "mysql"
    async with mariadb.fresh() as address:
        run(address, notation.write(schema, "sql"))
        created = await inspected("mysql", address)
        for relation in schema:
            table = created.relation(relation.name)
            assert table and [each.name for each in table.columns] == [each.name for each in relation.columns]
