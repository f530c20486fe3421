"""A value is spelled alike in files of results, of tables and of snapshots, and comes back equal when the file is imported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clusters import Cluster
from features.transfers.test_imports_exports import DatabaseFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

CASES = Path(__file__).parent / "spellings"
ENGINES = ("postgresql", "mysql", "sqlite")
TYPES = {
    "postgresql": "CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('it''s'); CREATE DOMAIN short AS int[];"
}


def cases(engine: str) -> list[list[str]]:
    """Return the type, value, CSV and JSON of each case; trailing spaces of a field before a separator count but one."""
    lines = (CASES / f"{engine}.txt").read_text("utf-8").splitlines()
    return [line.split(" | ") for line in lines if not line.startswith("#")]


def script(engine: str) -> str:
    listed = cases(engine)
    columns = ", ".join(f"c{number} {type_}" for number, (type_, *_) in enumerate(listed))
    values = ", ".join(value for _, value, *_ in listed)
    return f"{TYPES.get(engine, '')} CREATE TABLE every (r int, {columns}); INSERT INTO every VALUES (1, {values})"


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def every(app: AppFixture, cluster: Cluster, supervisor: Supervisor, engine: str) -> DatabaseFixture:
    person = await app.person("sela")
    if engine == "postgresql":
        return DatabaseFixture(app, person, await person.connected(cluster.clone(script(engine))))
    fixture = DatabaseFixture(app, person, await person.database(engine))
    await fixture.sql(script(engine))
    return fixture


async def files(fixture: DatabaseFixture) -> Iterator[tuple[str, str, bytes]]:
    """Return the files of the table `every` through every door, with the name of the door and their format."""
    person, created = fixture.person, []
    for form in ("csv", "ndjson", "json"):
        body = {"text": "SELECT * FROM every", "format": form}
        created.append(
            ("result", form, (await person.client.post(f"/api/v1/databases/{fixture.id}/export", json=body)).content)
        )
    for form in ("csv", "ndjson"):
        archive = await fixture.take(format=form)
        (name,) = [name for name in archive.namelist() if name.endswith(f"every.{form}")]
        created.append(("tables", form, archive.read(name)))
    taken = await person.send("POST", f"/databases/{fixture.id}/snapshots", 202, json={})
    await fixture.app.work(taken["job"]["id"])
    for form in ("csv", "ndjson", "json"):
        wanted = {"format": form, "tables": "every"}
        created.append(
            (
                "snapshot",
                form,
                (await person.client.get(f"/api/v1/snapshots/{taken['id']}/export", params=wanted)).content,
            )
        )
    return iter(created)


def cells(form: str, content: bytes) -> dict[str, Any]:
    """Return the spelled values of the only row: CSV as text, JSON with its own digits."""
    text = content.decode()
    if form == "csv":
        header, row = csv.reader(io.StringIO(text, newline=""))
        return dict(zip(header, row, strict=True))
    read = json.loads(text, parse_float=lambda number: f"number {number}", parse_int=lambda number: f"number {number}")
    return dict(read[0] if isinstance(read, list) else read)


async def test_every_door_spells_values_alike(every: DatabaseFixture, engine: str) -> None:
    wrong = []
    for door, form, content in await files(every):
        row = cells(form, content)
        for number, (type_, _, in_csv, in_json) in enumerate(cases(engine)):
            expected = in_csv if form == "csv" else cells("json", f'{{"v": {in_json}}}'.encode())["v"]
            if row.get(f"c{number}", "no column") != expected:
                wrong.append((door, form, type_, row.get(f"c{number}", "no column"), expected))
    assert not wrong


async def test_exported_values_are_imported_equal(every: DatabaseFixture, engine: str) -> None:
    schema = ", ".join(f"c{number} {type_}" for number, (type_, *_) in enumerate(cases(engine)))
    displayed = "SELECT x::text FROM {} x" if engine == "postgresql" else "SELECT * FROM {}"
    expected = await every.sql(displayed.format("every"))
    for number, (door, form, content) in enumerate(await files(every)):
        await every.sql(f"CREATE TABLE again{number} (r int, {schema})")
        done = await every.bring(f"every.{form}", content, table=f"again{number}")
        assert done["job"]["state"] == "completed", (door, form, done["job"], done["result"])
        assert await every.sql(displayed.format(f"again{number}")) == expected, (door, form)
