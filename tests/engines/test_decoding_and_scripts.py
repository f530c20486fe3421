"""Snapshots without a server: scripts for the engines' own programs, and decoded texts."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engines.test_every_engine import subject
from headwater.catalog.model import Schema
from headwater.core.transfer.script_files import ScriptFile
from headwater.engines import Address, ConversionError, ScriptContent, SnapshotColumn, all_engines
from headwater.engines._decoders import unescape_copy_text
from headwater.engines.postgresql.decoder import iso_interval
from headwater.engines.sqlite.script import literal
from headwater.kit import plugins
from headwater.testing.engines.schemas import assert_equal
from headwater.testing.engines.snapshots import texts
from headwater.testing.engines.subject import rows, run_all
from suite.profiles import examples

NAMES = [name for name in plugins.names("engines") if all_engines()[name].script]
LONGEST_SECONDS = 60
CONTROL = re.compile(rb"BEGIN.*|COMMIT|(?:UN)?LOCK TABLES.*")


async def load_by_program(engine: Any, address: Address, file: Path) -> None:
    """Give a script to the program that people have."""
    name = engine.name
    commands = {
        "postgresql": f"psql -X -q -v ON_ERROR_STOP=1 -h {address.host} -p {address.port} -U postgres -f {file} {address.database}",
        "mysql": f"mysql --no-defaults -h {address.host} -P {address.port} -u root {address.database}",
        "sqlite": ["sqlite3", "-bail", str(address.path)],
    }
    command = commands[name]
    words = command.split() if isinstance(command, str) else command
    with file.open("rb") as script:
        subprocess_exec = await asyncio.create_subprocess_exec(
            *words,
            stdin=None if name == "postgresql" else script,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": os.environ["PATH"]},
        )
        output, _ = await asyncio.wait_for(subprocess_exec.communicate(), LONGEST_SECONDS)
    assert subprocess_exec.returncode == 0, output.decode()
    assert not output, output.decode()[:500]


async def import_script(engine: Any, target: Address, file: Path, *, changes: bool = False) -> None:
    """Load a script as an import does, in one transaction."""
    session = await engine.connect(target)
    try:
        loader = engine.script.loader(session)
        grammar = engine.dialect.grammar
        with file.open("rb") as content:
            for statement in ScriptFile(content, grammar).statements():
                loader.survey(statement)
        await loader.begin()
        await run_all(session, "BEGIN")
        with file.open("rb") as content:
            for statement in ScriptFile(content, grammar).statements():
                if not CONTROL.fullmatch(statement.text):
                    outcome = await loader.run(statement)
                    assert changes or not outcome.changed, outcome
        await loader.finish()
        await run_all(session, "COMMIT")
    finally:
        await session.close()


@pytest.mark.parametrize("loaded_by", [load_by_program, import_script])
@pytest.mark.parametrize(("name", "archived"), [(name, archived) for name in NAMES for archived in (False, True)])
async def test_script_restores_the_database(name: str, archived: bool, loaded_by: Any, tmp_path: Path) -> None:
    """Law: dump → script → program or import → dump is equal, to the byte, for everything and every type."""
    tested = subject(name)
    engine: Any = tested.engine
    async with tested.fresh() as source, tested.fresh() as target:
        session = await engine.connect(source)
        for text in (tested.everything, tested.values):
            await run_all(session, text)
        await session.close()
        first = await engine.snapshots.open_reader(source)
        try:
            before = await texts(first)
            file = tmp_path / "script.sql"

            def write() -> None:
                with file.open("wb") as out:
                    out.writelines(
                        engine.script.chunks(
                            ScriptContent(
                                first.schema,
                                ((table, first.read(table)) for table in first.tables),
                                first.extras,
                                first.schema_archiver.write().content if archived else None,
                            )
                        )
                    )

            await asyncio.to_thread(write)
            await loaded_by(engine, target, file)
            second = await engine.snapshots.open_reader(target)
            try:
                assert await texts(second) == before
                assert_equal(unsized(second.schema), unsized(first.schema))
                assert second.extras == first.extras
            finally:
                await second.close()
        finally:
            await first.close()


async def program_dump(address: Address) -> bytes:
    """Return what the engine's own program writes of a database."""
    options = "--routines --events --skip-comments --skip-extended-insert --order-by-primary"
    where = f"-h {address.host} -P {address.port} -u root"
    command = (
        ["sqlite3", str(address.path), ".dump"]
        if address.path
        else ["mysqldump", "--no-defaults", *options.split(), *where.split(), address.database]
    )
    program = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={"PATH": os.environ["PATH"]}
    )
    output, error = await asyncio.wait_for(program.communicate(), LONGEST_SECONDS)
    assert program.returncode == 0, error.decode()
    return output


# What the programs' dumps do not restore with any client: a view of a later view, the digits of extreme numbers.
NOT_IN_DUMPS = {
    "mysql": "DROP VIEW a_second",
    "sqlite": 'UPDATE "every class" SET r = 0.5 WHERE id IN (1, 4)',
}


@pytest.mark.parametrize("name", NOT_IN_DUMPS)
async def test_dump_of_the_program_loads_equal(name: str, tmp_path: Path) -> None:
    """Law: database → the program's dump → import → the same dump."""
    tested = subject(name)
    engine: Any = tested.engine
    async with tested.fresh() as source, tested.fresh() as target:
        session = await engine.connect(source)
        for text in (tested.everything, tested.values, NOT_IN_DUMPS[name]):
            await run_all(session, text)
        await session.close()
        before = await program_dump(source)
        (tmp_path / "dump.sql").write_bytes(before)
        await import_script(engine, target, tmp_path / "dump.sql", changes=name == "sqlite")
        assert (await program_dump(target)).split(b"\n") == before.split(b"\n")


def unsized(schema: Schema) -> Schema:
    return schema.map_relations(lambda entry: replace(entry, rows=None, size_bytes=None))


@pytest.mark.parametrize("name", NAMES)
async def test_decoded_cells_match_session_cells(name: str) -> None:
    """Law: what is read out of a dump is what a query of the live table gives, for values of every type."""
    tested = subject(name)
    engine: Any = tested.engine
    async with tested.fresh() as address:
        session = await engine.connect(address)
        # A session of SQLite shows no text that is none; row 4 has one.
        for text in (tested.everything, tested.values, 'DELETE FROM "every class" WHERE id = 4' * (name == "sqlite")):
            if text:
                await run_all(session, text)
        dump, source_ = await engine.snapshots.open_reader(address), engine.transfer.source(session)
        try:
            for table in (each for each in dump.tables if each.name.startswith("every ")):
                order = engine.quote(table.columns[table.key[0]].name)
                names = ", ".join(
                    source_.select_expression(engine.quote(column.name), column.type) for column in table.columns
                )
                live = await rows(
                    session, f"SELECT {names} FROM {engine.quote(table.schema, table.name)} ORDER BY {order}"
                )
                batch = pa.Table.from_batches(await asyncio.to_thread(list, dump.read(table))).combine_chunks()
                for index, column in enumerate(table.columns):
                    decoder = engine.decoding.decoder(column, dump.schema)
                    read = decoder.cells(batch.column(index).chunk(0))
                    assert read == [row[index] for row in live], (column.name, column.type)
                    try:
                        values = decoder.values(batch.column(index).chunk(0))
                    except ConversionError:
                        assert decoder.may_fail, column.name
                        continue
                    assert (values.type, len(values)) == (decoder.type, len(live))
                    assert values.is_null().to_pylist() == [item is None for item in read]
                await source_.begin_read()
                where = engine.quote(table.schema, table.name)
                copied = [
                    row
                    async for rows in source_.scan(
                        where, [(engine.quote(column.name), column.type) for column in table.columns]
                    )
                    for row in rows
                ]
                for index, column in enumerate(table.columns):
                    decoder = engine.decoding.decoder(column, dump.schema)
                    read = (decoder.transfer_cells or decoder.cells)(batch.column(index).chunk(0))
                    assert sorted(map(repr, read)) == sorted(repr(row[index]) for row in copied), (
                        column.name,
                        column.type,
                    )
        finally:
            await dump.close()
            await session.close()


@given(some.lists(some.none() | some.text(some.characters(exclude_characters="\0", exclude_categories=("Cs",)))))
@settings(max_examples=examples(200), deadline=None)
def test_copy_escapes_round_trip(values: list[str | None]) -> None:
    escapes = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
    escaped = [
        None if value is None else "".join(escapes.get(each, each) for each in value).encode() for value in values
    ]
    assert unescape_copy_text(pa.array(escaped, pa.binary())).to_pylist() == values


@given(some.floats(allow_nan=False))
@settings(max_examples=examples(300), deadline=None)
def test_real_numbers_round_trip_exactly(value: float) -> None:
    with sqlite3.connect(":memory:") as connection:
        (result,) = connection.execute(f"SELECT {literal(value).decode()}").fetchone()
    connection.close()
    assert struct.pack(">d", result) == struct.pack(">d", value) or (value == 0 == result)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("00:00:00", "PT0S"),
        ("1 year 2 mons -3 days +04:05:06.789", "P1Y2M-3DT4H5M6.789S"),
        ("-00:00:00.5", "PT-0.5S"),
        ("-1 years -2 mons +3 days -04:05:06", "P-1Y-2M3DT-4H-5M-6S"),
        ("1 day", "P1D"),
        ("01:00:00", "PT1H"),
        ("-178000000 years", "P-178000000Y"),
        ("1 mon 00:00:01", "P1MT1S"),
    ],
)
def test_intervals_match_transfer_format(text: str, spelled: str) -> None:
    assert iso_interval(text) == spelled


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"1970-01-01 00:00:00+00", 0),
        (b"0001-01-01 00:00:00+00 BC", -62_167_219_200_000_000),
        (b"10000-01-01 00:00:00.5+00", 253_402_300_800_500_000),
        (b"infinity", 2**63 - 1),
        (b"-infinity", 1 - 2**63),
        (b"1969-12-31 23:59:59.999999+00", -1),
    ],
)
def test_timestamps_out_of_range_are_decoded(text: bytes, number: int) -> None:
    engine: Any = all_engines()["postgresql"]
    decoder = engine.decoding.decoder(SnapshotColumn("at", "timestamp with time zone"), Schema())
    assert decoder.values(pa.array([text, None], pa.binary())).cast(pa.int64()).to_pylist() == [number, None]
    with pytest.raises(ConversionError):
        decoder.values(pa.array([b"294276-12-31 23:59:59.999999+00"], pa.binary()))
