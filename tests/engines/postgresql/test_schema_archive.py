"""A schema archive gives back every kind of object: pg_dump says the same before and after."""

from __future__ import annotations

import asyncio
import difflib
import signal
import subprocess
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engines.postgresql import archives
from engines.postgresql.archives import POSTGRES
from engines.postgresql.place import HOST, PORT, fresh, missing, texts
from headwater.engines import Address, drop_all
from headwater.engines.postgresql import pg_dump, schema_archive
from headwater.engines.postgresql.binaries import binaries
from headwater.kit.errors import BadInput, Cancelled, Conflict
from headwater.kit.network.tls import PLAIN

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
CASES = archives.cases()


def run(address: Address, *scripts: str) -> None:
    where = f"host={HOST} port={PORT} user=postgres dbname={address.database}"
    with psycopg.connect(where, autocommit=True) as connection:
        for script in scripts:
            connection.execute(script.encode())


@asynccontextmanager
async def opened(address: Address) -> Any:
    reader = await POSTGRES.snapshots.open_reader(address)
    try:
        written = await asyncio.to_thread(reader.schema_archiver.write)
        assert written.content, written.notes
        yield reader, written.content
    finally:
        await reader.close()


def assert_equal(source: Address, target: Address) -> None:
    before, after = archives.dump(source), archives.dump(target)
    difference = "\n".join(difflib.unified_diff(before, after, "source", "target", n=1))
    assert not difference, difference


@pytest.mark.parametrize("name", CASES)
async def test_restored_database_has_the_same_dump(name: str) -> None:
    async with fresh() as source, fresh() as target:
        run(source, CASES[name])
        async with opened(source) as (reader, archive):
            _, notes = await archives.restore(reader, archive, target)
            assert notes == []
            assert reader.notes == ()
        assert_equal(source, target)


async def test_every_kind_of_object_of_the_conformance_suite_comes_back() -> None:
    async with fresh() as source, fresh() as target:
        known = texts()
        run(source, known["everything"], known["values"])
        async with opened(source) as (reader, archive):
            _, notes = await archives.restore(reader, archive, target)
            assert notes == []
        assert_equal(source, target)


async def test_archive_of_an_unchanged_schema_is_equal() -> None:
    async with fresh() as source:
        run(source, CASES["views_and_rules"])
        contents = []
        for _ in range(2):
            async with opened(source) as (_, archive):
                contents.append(archive)
            await asyncio.sleep(1.1)
        assert contents[0] == contents[1]


async def test_pg_restore_reads_the_archive_as_this_reader_does(tmp_path: Path) -> None:
    async with fresh() as source:
        run(source, CASES["operator_class_statistics_publication"], CASES["text_search_and_casts"])
        async with opened(source) as (_, archive):
            file = tmp_path / "archive"
            file.write_bytes(archive)
    command = [binaries() / "pg_restore", "--list", file]
    listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    numbers = [int(line.split(";")[0]) for line in listed.splitlines() if line and not line.startswith(";")]
    entries = [entry for entry in schema_archive.entries(archive) if entry.number in numbers]
    assert [entry.number for entry in entries] == numbers
    command = [binaries() / "pg_restore", "--file=-", file]
    script = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    script = "\n".join(line for line in script.split("\n") if "SET (pg_attver=" not in line)
    assert [entry.display_name for entry in entries if entry.create.strip() not in script] == []


def test_damaged_archive_is_refused_with_a_sentence() -> None:
    for damaged in (b"", b"PGDMP", b"text", b"PGDMP\1\x10\0\4\x08\1\0"):
        with pytest.raises(BadInput, match="archive"):
            schema_archive.entries(damaged)
    with pytest.raises(BadInput, match=r"version 1\.99"):
        schema_archive.entries(b"PGDMP\1\x63\0\4\x08\1\0" + b"\0" * 400)


async def test_refused_object_is_named() -> None:
    async with fresh() as source, fresh() as target:
        run(source, CASES["aggregates"])
        run(target, "CREATE SCHEMA x; CREATE TABLE x.numbers (id int)")
        async with opened(source) as (reader, archive):
            run(target, "CREATE TABLE numbers (id int)")
            loader = await POSTGRES.snapshots.open_loader(target)
            restore = loader.archive_restore
            plan = await asyncio.to_thread(restore.plan, archive, reader.extras, [("public", "numbers")])
            results = [await restore.create(statement) for statement in (*plan.pre_data, *plan.post_data)]
            await loader.close()
        refused = next(result for result in results if result)
        assert (refused.subject, refused.supported) == ("table public.numbers", True)
        assert refused.sentence == 'table public.numbers: relation "numbers" already exists'


async def test_existing_object_is_a_conflict_before_anything_is_created() -> None:
    async with fresh() as source, fresh() as target:
        run(source, CASES["operator_class_statistics_publication"])
        run(target, "CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 2'")
        before = archives.dump(target)
        async with opened(source) as (reader, archive):
            with pytest.raises(Conflict, match=r"already has function public\.f\(text\)"):
                await archives.restore(reader, archive, target)
        assert archives.dump(target) == before


@pytest.mark.parametrize("name", CASES)
async def test_objects_of_a_plan_can_all_be_dropped(name: str) -> None:
    async with fresh() as source, fresh() as target:
        run(source, CASES[name])
        run(target, "CREATE FUNCTION f(bigint) RETURNS int LANGUAGE sql AS 'SELECT 3'")
        before = archives.dump(target)
        async with opened(source) as (reader, archive):
            plan, _ = await archives.restore(reader, archive, target)
        session = await POSTGRES.connect(target)
        try:
            await drop_all(POSTGRES.transfer.target(session), [list(item) for item in plan.objects])
        finally:
            await session.close()
        assert [line for line in archives.dump(target) if "COMMENT ON SCHEMA public" not in line] == before


async def test_what_a_role_may_not_create_is_left_out_and_named() -> None:
    async with fresh() as source, fresh() as target:
        run(source, CASES["views_and_rules"])
        run(target, "DROP ROLE IF EXISTS hw_plain; CREATE ROLE hw_plain LOGIN; GRANT ALL ON SCHEMA public TO hw_plain")
        try:
            async with opened(source) as (reader, archive):
                _, notes = await archives.restore(reader, archive, replace(target, user="hw_plain"))
        finally:
            run(target, "REASSIGN OWNED BY hw_plain TO postgres; DROP OWNED BY hw_plain; DROP ROLE hw_plain")
        assert any("event trigger watch" in note for note in notes)


def test_cancel_ends_a_running_pg_dump(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program, started = tmp_path / "pg_dump", tmp_path / "started"
    program.write_text(f"#!/bin/sh\n: > {started}\nexec sleep 600\n")
    program.chmod(0o700)
    monkeypatch.setattr(pg_dump, "binaries", lambda: tmp_path)
    running = pg_dump.SchemaDump(Address(HOST, PORT, "postgres", "postgres", tls=PLAIN), 5)

    def cancel_when_started() -> None:
        while not started.exists():
            time.sleep(0.01)
        running.cancel()

    thread = threading.Thread(target=cancel_when_started, daemon=True)
    thread.start()
    with pytest.raises(Cancelled):
        running.run()
    thread.join()
    assert running._running is not None and running._running.returncode == -signal.SIGKILL


def test_password_is_not_on_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\nenv > {tmp_path}/environment\nexit 1\n')
    program.chmod(0o700)
    monkeypatch.setattr(pg_dump, "binaries", lambda: tmp_path)
    address = Address(HOST, PORT, "shop", "owner", "s3cret-word", tls=PLAIN, options=(("role", "reader"),))
    with pytest.raises(pg_dump.DumpFailed):
        pg_dump.SchemaDump(address, 5).run("--snapshot=1-2-3")
    arguments, environment = (tmp_path / "arguments").read_text(), (tmp_path / "environment").read_text()
    assert "s3cret-word" not in arguments and "shop" not in arguments
    assert "--snapshot=1-2-3" in arguments
    for line in ("PGPASSWORD=s3cret-word", "PGDATABASE=shop", "PGUSER=owner", "PGOPTIONS=-c role=reader"):
        assert line in environment.splitlines()
