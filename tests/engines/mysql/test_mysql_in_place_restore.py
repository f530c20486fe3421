"""In-place restores on MariaDB: triggers are disabled and restored; keys, locks, and refusals."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pymysql
import pytest

from engines.mysql.place import HOST, PORT, missing
from engines.test_every_engine import subject
from headwater.catalog.results import QueryError
from headwater.engines import Address, Batch, TableRestoreRequest, TableRestoreResult
from headwater.engines.mysql import triggers
from headwater.engines.mysql.session import MysqlSession
from headwater.testing.engines.in_place_restore import RestoreScenario, fails, open_scenario, same

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
TRIGGERS = "SELECT * FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY trigger_name"
# Several at one time, a body that ends in a comment, a label, other modes and character sets, another definer.
ODD = (
    "CREATE TRIGGER z_first BEFORE INSERT ON artist FOR EACH ROW PRECEDES artist_insert out_: BEGIN LEAVE out_; END",
    "CREATE TRIGGER between_ BEFORE INSERT ON artist FOR EACH ROW FOLLOWS z_first SET NEW.bio = 'it''s; END' -- so",
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT', character_set_client = latin1, collation_connection = latin1_german1_ci",
    "CREATE DEFINER=`who`@`ever` TRIGGER piped BEFORE UPDATE ON artist FOR EACH ROW SET NEW.\"bio\" = NEW.name || 'é'",
    "SET SESSION sql_mode = DEFAULT",
    "SET NAMES utf8mb4",
    "CREATE TRIGGER `od``d ☃` AFTER DELETE ON album FOR EACH ROW BEGIN DECLARE n INT; SET n = 1; IF n THEN SET @x = 'ü☃'; END IF; END",
)


def linked(address: Address, user: str = "root", password: str = ""):
    return pymysql.connect(
        host=HOST,
        port=PORT,
        user=user,
        password=password,
        database=address.database,
        autocommit=True,
        ssl_disabled=True,
    )


@asynccontextmanager
async def open_odd_scenario() -> AsyncIterator[tuple[RestoreScenario, pymysql.Connection]]:
    async with open_scenario(subject("mysql")) as scenario:
        connection = linked(scenario.address)
        try:
            for statement in ODD:
                connection.query(statement.encode("latin1" if "piped" in statement else "utf8"))
            yield scenario, connection
        finally:
            connection.close()


def read_triggers(connection) -> list[dict[str, object]]:
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(TRIGGERS)
        return [{name: value for name, value in row.items() if name != "CREATED"} for row in cursor.fetchall()]


async def test_triggers_are_restored_unchanged() -> None:
    async with open_odd_scenario() as (scenario, connection):
        saved, before = await scenario.read_state(), read_triggers(connection)
        seen = []

        def batches() -> Iterator[Batch]:
            seen.extend(read_triggers(connection))
            yield from saved.tables["artist"][1]

        table = saved.tables["artist"][0]
        await scenario.restore_tables(TableRestoreRequest([(table, batches()), *saved.of(["album"])], "overwrite"))
        assert read_triggers(connection) == before
        assert all(row["ACTION_STATEMENT"] != then["ACTION_STATEMENT"] for row, then in zip(seen, before, strict=True))
        assert [row["ACTION_ORDER"] for row in seen] == [row["ACTION_ORDER"] for row in before]
        same(await scenario.read_state(), saved)


async def test_triggers_are_repaired_after_kill() -> None:
    async with open_odd_scenario() as (scenario, connection):
        state, before = await scenario.read_state(), read_triggers(connection)
        triggers.hold_off(connection, triggers.of(connection, ["artist", "album"]))
        assert read_triggers(connection) != before
        same(await scenario.read_state(), state)  # the schema that is shown has them as they were
        await scenario.fires()
        await scenario.run("DELETE FROM fired")
        state = await scenario.read_state()
        await scenario.restore(state, "append", [])
        assert read_triggers(connection) != before
        await scenario.restore(state, "overwrite")
        assert read_triggers(connection) == before


async def test_trigger_of_other_definer_is_rejected() -> None:
    async with open_odd_scenario() as (scenario, connection):
        saved, before = await scenario.read_state(), read_triggers(connection)
        user = f"u_{scenario.address.database}"[:30]
        connection.query(f"CREATE USER {user}@'%' IDENTIFIED BY 'x'")
        try:
            connection.query(f"GRANT ALL ON {scenario.address.database}.* TO {user}@'%'")
            scenario.address = Address(
                HOST,
                PORT,
                scenario.address.database,
                user,
                "x",
                tls=scenario.address.tls,
                endpoint=scenario.address.endpoint,
            )
            error = await fails(scenario.restore(saved, "overwrite"))
            assert "cannot be disabled" in error.message
            assert "root@" in (error.hint or "")
            same(await scenario.read_state(), saved)
        finally:
            connection.query(f"DROP USER {user}@'%'")
        assert read_triggers(connection) == before


async def test_mysql_rejects_tables_with_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_scenario(subject("mysql")) as scenario:
        state = await scenario.read_state()
        monkeypatch.setattr(MysqlSession, "mariadb", False)
        error = await fails(scenario.restore(state, "overwrite", ["artist"]))
        assert "artist_delete of artist" in error.message
        assert await scenario.restore(state, "overwrite", ["note"]) == [TableRestoreResult(4, 4, 4)]
        monkeypatch.undo()
        same(await scenario.read_state(), state)


async def test_non_transactional_tables_are_rejected() -> None:
    async with open_scenario(subject("mysql")) as scenario:
        await scenario.run("ALTER TABLE note ENGINE = MyISAM")
        state = await scenario.read_state()
        error = await fails(scenario.restore(state, "append", ["artist", "note"]))
        assert "note (MyISAM)" in error.message
        same(await scenario.read_state(), state)


async def test_self_referencing_and_cross_database_keys_are_checked() -> None:
    async with open_scenario(subject("mysql")) as scenario, subject("mysql").fresh() as other:
        await scenario.run(
            "CREATE TABLE tree (a INT, b INT, up_a INT, up_b INT, PRIMARY KEY (a, b),"
            " CONSTRAINT up FOREIGN KEY (up_a, up_b) REFERENCES tree (a, b));"
            "INSERT INTO tree VALUES (1, 1, NULL, 7), (1, 2, 1, 1), (2, 1, NULL, NULL)"
        )
        state = await scenario.read_state()
        assert await scenario.restore(state, "overwrite", ["tree"]) == [TableRestoreResult(3, 3, 3)]
        await scenario.run("INSERT INTO tree VALUES (9, 9, 2, 1)")
        connection = linked(other)
        try:
            connection.query(
                f"CREATE TABLE far (a INT, b INT, CONSTRAINT abroad FOREIGN KEY (a, b) REFERENCES {scenario.address.database}.tree (a, b))"
            )
            connection.query("INSERT INTO far VALUES (9, 9)")
            error = await fails(scenario.restore(state, "overwrite", ["tree"]))
            assert "abroad" in error.message
            assert await scenario.ask("SELECT count(*) FROM tree") == 4
            connection.query("DROP TABLE far")
        finally:
            connection.close()
        assert await scenario.restore(state, "overwrite", ["tree"]) == [TableRestoreResult(4, 3, 3)]


async def test_concurrent_writer_waits_for_restore() -> None:
    async with open_scenario(subject("mysql")) as scenario:
        state = await scenario.read_state()
        await scenario.run("INSERT INTO artist (id, name) VALUES (900, 'late')")
        message: list[object] = []

        def write() -> None:
            connection = linked(scenario.address)
            try:
                connection.query("INSERT INTO album (artist_id, title) VALUES (900, 'too late')")
                message.append("written")
            except pymysql.Error as error:
                message.append(error.args[0])
            finally:
                connection.close()

        writer = threading.Thread(target=write)

        def batches() -> Iterator[Batch]:
            writer.start()
            time.sleep(0.5)
            assert message == []
            yield from state.tables["artist"][1]

        await scenario.restore_tables(TableRestoreRequest([(state.tables["artist"][0], batches())], "overwrite"))
        await asyncio.to_thread(writer.join, 20)
        assert message == [1452]  # there is no such artist any more
        same((await scenario.read_state()).without("fired"), state.without("fired"))


async def test_cancel_ends_lock_wait() -> None:
    async with open_odd_scenario() as (scenario, connection):
        saved, before = await scenario.read_state(), read_triggers(connection)
        connection.query("START TRANSACTION")
        refill = await subject("mysql").engine.in_place_restore.open(scenario.address)
        try:
            connection.query("SELECT * FROM note FOR UPDATE")
            put = asyncio.create_task(
                asyncio.to_thread(refill.restore_tables, TableRestoreRequest(saved.of(["artist", "note"]), "overwrite"))
            )
            await asyncio.sleep(0.5)
            assert not put.done()
            began = time.monotonic()
            while not put.done():
                await asyncio.to_thread(refill.cancel)
                await asyncio.wait({put}, timeout=0.3)
            assert time.monotonic() - began < 60
            with pytest.raises(QueryError):
                put.result()
        finally:
            connection.query("ROLLBACK")
            await refill.close()
        assert read_triggers(connection) == before
        same(await scenario.read_state(), saved)


async def test_sequences_never_go_backwards() -> None:
    async with open_scenario(subject("mysql")) as scenario:
        await scenario.run("CREATE SEQUENCE numbers START 1; CREATE SEQUENCE gone START 1; DO NEXTVAL(gone)")
        await scenario.run("SELECT SETVAL(numbers, 50)")
        state = await scenario.read_state()
        await scenario.run("CREATE OR REPLACE SEQUENCE numbers START 1; DROP SEQUENCE gone")
        await scenario.restore(state, "overwrite", ["note"])
        assert await scenario.ask("SELECT NEXTVAL(numbers)") == 51
        await scenario.run("SELECT SETVAL(numbers, 90)")
        await scenario.restore(state, "overwrite", ["note"])
        assert await scenario.ask("SELECT NEXTVAL(numbers)") == 91


async def test_concurrent_restores_are_serialized() -> None:
    async with open_scenario(subject("mysql")) as scenario:
        state = await scenario.read_state()
        await asyncio.gather(*(scenario.restore(state, "overwrite") for _ in range(3)))
        same(await scenario.read_state(), state)
        await scenario.fires()


async def test_concurrent_trigger_change_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_scenario(subject("mysql")) as scenario:
        state = await scenario.read_state()
        connection, real = linked(scenario.address), triggers.put_back

        def late(*given: object) -> list[triggers.Row]:
            calls.append(len(calls))
            if calls == [0, 1]:  # the first one is for what a killed one has left
                connection.query("DROP TRIGGER artist_insert")
                connection.query(
                    "CREATE OR REPLACE TRIGGER artist_update BEFORE UPDATE ON artist FOR EACH ROW SET @x = 1"
                )
            return real(*given)

        calls: list[int] = []
        monkeypatch.setattr(triggers, "put_back", late)
        try:
            before = {row["TRIGGER_NAME"]: row["ACTION_STATEMENT"] for row in read_triggers(connection)}
            await scenario.restore(state, "overwrite")
            after = {row["TRIGGER_NAME"]: row["ACTION_STATEMENT"] for row in read_triggers(connection)}
        finally:
            connection.close()
        del before["artist_insert"]
        assert after == before | {"artist_update": "SET @x = 1"}
