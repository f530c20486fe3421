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
async def test_extracts_match_the_database(module_app: AppFixture, supervisor: Supervisor, engine: str) -> None:
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


async def test_rowid_that_a_snapshot_keeps_is_no_column_for_readers(
    module_app: AppFixture, supervisor: Supervisor
) -> None:
    person = await module_app.person("rosa")
    snapshot_fixture = SnapshotFixture(module_app, person, await person.database("sqlite"))
    await snapshot_fixture.sql(
        "CREATE TABLE note (body TEXT, n INT); INSERT INTO note (rowid, body, n) VALUES (5, 'five', 1), (100, 'hundred', 2);"
        "CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words (rowid, body) VALUES (7, 'seven');"
    )
    taken = await snapshot_fixture.take()
    path = f"/snapshots/{taken['id']}"
    tables = {table["name"]: table for table in taken["contents"]}
    assert [[column["name"] for column in table["columns"]] for table in tables.values()] == [["body", "n"], ["body"]]
    assert [table["key"] for table in tables.values()] == [[], []]
    page = await person.get(f"{path}/tables/note/rows")
    assert ([column["name"] for column in page["columns"]], page["rows"]) == (
        ["body", "n"],
        [["five", 1], ["hundred", 2]],
    )
    answer = await person.send("POST", f"{path}/query", 200, json={"text": "SELECT * FROM note JOIN words ON true"})
    assert [column["name"] for column in answer["results"][0]["columns"]] == ["body", "n", "body"]
    files = {
        form: (await person.client.get(f"/api/v1{path}/export", params={"format": form, "tables": "note"})).text
        for form in ("csv", "ndjson", "sql")
    }
    assert files["csv"].splitlines() == ["body,n", "five,1", "hundred,2"]
    assert files["ndjson"].splitlines() == ['{"body":"five","n":1}', '{"body":"hundred","n":2}']
    assert "INSERT INTO note (body, n, rowid) VALUES\n('five',1,5),\n('hundred',2,100);" in files["sql"]
    target = await person.database("sqlite")
    created = await person.send(
        "POST", f"{path}/copies", 202, json={"target_id": target, "accepted": True, "tables": ["note"]}
    )
    await module_app.work(created["job"]["id"])
    assert await snapshot_fixture.sql("SELECT * FROM note ORDER BY n", target) == [["five", 1], ["hundred", 2]]
