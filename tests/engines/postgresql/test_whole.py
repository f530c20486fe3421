"""Objects besides tables: pg_dump has the same output before and after a restore."""

from __future__ import annotations

import asyncio
import difflib
import os
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engines.postgresql.place import HOST, PORT, fresh, missing, texts
from engines.test_decoding_and_scripts import import_script, load_by_program
from headwater.engines import Address, ScriptContent, engine
from headwater.engines.postgresql import pg_dump
from headwater.engines.postgresql.large_objects import PIECE_BYTES
from suite.profiles import examples

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
POSTGRES: Any = engine("postgresql")
WHOLE = (Path(__file__).parent / "whole.sql").read_text()
SERVER = f"host={HOST} port={PORT} user=postgres"


@pytest.fixture
def roles() -> Any:
    """Two roles of the server, for this test alone; databases in which they have something are gone before."""
    names = {item: f"hw {item} {uuid.uuid4().hex[:8]}" for item in ("owner", "reader")}
    with psycopg.connect(f"{SERVER} dbname=postgres", autocommit=True) as admin:
        for name in names.values():
            admin.execute(f'CREATE ROLE "{name}"'.encode())
        yield names
        for name in names.values():
            admin.execute(f'DROP ROLE IF EXISTS "{name}"'.encode())


def run_scripts(address: Address, *scripts: str) -> None:
    with psycopg.connect(f"{SERVER} dbname={address.database}", autocommit=True) as connection:
        for script in scripts:
            connection.execute(script.encode())


def all_objects(roles: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda actual: f'"{roles[actual[1]]}"', WHOLE)


async def pg_dump_lines(address: Address) -> list[str]:
    """Return the lines of pg_dump for a database without rows; privileges come last, sorted."""
    words = f"pg_dump -h {HOST} -p {PORT} -U postgres --exclude-table-data=* {address.database}".split()
    program = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={"PATH": os.environ["PATH"]}
    )
    message, error = await asyncio.wait_for(program.communicate(), 60)
    assert program.returncode == 0, error.decode()
    lines = [line for line in message.decode().splitlines() if line and not line.startswith(("--", "\\", "SET "))]
    rights = [line for line in lines if line.startswith(("GRANT ", "REVOKE ", "ALTER DEFAULT PRIVILEGES "))]
    return [line for line in lines if line not in rights] + sorted(rights)


@asynccontextmanager
async def open_snapshot(address: Address) -> AsyncIterator[Any]:
    dump = await POSTGRES.snapshots.open_reader(address)
    try:
        yield dump
    finally:
        await dump.close()


async def read(dump: Any) -> list[list[Any]]:
    return [await asyncio.to_thread(list, dump.read(table)) for table in dump.tables]


async def load_snapshot(dump: Any, target: Address, rows: list[list[Any]] | None = None) -> list[str]:
    """Load a snapshot into a database and return the notes about what could not be restored."""
    result = rows if rows is not None else await read(dump)
    fill = await POSTGRES.snapshots.open_loader(target)
    try:
        await fill.run_statements(POSTGRES.snapshots.pre_data_ddl(dump.schema))
        for table, batches in zip(dump.tables, result, strict=True):
            loaded = await asyncio.to_thread(fill.load_rows, table, batches)
            assert await asyncio.to_thread(fill.count_rows, table) == loaded
        await fill.run_statements(POSTGRES.snapshots.post_data_ddl(dump.schema))
        return await fill.restore_extras(dump.extras)
    finally:
        await fill.close()


SCRIPTS = {"script": (load_by_program, False), "archive": (load_by_program, True), "import": (import_script, True)}


@pytest.mark.parametrize("way", ["fill", *SCRIPTS])
async def test_pg_dump_output_matches_after_restore(way: str, roles: dict[str, str], tmp_path: Path) -> None:
    async with fresh() as source, fresh() as target:
        known = texts()
        run_scripts(source, known["everything"], known["values"], all_objects(roles))
        async with open_snapshot(source) as dump:
            if way == "fill":
                assert await load_snapshot(dump, target) == []
            else:
                file, (load, archived) = tmp_path / "script.sql", SCRIPTS[way]
                tables = ((table, dump.read(table)) for table in dump.tables)
                archive = (await asyncio.to_thread(dump.write)).content if archived else None
                pieces = POSTGRES.script.chunks(ScriptContent(dump.schema, tables, dump.extras, archive))
                file.write_bytes(b"".join(await asyncio.to_thread(list, pieces)))
                await load(POSTGRES, target, file)
            async with open_snapshot(target) as again:
                assert again.extras == dump.extras
        assert (
            list(
                difflib.unified_diff(await pg_dump_lines(source), await pg_dump_lines(target), "source", "target", n=1)
            )
            == []
        )


PIECES = some.sampled_from([b"", b"\x00\xff", b"\x00", b"\\x00\t\n", bytes(range(256)) * 129, b"\xff" * 70_000])
AT = some.sampled_from([0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
WRITES = some.lists(some.tuples(some.sampled_from([1, 2, 4_294_967_295]), AT, PIECES), max_size=6)
OBJECTS = "SELECT oid::int8, lo_get(oid), length(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1"


def objects(address: Address) -> list[tuple[Any, ...]]:
    with psycopg.connect(f"{SERVER} dbname={address.database}") as connection:
        return connection.execute(OBJECTS.encode()).fetchall()


@given(writes=WRITES, cut=some.none() | AT)
@settings(max_examples=examples(8), deadline=None)
def test_large_objects_round_trip(writes: list[tuple[int, int, bytes]], cut: int | None) -> None:
    """Law: dump → fill is the same objects, whatever was written where in them: empty, with holes, cut short."""

    async def trial() -> None:
        async with fresh() as source, fresh() as target:
            with psycopg.connect(f"{SERVER} dbname={source.database}") as connection:
                for oid in {oid for oid, _, _ in writes}:
                    connection.execute("SELECT lo_create(%s)", (oid,))
                for oid, at, data in writes:
                    connection.execute("SELECT lo_put(%s, %s, %s)", (oid, at, data))
                if cut is not None and writes:
                    opened = "SELECT lo_truncate64(lo_open(%s, 131072), %s)"
                    connection.execute(opened, (writes[0][0], cut))
            async with open_snapshot(source) as dump:
                assert await load_snapshot(dump, target) == []
                assert {table.name for table in dump.tables} == ({"pg_largeobject"} if writes else set())
            assert objects(target) == objects(source)

    asyncio.run(trial())


async def test_large_object_is_read_in_bounded_pieces(roles: dict[str, str]) -> None:
    async with fresh() as source, fresh() as target:
        run_scripts(source, "SELECT lo_from_bytea(7, decode(repeat('00ff5c0a', 1310720), 'hex'))")
        async with open_snapshot(source) as dump:
            (table,) = dump.tables
            sizes = [batch.nbytes for batch in await asyncio.to_thread(list, dump.read(table))]
            assert max(sizes) < 4 * 2**20
            assert sum(sizes) > 10_000_000
            assert await load_snapshot(dump, target) == []
        assert objects(target) == objects(source)


async def test_unreadable_objects_are_noted_and_owners_restored(roles: dict[str, str]) -> None:
    owner, reader = roles["owner"], roles["reader"]
    async with fresh() as source, fresh() as target:
        run_scripts(
            source,
            "SELECT lo_from_bytea(1, 'mine'), lo_from_bytea(2, 'theirs'), lo_from_bytea(3, 'all')",
            f'ALTER LARGE OBJECT 1 OWNER TO "{reader}"; ALTER LARGE OBJECT 2 OWNER TO "{owner}"',
            "GRANT SELECT ON LARGE OBJECT 3 TO PUBLIC",
            f'ALTER ROLE "{reader}" LOGIN',
        )
        run_scripts(target, f'GRANT ALL ON SCHEMA public TO "{reader}"')
        async with open_snapshot(replace(source, user=reader)) as dump:
            assert dump.notes == ("1 large objects are not in the snapshot, because the role may not read them.",)
            output = await load_snapshot(dump, target)
        assert output == []
        assert [(oid, data) for oid, data, _ in objects(target)] == [(1, b"mine"), (3, b"all")]
    async with fresh() as source, fresh() as target:
        run_scripts(
            source,
            "SELECT lo_from_bytea(1, 'a'); CREATE TABLE t (a int)",
            f'ALTER LARGE OBJECT 1 OWNER TO "{owner}"',
            f'ALTER TABLE t OWNER TO "{owner}"; GRANT SELECT ON t TO "{reader}"',
            f'ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT SELECT ON TABLES TO "{reader}"',
        )
        async with open_snapshot(source) as dump:
            rows = await read(dump)
        run_scripts(source, f'REASSIGN OWNED BY "{owner}" TO postgres; DROP OWNED BY "{owner}"; DROP ROLE "{owner}"')
        assert await load_snapshot(dump, target, rows) == [
            f"Large objects: the rights of {owner} were not restored, because this role does not exist here.",
            f"The rights of {owner} were not restored, because this role does not exist here.",
        ]
        assert await owners_of(target) == ["postgres", "postgres"]


async def test_missing_privilege_to_set_owner_is_noted(roles: dict[str, str]) -> None:
    owner, reader = roles["owner"], roles["reader"]
    async with fresh() as source, fresh() as target:
        run_scripts(
            source, "CREATE TABLE t (a int)", f'ALTER TABLE t OWNER TO "{owner}"', f'ALTER ROLE "{reader}" LOGIN'
        )
        run_scripts(target, f'GRANT ALL ON SCHEMA public TO "{reader}"')
        async with open_snapshot(source) as dump:
            (message,) = await load_snapshot(dump, replace(target, user=reader))
        assert message.startswith("1 owners or rights could not be set")
        assert owner in message


async def owners_of(address: Address) -> list[str]:
    """Return the owners of the tables and large objects of a database."""
    owners = """
    SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't' UNION ALL
    SELECT pg_get_userbyid(lomowner) FROM pg_largeobject_metadata
    """
    with psycopg.connect(f"{SERVER} dbname={address.database}") as connection:
        return [str(row[0]) for row in connection.execute(owners.encode())]


async def test_unsupported_objects_are_noted_without_pg_dump(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with fresh() as source:
        run_scripts(
            source,
            'CREATE TYPE weights AS RANGE (SUBTYPE = float8); CREATE COLLATION mine FROM "C"',
            "CREATE TABLE t (a int, b int); CREATE STATISTICS both_of ON a, b FROM t",
            "CREATE RULE quiet AS ON DELETE TO t DO INSTEAD NOTHING; CREATE PUBLICATION news FOR TABLE t",
        )
        async with open_snapshot(source) as dump:
            assert dump.notes == ()
            program = tmp_path / "pg_dump"
            program.write_text(
                "#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2; exit 1"
            )
            program.chmod(0o700)
            monkeypatch.setattr(pg_dump, "binaries", lambda: tmp_path)
            archive = await asyncio.to_thread(dump.schema_archiver.write)
            assert (archive.content, archive.notes) == (
                None,
                (
                    "pg_dump could not read the schema, so a restore creates less of it: "
                    "aborting because of server version mismatch",
                    "Not in the snapshot: 1 range types, 1 collations, 1 rules, 1 extended statistics, 1 publications.",
                ),
            )
