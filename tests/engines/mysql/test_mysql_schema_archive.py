"""Snapshots of MySQL and MariaDB hold the server's own text of every object, and restores run it as it was created."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymysql
import pytest

from engines.mysql import place
from headwater.engines import Address, TableRestoreRequest, drop_all, engine
from headwater.engines.mysql import archive_plan, schema_archive
from headwater.engines.mysql.schema_archive import MysqlObject, MysqlSchema
from headwater.kit.errors import BadInput, Conflict

MYSQL: Any = engine("mysql")
SCHEMAS = Path(__file__).parent / "schemas.sql"
# The definitions of objects that were created over a connection that does not use UTF-8.
LATIN1 = (
    "CREATE FUNCTION latin(x VARCHAR(5)) RETURNS VARCHAR(9) DETERMINISTIC RETURN concat(x, 'é')",
    "CREATE VIEW latin_view AS SELECT 'ä' AS a",
    "CREATE TRIGGER latin_trigger BEFORE INSERT ON lists FOR EACH ROW SET @u = 'ü'",
)
needs_server = pytest.mark.skipif(bool(place.missing()), reason="no MariaDB on port 3306")


@contextmanager
def connected(address: Address, charset: str = "utf8mb4") -> Iterator[Any]:
    connection = pymysql.connect(
        host=place.HOST,
        port=place.PORT,
        user=address.user,
        password=address.password,
        database=address.database,
        autocommit=True,
        ssl_disabled=True,
        charset=charset,
    )
    try:
        yield connection
    finally:
        connection.close()


def ask(address: Address, query: str) -> list[tuple[Any, ...]]:
    with connected(address) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def run_file(address: Address, file: Path) -> None:
    """Run a script by the program mysql."""
    command = ["mysql", "--no-defaults", "-h", place.HOST, "-P", str(place.PORT), "-u", "root", address.database]
    with file.open("rb") as script:
        subprocess.run(
            command, stdin=script, check=True, capture_output=True, env={"PATH": os.environ["PATH"]}, timeout=60
        )


def dump(address: Address) -> list[str]:
    """Return mysqldump's text of the schema; a trigger's head is spelled in one way, the database has no name."""
    command = ["mysqldump", "--no-defaults", "-h", place.HOST, "-P", str(place.PORT), "-u", "root", "--no-data"]
    command += ["--routines", "--events", "--triggers", "--skip-comments", "--skip-lock-tables", address.database]
    done = subprocess.run(command, check=True, capture_output=True, env={"PATH": os.environ["PATH"]}, timeout=60)
    text = re.sub(r" AUTO_INCREMENT=\d+", "", done.stdout.decode("latin-1"))
    text = re.sub(r"TRIGGER `?(\w+)`? (BEFORE|AFTER)", r"TRIGGER \1 \2", text)
    text = re.sub(r"(BEFORE|AFTER) (INSERT|UPDATE|DELETE) ON `?(\w+)`?", r"\1 \2 ON \3", text)
    return text.replace(address.database, "DATABASE").splitlines()


async def archive_of(address: Address) -> tuple[bytes, tuple[str, ...]]:
    """Return the archive of a database, and all sentences about what a snapshot of it lacks."""
    reader = await MYSQL.snapshots.open_reader(address)
    try:
        written = reader.schema_archiver.write()
        return written.content, (*reader.notes, *written.notes)
    finally:
        await reader.close()


async def restored(source: Address, target: Address, tables: list[str] | None = None) -> list[str]:
    """Restore a database, or some of its tables, into another; return the sentences about it."""
    reader = await MYSQL.snapshots.open_reader(source)
    loader = await MYSQL.snapshots.open_loader(target)
    notes: list[Any] = []
    try:
        chosen = [table for table in reader.tables if tables is None or table.name in tables]
        names = [(None, table.name) for table in chosen]
        restore = loader.archive_restore
        plan = await asyncio.to_thread(restore.plan, reader.schema_archiver.write().content, reader.extras, names)
        notes += [f"Not restored: {name}." for name in plan.left_out]
        for statement in plan.pre_data:
            notes.append(await restore.create(statement))
        for table in chosen:
            await asyncio.to_thread(loader.load_rows, table, reader.read(table))
        notes += await loader.restore_extras(plan.extras)
        for statement in (*plan.post_data, *plan.final):
            notes.append(await restore.create(statement))
    finally:
        await loader.close()
        await reader.close()
    return [getattr(note, "sentence", note) for note in notes if note]


@asynccontextmanager
async def two_databases() -> AsyncIterator[tuple[Address, Address]]:
    """Yield an empty source, whose default collation is not the server's, and an empty target."""
    async with place.fresh() as source, place.fresh() as target:
        ask(source, "ALTER DATABASE COLLATE latin1_swedish_ci")
        yield source, target


@needs_server
async def test_schema_of_every_kind_is_restored_exactly() -> None:
    async with two_databases() as (source, target):
        run_file(source, SCHEMAS)
        with connected(source, "latin1") as connection:
            for statement in LATIN1:
                connection.query(statement.encode("latin-1"))
        assert await restored(source, target) == []
        assert dump(target) == dump(source)
        assert (await archive_of(target))[0] == (await archive_of(source))[0]
        assert ask(target, "SELECT loud('7'), latin('x'), (SELECT hex(a) FROM latin_view)") == [("7!", "xé", "E4")]
        with connected(target) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO joined (id, a) VALUES (5, 'x')")
            cursor.execute("INSERT INTO child (note) VALUES ('n')")
            cursor.execute("SELECT @x, (SELECT b FROM joined WHERE id = 5)")
            assert cursor.fetchone() == ("1é2", "x-5")
            cursor.execute("INSERT INTO defaults (dt) VALUES (now())")
            cursor.execute("SELECT hex(raw), latin, length(id), d = 0 FROM defaults")
            assert cursor.fetchone() == ("FF00", "ä", 36, 1)
            cursor.execute("SET sql_mode = ORACLE")
            cursor.execute("SELECT pack.one()")
            assert cursor.fetchone() == (1,)


BY_TRANSACTIONS = """
CREATE TABLE prices (id INT PRIMARY KEY, v INT, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START,
  e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING
"""
VERSIONED = {
    "CREATE TABLE prices (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING": "row_start, row_end",
    "CREATE TABLE prices (id INT PRIMARY KEY, v INT, b TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE, "
    "e TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (b, e)) WITH SYSTEM VERSIONING": "b, e",
    "CREATE TABLE prices (id INT, v INT) WITH SYSTEM VERSIONING "
    "PARTITION BY SYSTEM_TIME LIMIT 100 (PARTITION p0 HISTORY, PARTITION pc CURRENT)": "row_start, row_end",
}


@needs_server
async def test_history_of_tables_that_are_versioned_by_transactions_is_named_as_not_kept() -> None:
    async with two_databases() as (source, target):
        ask(source, BY_TRANSACTIONS)
        ask(source, "INSERT INTO prices (id, v) VALUES (1, 1)")
        ask(source, "UPDATE prices SET v = 2")
        _, notes = await archive_of(source)
        assert notes == (
            "The history of system-versioned tables is not in the snapshot, only their current rows: prices.",
        )
        assert await restored(source, target) == []
        assert ask(target, "SELECT id, v FROM prices FOR SYSTEM_TIME ALL") == [(1, 2)]


def takes_history(address: Address) -> bool:
    return bool(ask(address, "SHOW VARIABLES LIKE 'system_versioning_insert_history'"))


@needs_server
@pytest.mark.parametrize("table", VERSIONED)
async def test_history_of_versioned_tables_is_restored(table: str) -> None:
    every = f"SELECT id, v, {VERSIONED[table]} FROM prices FOR SYSTEM_TIME ALL ORDER BY 1, 3"
    async with two_databases() as (source, target):
        if not takes_history(target):
            pytest.skip("the server has no system_versioning_insert_history (MariaDB 10.11)")
        ask(source, table)
        ask(source, "INSERT INTO prices (id, v) VALUES (1, 1), (2, 2), (3, NULL)")
        ask(source, "UPDATE prices SET v = 10 WHERE id = 1")
        ask(source, "DELETE FROM prices WHERE id = 2")
        ask(source, "INSERT INTO prices (id, v) VALUES (2, 20)")
        _, notes = await archive_of(source)
        assert notes == ()
        assert await restored(source, target) == []
        before = ask(source, every)
        assert len(before) == 5
        assert ask(target, every) == before
        assert ask(target, "SELECT id, v FROM prices ORDER BY id") == [(1, 10), (2, 20), (3, None)]
        ask(target, "UPDATE prices SET v = 11 WHERE id = 1")
        assert ask(target, "SELECT count(*) FROM prices FOR SYSTEM_TIME ALL") == [(6,)]


@needs_server
async def test_definer_that_may_not_be_set_is_replaced_and_named() -> None:
    async with two_databases() as (source, target):
        ask(source, "CREATE TABLE t (id INT PRIMARY KEY)")
        ask(source, "CREATE DEFINER=`ghost`@`%` SQL SECURITY INVOKER VIEW v AS SELECT id FROM t")
        ask(source, "CREATE DEFINER=`ghost`@`%` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1")
        ask(source, "CREATE DEFINER=`ghost`@`%` PROCEDURE p() SELECT 1")
        ask(source, "CREATE DEFINER=`ghost`@`%` EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO SET @a = 1")
        name = f"u_{uuid.uuid4().hex[:10]}"
        ask(target, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
        try:
            ask(target, f"GRANT ALL ON `{target.database}`.* TO {name}@'%'")
            notes = await restored(source, replace(target, user=name, password="secret"))
            assert notes == [
                f"The definer `ghost`@`%` of {item} was replaced by the current user."
                for item in ("procedure p", "view v", "trigger tr of t", "event e")
            ]
            definers = (
                "SELECT definer FROM information_schema.views WHERE table_schema = DATABASE() UNION ALL "
                "SELECT definer FROM information_schema.triggers WHERE trigger_schema = DATABASE() UNION ALL "
                "SELECT definer FROM information_schema.routines WHERE routine_schema = DATABASE() UNION ALL "
                "SELECT definer FROM information_schema.events WHERE event_schema = DATABASE()"
            )
            assert ask(target, definers) == [(f"{name}@%",)] * 4
        finally:
            ask(target, f"DROP USER {name}@'%'")


@needs_server
async def test_code_that_names_its_own_database_is_named() -> None:
    async with two_databases() as (source, target):
        own = source.database
        ask(source, "CREATE TABLE t (id INT PRIMARY KEY)")
        ask(source, f"CREATE VIEW v AS SELECT t.id FROM {own}.t")
        ask(source, f"CREATE TRIGGER {own}.tr BEFORE INSERT ON {own}.t FOR EACH ROW SET @a = '{own}.t'")
        ask(source, f"CREATE PROCEDURE p() SELECT count(*) FROM {own}.t")
        _, notes = await archive_of(source)
        assert [note.split(" in its text")[0] for note in notes] == [f"The procedure p names the database {own}"]
        assert await restored(source, target) == []
        ask(target, "INSERT INTO t VALUES (1)")
        assert ask(target, "SELECT id FROM v") == [(1,)]


@needs_server
async def test_what_the_user_may_not_see_is_named() -> None:
    async with place.fresh() as source:
        ask(source, "CREATE TABLE t (id INT PRIMARY KEY)")
        ask(source, "CREATE VIEW v AS SELECT id FROM t")
        ask(source, "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1")
        ask(source, "CREATE PROCEDURE p() SELECT 1")
        name = f"u_{uuid.uuid4().hex[:10]}"
        ask(source, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
        try:
            ask(source, f"GRANT SELECT, EXECUTE ON `{source.database}`.* TO {name}@'%'")
            content, notes = await archive_of(replace(source, user=name, password="secret"))
            assert [item.name for item in schema_archive.loaded(content).objects] == ["t"]
            assert [note.split(":")[0] for note in notes] == [
                "Without the privilege TRIGGER, this user may not see all triggers",
                "Without the privilege EVENT, this user may not see all events",
                "The snapshot does not contain the procedure p",
                "The snapshot does not contain the view v",
            ]
        finally:
            ask(source, f"DROP USER {name}@'%'")


@needs_server
async def test_broken_view_is_named_and_left_out() -> None:
    async with two_databases() as (source, target):
        ask(source, "CREATE TABLE t (id INT PRIMARY KEY)")
        ask(source, "CREATE TABLE gone (id INT PRIMARY KEY)")
        ask(source, "CREATE VIEW broken AS SELECT id FROM gone")
        ask(source, "CREATE VIEW a_on_broken AS SELECT id FROM broken")
        ask(source, "CREATE VIEW sound AS SELECT id FROM t")
        ask(source, "DROP TABLE gone")
        _, notes = await archive_of(source)
        assert [note.split(" refers")[0] for note in notes] == ["The view a_on_broken", "The view broken"]
        notes = await restored(source, target)
        assert [note.split(" (")[0] for note in notes] == [
            "view broken: it did not work in the database of the snapshot either",
            "view a_on_broken: it needs view broken",
        ]
        assert ask(target, "SHOW FULL TABLES WHERE Table_type = 'VIEW'") == [("sound", "VIEW")]


@needs_server
async def test_chosen_tables_come_with_what_belongs_to_them() -> None:
    async with two_databases() as (source, target):
        run_file(source, SCHEMAS)
        notes = await restored(source, target, ["circle_a", "numbered", "joined", "child"])
        for name in ("foreign key to,b of circle_a", "table circle_b", "view z_first", "function loud", "event past"):
            assert f"Not restored: {name}." in notes
        assert {
            kind
            for kind, _ in ask(
                target, "SELECT table_type, 1 FROM information_schema.tables WHERE table_schema = DATABASE()"
            )
        } == {
            "BASE TABLE",
            "SEQUENCE",
        }
        assert ask(target, "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE()") == [
            (4,)
        ]
        ask(target, "INSERT INTO numbered (w) VALUES (1)")
        assert ask(target, "SELECT id FROM numbered") == [(5,)]
        assert ask(target, "SHOW PROCEDURE STATUS WHERE Db = DATABASE()") == []


@needs_server
async def test_object_that_exists_in_the_target_is_a_conflict() -> None:
    async with two_databases() as (source, target):
        ask(source, "CREATE TABLE t (id INT PRIMARY KEY)")
        ask(source, "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO SET @a = 1")
        ask(target, "CREATE EVENT nightly ON SCHEDULE EVERY 2 DAY DO SET @a = 1")
        with pytest.raises(Conflict, match="The database already has event nightly"):
            await restored(source, target)
        assert ask(target, "SHOW TABLES") == []


@needs_server
async def test_objects_of_a_failed_restore_are_dropped_and_no_others() -> None:
    async with two_databases() as (source, target):
        run_file(source, SCHEMAS)
        ask(target, "CREATE TABLE mine (id INT PRIMARY KEY)")
        ask(target, "CREATE FUNCTION mine() RETURNS INT RETURN 1")
        before = dump(target)
        await restored(source, target)
        content = schema_archive.loaded((await archive_of(source))[0])
        tables = [item.name for item in content.objects if item.kind == "table"]
        plan, _ = archive_plan.plan(content, {}, tables, ())
        session = await MYSQL.connect(target)
        try:
            await drop_all(MYSQL.transfer.target(session), plan.objects)
        finally:
            await session.close()
        ask(target, f"ALTER DATABASE COLLATE {ask(source, 'SELECT @@collation_server')[0][0]}")
        assert dump(target) == before


@needs_server
async def test_missing_table_of_a_restore_in_place_has_the_text_of_the_server() -> None:
    async with two_databases() as (source, target):
        ask(source, "CREATE TABLE gone (id INT PRIMARY KEY)")
        ask(
            source,
            "CREATE TABLE t (id INT PRIMARY KEY, g INT, CONSTRAINT to_gone FOREIGN KEY (g) REFERENCES gone (id)) WITH SYSTEM VERSIONING",
        )
        ask(source, "CREATE TRIGGER works BEFORE INSERT ON t FOR EACH ROW SET @a = 1")
        ask(source, "CREATE TRIGGER fails BEFORE INSERT ON t FOR EACH ROW DELETE FROM gone")
        ask(source, "INSERT INTO t VALUES (1, NULL)")
        ask(target, "CREATE TABLE mine (id INT PRIMARY KEY)")
        reader = await MYSQL.snapshots.open_reader(source)
        restore = await MYSQL.in_place_restore.open(target)
        notes: list[str] = []
        try:
            rows = [(table, list(reader.read(table))) for table in reader.tables if table.name == "t"]
            archive = reader.schema_archiver.write().content
            request = TableRestoreRequest(rows, "overwrite", archive=archive, missing=[(None, "t")], note=notes.append)
            await asyncio.to_thread(restore.restore_tables, request)
        finally:
            await restore.close()
            await reader.close()
        assert notes == [
            "Left out, because it needs a table that does not exist: foreign key to_gone of t.",
            "Left out, because it needs a table that does not exist: trigger fails of t.",
        ]
        ((_, text),) = ask(target, "SHOW CREATE TABLE t")
        assert text.endswith("WITH SYSTEM VERSIONING")
        assert ask(
            target, "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        ) == [("works",)]
        assert ask(target, "SELECT * FROM t") == [(1, None)]


@needs_server
async def test_unchanged_schema_gives_the_same_archive() -> None:
    async with place.fresh() as address:
        ask(address, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT) COMMENT ' AUTO_INCREMENT=7'")
        first, _ = await archive_of(address)
        ask(address, "INSERT INTO t (v) VALUES ('a'), ('b'), ('c')")
        assert (await archive_of(address))[0] == first
        assert " AUTO_INCREMENT=7'" in schema_archive.loaded(first).objects[0].text


def test_archive_of_a_newer_version_is_refused() -> None:
    plain = json.loads(schema_archive.dumped(MysqlSchema("latin1_swedish_ci", ())))
    with pytest.raises(BadInput, match="not supported"):
        schema_archive.loaded(json.dumps(plain | {"version": 99}).encode())
    user = {"kind": "table", "name": "t", "text": "CREATE USER a"}
    other_kind = {"kind": "view", "name": "t", "text": "CREATE TABLE t (a INT)"}
    changed = [json.dumps(plain | {"objects": [item]}).encode() for item in ({"kind": "table"}, user, other_kind)]
    for damaged in (b"", b"[]", b"{}", *changed):
        with pytest.raises(BadInput, match="cannot be read"):
            schema_archive.loaded(damaged)


TABLE = b"""CREATE TABLE `a` (
  `id` int(11) NOT NULL COMMENT 'x, CONSTRAINT `k` FOREIGN KEY (`id`) REFERENCES `gone` (`id`)',
  `t``,(` varchar(9) DEFAULT ')' CHECK (`t``,(` <> '(,'),
  PRIMARY KEY (`id`),
  CONSTRAINT `to gone` FOREIGN KEY (`id`) REFERENCES `gone` (`id`) ON DELETE CASCADE,
  CONSTRAINT `to b` FOREIGN KEY (`id`) REFERENCES `b` (`id`),
  CONSTRAINT `outside` FOREIGN KEY (`id`) REFERENCES `gone`.`gone` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=17 COMMENT='AUTO_INCREMENT=18'"""


def test_foreign_keys_to_absent_tables_are_removed() -> None:
    changed, keys = schema_archive.without_foreign_keys(TABLE, {"gone"})
    assert keys == ("to gone",)
    assert changed == TABLE.replace(
        b"\n  CONSTRAINT `to gone` FOREIGN KEY (`id`) REFERENCES `gone` (`id`) ON DELETE CASCADE,", b""
    )
    assert schema_archive.without_foreign_keys(TABLE, {"other"}) == (TABLE, ())
    changed, keys = schema_archive.without_foreign_keys(TABLE.replace(b"`gone`.`gone`", b"`c`"), {"gone", "b", "c"})
    assert keys == ("to gone", "to b", "outside")
    assert changed.count(b"CONSTRAINT") == 1 and b"PRIMARY KEY (`id`)\n) ENGINE" in changed


def test_counter_is_removed_from_the_options_only() -> None:
    assert schema_archive.without_counter(TABLE) == TABLE.replace(b" AUTO_INCREMENT=17", b"")


BODIES = {
    b"CREATE DEFINER=`a`@`%` TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 'for each row'": b"SET @a = 'for each row'",
    b"create trigger `for each row` after update on `d`.`t` /* for each row */ for\n each  row begin end": b"begin end",
    b'CREATE TRIGGER "for" AFTER DELETE ON "each" FOR EACH ROW -- why\nSET @a = 1': b"-- why\nSET @a = 1",
    b"CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = '\xe9'": b"SET @a = '\xe9'",
}


@pytest.mark.parametrize("text", BODIES)
def test_body_of_a_trigger_is_what_follows_for_each_row(text: bytes) -> None:
    assert schema_archive.trigger_body(text) == BODIES[text]


UNQUALIFIED = {
    b"select `shop`.`t`.`id` AS `id`,`shop`.`f`(`t`.`a`) AS `x` from `shop`.`t`": b"select `t`.`id` AS `id`,`f`(`t`.`a`) AS `x` from `t`",
    b"CREATE TABLE `t` (`id` int DEFAULT nextval(`shop`.`s`), `a` text DEFAULT '`shop`.`s`')": (
        b"CREATE TABLE `t` (`id` int DEFAULT nextval(`s`), `a` text DEFAULT '`shop`.`s`')"
    ),
    b"select `shop`.`shop`.`id` AS `id`,`shop`.`f`(1) AS `x` from `shop`.`other`": b"select `shop`.`id` AS `id`,`f`(1) AS `x` from `other`",
    b"select `shop`.`id` AS `id` from `shop` join `b`": b"select `shop`.`id` AS `id` from `shop` join `b`",
    b"select `my`.`t`.`id` AS `id` from `my`.`t`": b"select `my`.`t`.`id` AS `id` from `my`.`t`",
}


@pytest.mark.parametrize("text", UNQUALIFIED)
def test_name_of_the_own_database_is_removed(text: bytes) -> None:
    assert schema_archive.without_database(text, b"shop") == UNQUALIFIED[text]


def test_views_come_after_those_that_they_use() -> None:
    views = [
        MysqlObject("view", "a", "CREATE VIEW `a` AS select 1 from `c` join `b`"),
        MysqlObject("view", "b", "CREATE VIEW `b` AS select `c`.`a` AS `a` from `c`"),
        MysqlObject("view", "c", "CREATE VIEW `c` AS select 'a' AS `x`"),
        MysqlObject("view", "d", "CREATE VIEW `d` AS select `e`.`x` from `e`"),
        MysqlObject("view", "e", "CREATE VIEW `e` AS select `d`.`x` AS `d` from `t` `d`"),
    ]
    names = [view.name for view in schema_archive.in_order(views)]
    assert sorted(names) == ["a", "b", "c", "d", "e"]
    assert names.index("c") < names.index("a")


def test_triggers_that_use_absent_tables_are_left_out() -> None:
    content = MysqlSchema(
        "",
        (
            MysqlObject("table", "t", "CREATE TABLE `t` (`id` int)"),
            MysqlObject("table", "log", "CREATE TABLE `log` (`id` int)"),
            MysqlObject("function", "f", "CREATE FUNCTION `f`() RETURNS int RETURN g()"),
            MysqlObject("function", "g", "CREATE FUNCTION `g`() RETURNS int RETURN 1"),
            MysqlObject("function", "h", "CREATE FUNCTION `h`() RETURNS int RETURN (SELECT max(id) FROM log)"),
            MysqlObject("trigger", "a", "CREATE TRIGGER `a` BEFORE INSERT ON `t` FOR EACH ROW SET @a = f()", table="t"),
            MysqlObject(
                "trigger",
                "b",
                "CREATE TRIGGER `b` BEFORE INSERT ON `t` FOR EACH ROW INSERT INTO log VALUES (1)",
                table="t",
            ),
            MysqlObject("trigger", "c", "CREATE TRIGGER `c` BEFORE INSERT ON `t` FOR EACH ROW SET @a = h()", table="t"),
        ),
    )
    selection = archive_plan.select(content, ["t"])
    assert [item.name for item in selection.objects] == ["t", "f", "g", "a"]
    assert selection.left_out == ("table log", "function h", "trigger b of t", "trigger c of t")
