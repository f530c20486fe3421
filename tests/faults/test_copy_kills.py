"""kill -9 of the worker during a copy: it starts again, and the target has every table once, with all rows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator

import pytest

from engines.mongodb import place as mongodb_place
from entrypoints.headwater_process import HeadwaterProcess
from faults.kill_helpers import killed_in_the_middle
from suite import storage
from suite.ports import free_port
from suite.profiles import rounds

KILLS = rounds("KILLS", 2)
# Enough that the worker is killed in the middle; the kill comes at a number of rows, not at a time.
ROWS, DOCUMENTS = rounds("COPY_ROWS", 300_000, quick=150_000), rounds("COPY_DOCUMENTS", 80_000, quick=50_000)


def database(headwater: HeadwaterProcess, name: str, engine: str) -> str:
    project = headwater.get("/projects")["items"][0]["id"]
    transfer = headwater.post(f"/projects/{project}/databases?wait=60", name=name, engine=engine)
    assert transfer["state"] == "running", transfer
    return str(transfer["id"])


@pytest.fixture(scope="module")
def mongodb() -> Iterator[int]:
    """The port of a MongoDB server."""
    if reason := mongodb_place.missing():
        pytest.skip(reason)
    folder, port = tempfile.mkdtemp(prefix="hw-copykill-mongodb-", dir=storage.disk()), free_port()
    server = mongodb_place.started(folder, port)
    yield port
    server.kill()
    server.wait(120)
    shutil.rmtree(folder, ignore_errors=True)


def connected(headwater: HeadwaterProcess, name: str, port: int) -> str:
    project = headwater.get("/projects")["items"][0]["id"]
    url = f"mongodb://127.0.0.1:{port}/{name}?tls=disable"
    return str(headwater.post(f"/projects/{project}/connections", name=name, connection={"url": url})["id"])


@pytest.mark.parametrize("round_", range(KILLS))
def test_copy_to_documents_survives_a_kill(headwater: HeadwaterProcess, mongodb: int, round_: int) -> None:
    source, target = database(headwater, f"s-m-{round_}", "postgresql"), connected(headwater, f"t-m-{round_}", mongodb)
    headwater.sql(target, "db.mine.insertOne({a: 1})")
    copy_with_a_kill(headwater, source, target, round_, DOCUMENTS)
    assert headwater.sql(target, "db.many.countDocuments({})") == [[DOCUMENTS]]
    assert headwater.sql(target, "db.mine.countDocuments({})") == [[1]]


@pytest.mark.parametrize("engine", ["sqlite", "mysql"])
@pytest.mark.parametrize("round_", range(KILLS))
def test_copy_survives_a_kill(headwater: HeadwaterProcess, engine: str, round_: int) -> None:
    source, target = (
        database(headwater, f"s-{engine}-{round_}", "postgresql"),
        database(headwater, f"t-{engine}-{round_}", engine),
    )
    headwater.sql(target, "CREATE TABLE mine (a int)")
    copy_with_a_kill(headwater, source, target, round_, ROWS)
    assert headwater.sql(target, "SELECT count(*) FROM many") == [[ROWS]]
    assert headwater.sql(target, "SELECT count(*) FROM mine") == [[0]]


def copy_with_a_kill(headwater: HeadwaterProcess, source: str, target: str, round_: int, rows: int) -> None:
    """Start a copy, kill the worker, and wait until the next attempt has completed it."""
    headwater.sql(source, "CREATE TABLE first (id int PRIMARY KEY); INSERT INTO first SELECT generate_series(1, 1000)")
    headwater.sql(
        source,
        "CREATE TABLE many (id bigint PRIMARY KEY, first int REFERENCES first, body varchar(60));"
        f"INSERT INTO many SELECT g, g % 1000 + 1, md5(g::text) FROM generate_series(1, {rows}) g",
    )
    transfer = headwater.post(f"/databases/{source}/copies", target_id=target, accepted=True)
    job = transfer["job"]["id"]
    killed_in_the_middle(headwater, job, 20_000 * (round_ + 1))
    tables = headwater.get(f"/transfers/{transfer['id']}")["tables"]
    assert [(item["target"], item["target_rows"], item["same"]) for item in tables] == [
        ("first", 1000, True),
        ("many", rows, True),
    ]
