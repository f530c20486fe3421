"""Extracts of other SQL engines: queries, pages and exports match the results of the database itself."""

from __future__ import annotations

import csv
import io

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from features.transfers.row_copies import SHOP
from headwater.engines import all_engines
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

ENGINES = [name for name in all_engines() if name != "postgresql" and all_engines()[name].script]
ASKED = "SELECT count(*), min(id), max(id), min(title), max(title) FROM album WHERE artist_id > 3"


@pytest.mark.parametrize("engine", ENGINES)
async def test_extracts_match_the_database(module_app: AppFixture, keeper: Supervisor, engine: str) -> None:
    person = await module_app.person("emma")
    snapshot_fixture = SnapshotFixture(module_app, person, await person.database(engine))
    await snapshot_fixture.sql(SHOP[engine])
    taken = await snapshot_fixture.take()
    path = f"/snapshots/{taken['id']}"
    answer = await person.send("POST", f"{path}/query", 200, json={"text": ASKED})
    assert answer["error"] is None, answer["error"]
    assert answer["results"][0]["rows"] == await snapshot_fixture.sql(ASKED)
    every = await person.send(
        "POST", f"{path}/query", 200, json={"text": "SELECT * FROM album ORDER BY id LIMIT 5", "as_text": True}
    )
    assert len(every["results"][0]["rows"]) == 5
    names = [column["name"] for column in answer["results"][0]["columns"]]
    assert len(names) == 5
    page = await person.get(f"{path}/tables/album/rows", skip=100, limit=50)
    live = await snapshot_fixture.sql("SELECT * FROM album ORDER BY id LIMIT 50 OFFSET 100")
    # A query shows a FLOAT of MySQL with six digits.
    read = [[cell for cell in row if not isinstance(cell, float)] for row in page["rows"]]
    assert read == [[cell for cell in row[: len(page["columns"])] if not isinstance(cell, float)] for row in live]
    file = await person.client.get(f"/api/v1{path}/export", params={"format": "csv", "tables": "album"})
    assert len(list(csv.reader(io.StringIO(file.text, newline="")))) == 1 + page["count"]
    assert all_engines()[engine].decoding
    script = await person.client.get(f"/api/v1{path}/export", params={"format": "sql"})
    assert script.text.count("INSERT INTO") >= 2
