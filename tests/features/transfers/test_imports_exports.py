"""Imports and exports over HTTP: previewed, run, every bad row reported; exported files can be imported again."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from sqlalchemy import text

from clusters import Cluster
from features.transfers.row_copies import SHOP
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.jobs import repository as jobs_repository
from people import AppFixture, Person

PEOPLE = 'id,name,born,score,ok\n1,Ann,1990-01-31,1.50,true\n2,Bob,,2,false\n3,"C, d",2000-02-29,0.25,t\n'


class DatabaseFixture:
    """A database of a user."""

    def __init__(self, app: AppFixture, person: Person, id_: str) -> None:
        self.app, self.person, self.id = app, person, id_

    async def sql(self, query: str) -> Any:
        answer = await self.person.send("POST", f"/databases/{self.id}/query", 200, json={"text": query})
        assert answer["error"] is None, answer["error"]
        return answer["results"][-1]["rows"]

    async def upload(self, name: str, content: str | bytes, status: int = 201, **options: str) -> Any:
        data = content.encode() if isinstance(content, str) else content
        files = {"file": (name, data)}
        return await self.person.send("POST", f"/databases/{self.id}/imports", status, files=files, params=options)

    async def bring(self, name: str, content: str | bytes, **body: Any) -> Any:
        """Upload and import; return the transfer at its end."""
        return await self.start(await self.upload(name, content), **body)

    async def start(self, preview: Any, **body: Any) -> Any:
        """Import an uploaded file; return the transfer at its end."""
        started = await self.person.send("POST", f"/imports/{preview['transfer']['id']}/start", 202, json=body)
        return await self.done(started)

    async def done(self, begun: Any) -> Any:
        await self.app.work(begun["job"]["id"])
        return await self.person.get(f"/transfers/{begun['id']}")

    async def take(self, **body: Any) -> zipfile.ZipFile:
        """Export and download."""
        done = await self.done(await self.person.send("POST", f"/databases/{self.id}/exports", 202, json=body))
        assert done["job"]["state"] == "completed", done["job"]
        answer = await self.person.client.get(f"/api/v1/transfers/{done['id']}/file")
        assert answer.status_code == 200
        return zipfile.ZipFile(io.BytesIO(answer.content))


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
async def database_fixture(
    app: AppFixture, cluster: Cluster, supervisor: Supervisor, request: pytest.FixtureRequest
) -> DatabaseFixture:
    person = await app.person("iva")
    if request.param == "postgresql":
        return DatabaseFixture(app, person, await person.connected(cluster.clone()))
    return DatabaseFixture(app, person, await person.database(request.param))


async def test_files_are_imported_into_new_and_existing_tables(database_fixture: DatabaseFixture) -> None:
    preview = await database_fixture.upload("people.csv", PEOPLE)
    assert [(item["name"], item["kind"]) for item in preview["columns"]] == [
        ("id", "integer"),
        ("name", "text"),
        ("born", "date"),
        ("score", "decimal"),
        ("ok", "boolean"),
    ]
    assert preview["rows"][1] == ["2", "Bob", None, "2", "false"]
    done = await database_fixture.bring("people.csv", PEOPLE, table="people", create=True)
    assert done["result"] == {"rows": 3, "bad_rows": 0, "errors": []}, done["job"]
    assert await database_fixture.sql("SELECT id, name FROM people WHERE born > '1995-01-01'") == [[3, "C, d"]]
    again = await database_fixture.bring("more.ndjson", '{"id": 4, "name": "Dé"}\n{"id": 5}\n', table="people")
    assert again["result"]["rows"] == 2
    assert await database_fixture.sql("SELECT count(*), sum(id) FROM people") in ([[5, 15]], [[5, "15"]])
    table = pa.table({"id": [6], "name": ["Eve"], "ok": [True]})
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out)
    assert (await database_fixture.bring("e.parquet", out.getvalue(), table="people"))["result"]["rows"] == 1
    mapped = [{"source": "who", "target": "name"}, {"source": "nr", "target": "id"}]
    done = await database_fixture.bring(
        "x.json", json.dumps([{"nr": 7, "who": "Fay", "other": [1]}]), table="people", columns=mapped
    )
    assert done["result"]["rows"] == 1
    assert await database_fixture.sql("SELECT name FROM people WHERE id >= 6 ORDER BY id") == [["Eve"], ["Fay"]]


BAD = "id,name\n1,a\nx,b\n1,c\n4\n5,e\n"


async def test_bad_rows_stop_the_import_or_are_skipped_and_reported(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql("CREATE TABLE t (id int PRIMARY KEY, name varchar(20))")
    stopped = await database_fixture.bring("bad.csv", BAD, table="t")
    assert stopped["job"]["state"] == "failed"
    assert "Row 2, column id: 'x' is not a valid integer" in stopped["job"]["error"]
    assert await database_fixture.sql("SELECT count(*) FROM t") == [[0]]
    done = await database_fixture.bring("bad.csv", BAD, table="t", on_error="skip")
    assert (done["result"]["rows"], done["result"]["bad_rows"]) == (2, 3)
    errors = [(item["row"], item["column"], item["sentence"]) for item in done["result"]["errors"]]
    assert sorted(row for row, _, _ in errors) == [2, 3, 4]
    assert (4, "", "The row has 1 fields, not 2.") in errors
    answer = await database_fixture.person.client.get(f"/api/v1/transfers/{done['id']}/errors")
    assert next(csv.reader(io.StringIO(answer.text)))[0] == "row"
    assert await database_fixture.sql("SELECT id FROM t ORDER BY id") == [[1], [5]]


async def test_stopped_import_deletes_its_new_table(database_fixture: DatabaseFixture) -> None:
    content = "id\n" + "".join(f"{n}\n" for n in range(3000)) + "oops\n"
    done = await database_fixture.bring("late.csv", content, table="made", create=True)
    assert "Row 3001" in done["job"]["error"]
    schema = await database_fixture.person.get(f"/databases/{database_fixture.id}/schema", fresh=True)
    assert schema["relations"] == []


async def test_script_runs_in_one_transaction(database_fixture: DatabaseFixture) -> None:
    done = await database_fixture.bring(
        "s.sql", "BEGIN; CREATE TABLE s (a int); INSERT INTO s VALUES (1), (2); COMMIT;"
    )
    assert done["result"]["rows"] == 2, done["job"]
    failed = await database_fixture.bring("s.sql", "INSERT INTO s VALUES (3);\nINSERT INTO nope VALUES (1);")
    assert failed["job"]["error"].startswith("Statement 2, line 2: ")
    assert await database_fixture.sql("SELECT count(*) FROM s") == [[2]]
    skipped = await database_fixture.bring(
        "s.sql", "INSERT INTO s VALUES (3);\nINSERT INTO nope VALUES (1);", on_error="skip"
    )
    assert (skipped["result"]["rows"], skipped["result"]["bad_rows"]) == (1, 1)


LEFT_BEHIND = """
INSERT INTO before_it VALUES (1);
CREATE TABLE left_behind (a int);
INSERT INTO left_behind VALUES (1);
INSERT INTO left_behind VALUES (2);
INSERT INTO nope VALUES (1);
"""


async def test_failed_script_says_what_was_committed(database_fixture: DatabaseFixture) -> None:
    engine = (await database_fixture.person.get(f"/databases/{database_fixture.id}"))["engine"]
    await database_fixture.sql("CREATE TABLE before_it (a int)")
    error = (await database_fixture.bring("s.sql", LEFT_BEHIND))["job"]["error"]
    assert error.startswith("Statement 5, line 6: ")
    if engine != "mysql":
        assert error.endswith("The script was rolled back.")
        assert await database_fixture.sql("SELECT count(*) FROM before_it") == [[0]]
        return
    assert error.endswith(
        "Committed: 1 (INSERT INTO before_it VALUES (1)), 2 (CREATE TABLE left_behind (a int)). "
        "Statements 3 to 4 were rolled back."
    )
    assert await database_fixture.sql("SELECT count(*) FROM left_behind") == [[0]]
    # A schema change that fails has committed what came before it.
    script = "INSERT INTO before_it VALUES (2);\nCREATE VIEW v AS SELECT nope FROM before_it;"
    error = (await database_fixture.bring("s.sql", script))["job"]["error"]
    assert error.endswith("Committed: 1 (INSERT INTO before_it VALUES (2)).")
    assert await database_fixture.sql("SELECT a FROM before_it ORDER BY a") == [[1], [2]]


async def test_script_with_commands_of_a_client_is_refused_before_it_runs(database_fixture: DatabaseFixture) -> None:
    engine = (await database_fixture.person.get(f"/databases/{database_fixture.id}"))["engine"]
    command, sentence = {
        "postgresql": ("\\i x.sql", "\\i is a command of psql that an import cannot run."),
        "mysql": ("\\. x.sql", "\\. is a command of the program mysql, not SQL."),
        "sqlite": (".read x.sql", ".read is a command of the program sqlite3 that an import cannot run."),
    }[engine]
    done = await database_fixture.bring("s.sql", f"CREATE TABLE made (a int);\n{command}\nSELECT 2;")
    assert done["job"]["error"].startswith(f"Statement 2, line 2: {sentence}")
    schema = await database_fixture.person.get(f"/databases/{database_fixture.id}/schema", fresh=True)
    assert schema["relations"] == []


@pytest.mark.parametrize("database_fixture", ["mysql"], indirect=True)
async def test_failed_script_names_tables_without_transactions(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql("CREATE TABLE plain (a int) ENGINE = MyISAM")
    error = (await database_fixture.bring("s.sql", "INSERT INTO plain VALUES (1);\nINSERT INTO nope VALUES (1);"))[
        "job"
    ]["error"]
    assert "non-transactional" in error
    assert "The script was rolled back." not in error


def packed(archive: zipfile.ZipFile) -> bytes:
    """Return the bytes of an archive that was read."""
    stream: Any = archive.fp
    stream.seek(0)
    return bytes(stream.read())


async def test_export_can_be_imported_again(database_fixture: DatabaseFixture) -> None:
    engine = (await database_fixture.person.get(f"/databases/{database_fixture.id}"))["engine"]
    await database_fixture.sql(SHOP[engine])
    archive = await database_fixture.take(format="sql")
    other = DatabaseFixture(
        database_fixture.app, database_fixture.person, await database_fixture.person.database(engine)
    )
    assert [Path(name).suffix for name in archive.namelist()] == [".sql"]
    done = await other.bring("all.zip", packed(archive))
    assert done["job"]["state"] == "completed", done["job"]
    wanted = "SELECT count(*), min(title), max(title) FROM album"
    assert await other.sql(wanted) == await database_fixture.sql(wanted)
    for column in ("raw",):
        compare = f"SELECT {column} FROM album ORDER BY id LIMIT 3"
        assert await other.sql(compare) == await database_fixture.sql(compare)
    prefix = "public." if engine == "postgresql" else ""
    files = await database_fixture.take(format="csv", tables=["artist"])
    assert files.namelist() == ["schema.sql", f"{prefix}artist.csv"]
    rows = list(csv.reader(io.StringIO(files.read(f"{prefix}artist.csv").decode())))
    assert (len(rows), rows[0][:2]) == (1501, ["id", "name"])
    lines = (
        (await database_fixture.take(format="ndjson", tables=["artist"])).read(f"{prefix}artist.ndjson").splitlines()
    )
    assert json.loads(lines[0])["name"] == "Name 1"
    parquet = (await database_fixture.take(format="parquet", tables=["artist"])).read(f"{prefix}artist.parquet")
    assert pyarrow.parquet.read_table(io.BytesIO(parquet)).num_rows == 1500


async def test_invalid_imports_are_rejected(app: AppFixture, supervisor: Supervisor) -> None:
    person = await app.person("ida")
    database_fixture = DatabaseFixture(app, person, await person.database("sqlite"))
    assert "not a data file" in (await database_fixture.upload("x.exe", b"MZ", 422))["detail"]
    assert "is empty" in (await database_fixture.upload("x.csv", b"", 422))["detail"]
    assert (await database_fixture.upload("x.csv", b"a\n" + b"1\n" * 700_000, 413))["code"] == "too_large"
    preview = await database_fixture.upload("people.csv", PEOPLE)
    path = f"/imports/{preview['transfer']['id']}/start"
    for body, status, part in (
        ({"table": ""}, 422, "Enter the name of a table"),
        ({"table": "nope"}, 404, "no table 'nope'"),
        ({"table": "p", "create": True, "columns": [{"source": "x", "target": "x"}]}, 422, "no column 'x'"),
        (
            {
                "table": "p",
                "create": True,
                "columns": [{"source": "id", "target": "id", "type": "int); DROP TABLE x; --"}],
            },
            422,
            "is not a valid type",
        ),
    ):
        answer = await person.send("POST", path, status, json=body)
        assert part in answer["detail"], answer
    started = await person.send("POST", path, 202, json={"table": "p", "create": True})
    assert (
        "already been started" in (await person.send("POST", path, 409, json={"table": "q", "create": True}))["detail"]
    )
    await database_fixture.done(started)
    stranger = await app.person("sam")
    await stranger.send("POST", path, 404, json={"table": "p"})
    await stranger.send("GET", f"/transfers/{started['id']}/errors", 404)
    await person.send("GET", f"/transfers/{started['id']}/file", 404)
    await person.send("POST", f"/imports/{uuid.uuid4()}/start", 404, json={"table": "p"})
    await person.send("POST", f"/databases/{database_fixture.id}/exports", 404, json={"tables": ["x"]})


async def test_import_is_not_repeated_after_an_interrupted_commit(app: AppFixture, supervisor: Supervisor) -> None:
    person = await app.person("ike")
    database_fixture = DatabaseFixture(app, person, await person.database("sqlite"))
    await database_fixture.sql("CREATE TABLE t (a int)")
    preview = await database_fixture.upload("t.csv", "a\n1\n")
    started = await person.send("POST", f"/imports/{preview['transfer']['id']}/start", 202, json={"table": "t"})
    async with app.server.database.transaction() as db:
        died = text('UPDATE transfers SET made = \'{"things": [], "committing": 1}\' WHERE id = :id')
        await db.execute(died, {"id": started["id"]})
    assert "1 rows may have been imported or not" in (await database_fixture.done(started))["job"]["error"]
    assert await database_fixture.sql("SELECT count(*) FROM t") == [[0]]


EMPTY = "(1, '', NULL), (2, 'x', ''), (3, '\"', ','), (4, 'NULL', 'NULL')"


async def test_empty_texts_and_null_stay_apart_in_csv(database_fixture: DatabaseFixture) -> None:
    table = "CREATE TABLE {} (id int PRIMARY KEY, s varchar(20) NOT NULL, n varchar(20))"
    await database_fixture.sql(f"{table.format('rt')}; INSERT INTO rt VALUES {EMPTY}")
    archive = await database_fixture.take(format="csv")
    zipped = next(archive.read(name) for name in archive.namelist() if name.endswith(".csv"))
    path = f"/api/v1/databases/{database_fixture.id}/export"
    query = {"text": "SELECT * FROM rt ORDER BY id", "format": "csv"}
    streamed = (await database_fixture.person.client.post(path, json=query)).content
    assert zipped == streamed == b'id,s,n\n1,"",\n2,x,""\n3,"""",","\n4,NULL,NULL\n'
    for number, content in enumerate((zipped, streamed)):
        await database_fixture.sql(table.format(f"again{number}"))
        done = await database_fixture.bring("rt.csv", content, table=f"again{number}")
        assert done["result"] == {"rows": 4, "bad_rows": 0, "errors": []}, done["job"]
        rows = await database_fixture.sql(f"SELECT * FROM again{number} ORDER BY id")
        assert rows == await database_fixture.sql("SELECT * FROM rt ORDER BY id")


async def test_csv_is_read_as_chosen(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql("CREATE TABLE c (id int PRIMARY KEY, s varchar(20))")
    preview = await database_fixture.upload(
        "c.csv",
        "id#s\r1#\\N\r2#'ł#'\r3#\r".encode("iso-8859-2"),
        encoding="iso-8859-2",
        delimiter="#",
        quote="'",
        null="\\N",
    )
    assert preview["csv"] == {"encoding": "iso-8859-2", "delimiter": "#", "quote": "'", "null": "\\N"}
    assert preview["rows"] == [["1", None], ["2", "ł#"], ["3", ""]]
    await database_fixture.start(preview, table="c")
    assert await database_fixture.sql("SELECT s FROM c ORDER BY id") == [[None], ["ł#"], [""]]
    assert (await database_fixture.upload("c.csv", "a,b\n1,é\n".encode("utf-16")))["csv"]["encoding"] == "utf-16"
    assert (await database_fixture.upload("c.csv", "a,b\n1,é\n".encode("cp1252")))["csv"]["encoding"] == "cp1252"
    refused = await database_fixture.upload("c.csv", "a\n", 422, encoding="klingon")
    assert "not an encoding" in refused["detail"]


async def test_bad_csv_is_refused_with_its_row(database_fixture: DatabaseFixture) -> None:
    for on_error, rows in (("stop", 0), ("skip", 1)):
        done = await database_fixture.bring(
            "un.csv", 'id,v\n0,a\n1,"unterminated\n2,y\n3,z\n', table=f"un_{on_error}", create=True, on_error=on_error
        )
        said = done["result"]["errors"][0]
        assert (done["result"]["rows"], said["row"]) == (rows, 2)
        assert said["sentence"].startswith("A quote in the row that begins in line 3 is never closed")
    refused = await database_fixture.upload("wide.csv", ",".join(f"c{n}" for n in range(100_000)) + "\n", 422)
    assert "has 100,000 columns; at most 2,000" in refused["detail"]


async def test_zero_characters_are_imported_or_refused(database_fixture: DatabaseFixture) -> None:
    preview = await database_fixture.upload("nul.csv", b"id,v\n1,a\x00b\n")
    assert preview["rows"] == [["1", "a\u2400b"]]
    done = await database_fixture.start(preview, table="nul", create=True)
    engine = (await database_fixture.person.get(f"/databases/{database_fixture.id}"))["engine"]
    if engine == "postgresql":
        assert "Row 1" in done["job"]["error"] and "zero character" in done["job"]["error"], done["job"]["error"]
    else:
        assert await database_fixture.sql("SELECT hex(v) FROM nul") == [["610062"]]


async def test_long_names_of_columns_are_explained(database_fixture: DatabaseFixture) -> None:
    preview = await database_fixture.upload("long.csv", "id," + "é" * 400 + "\n1,2\n")
    body = {"table": "long", "create": True}
    path = f"/imports/{preview['transfer']['id']}/start"
    refused = await database_fixture.person.send("POST", path, 422, json=body)
    assert "The column name 'é" in refused["detail"] and "at most" in refused["detail"], refused


async def test_table_is_named_with_its_schema(app: AppFixture, cluster: Cluster) -> None:
    person = await app.person("iris")
    fixture = DatabaseFixture(app, person, await person.connected(cluster.clone()))
    await fixture.sql("CREATE SCHEMA x; CREATE TABLE x.t (id int); CREATE TABLE public.t (id int)")
    assert (await fixture.bring("t.csv", "id\n1\n", table="x.t"))["result"]["rows"] == 1
    assert (await fixture.bring("t.csv", "id\n2\n", table="t", schema="public"))["result"]["rows"] == 1
    assert (await fixture.bring("t.csv", "id\n3\n", table="x.new", create=True))["job"]["error"] is None
    assert (await fixture.bring("t.csv", "id\n4\n", table="a.b", create=True))["job"]["error"] is None
    tables = '(SELECT id FROM x.t), (SELECT id FROM public.t), (SELECT id FROM x.new), (SELECT id FROM "a.b")'
    assert await fixture.sql(f"SELECT {tables}") == [[1, 2, 3, 4]]
    preview = await fixture.upload("t.csv", "id\n1\n")
    path = f"/imports/{preview['transfer']['id']}/start"
    refused = await person.send("POST", path, 422, json={"table": "t"})
    assert "several tables named t: " in refused["detail"]


async def test_large_numbers_of_json_keep_their_digits(database_fixture: DatabaseFixture) -> None:
    content = '{"a":12345678901234567890}\n{"a":1.5}\n'
    preview = await database_fixture.upload("big.ndjson", content)
    assert [column["kind"] for column in preview["columns"]] == ["decimal"]
    done = await database_fixture.start(preview, table="big", create=True)
    assert done["result"]["rows"] == 2, done["job"]
    rows = await database_fixture.sql("SELECT CAST(a AS char(40)) FROM big")
    assert {Decimal(row[0].strip()) for row in rows} == {Decimal("1.5"), Decimal(12345678901234567890)}


async def test_transfer_whose_job_ends_while_it_is_read_has_its_result(
    app: AppFixture, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await app.person("iva")
    fixture = DatabaseFixture(app, person, await person.database("sqlite"))
    await fixture.sql("CREATE TABLE t (id int)")
    begun = await person.send("POST", f"/databases/{fixture.id}/exports", 202, json={"format": "csv"})
    read = jobs_repository.get_many

    async def end_first(db: Any, ids: Any) -> Any:
        monkeypatch.setattr(jobs_repository, "get_many", read)
        await app.work(begun["job"]["id"])
        return await read(db, ids)

    monkeypatch.setattr(jobs_repository, "get_many", end_first)
    answer = await person.get(f"/transfers/{begun['id']}")
    assert answer["job"]["state"] == "completed"
    assert answer["result"]
