"""SQL on a snapshot: results, the columns that are read, and the isolation of the sandbox."""

from __future__ import annotations

import asyncio
import ctypes
import io
import json
import socket
import subprocess
import sys
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from features.extracts.snapshot_queries import ask, rows
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.accounts.service import identity
from headwater.features.extracts import sandbox
from headwater.features.extracts.service import queries
from headwater.features.extracts.service.sandboxes import Sandboxes
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.kit import process
from headwater.vault.errors import Damaged
from headwater.vault.local import LocalBlobs
from people import AppFixture


async def test_queries_are_refused_to_strangers_and_other_organizations(
    module_app: AppFixture, snapshot_fixture: SnapshotFixture, taken: Any
) -> None:
    path, body = f"/snapshots/{taken['id']}/query", {"text": "SELECT 1"}
    stranger = await module_app.stranger()
    assert (await stranger.post(f"/api/v1{path}", json=body)).status_code == 401
    neighbour = await module_app.person("nils")
    await neighbour.send("POST", path, 404, json=body)
    await neighbour.send("POST", f"{path}/export", 404, json=body)


async def test_query_results_match_the_database(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    for text in (
        "SELECT count(*) FROM album",
        "SELECT count(*), sum(price)::text, min(day)::text, max(id) FROM public.album WHERE ok AND price > 100",
        "SELECT a.name, count(*) FROM artist a JOIN album b ON b.artist_id = a.id WHERE a.mood = 'glad' GROUP BY a.name ORDER BY a.name LIMIT 20",
        "SELECT bio FROM artist WHERE bio IS NOT NULL ORDER BY id LIMIT 3",
        "SELECT count(*) FROM note WHERE body IS NULL",
        "SELECT id, ok, r, d, u::text FROM album ORDER BY id DESC LIMIT 5",
    ):
        assert await rows(snapshot_fixture, taken, text) == await snapshot_fixture.sql(text), text


FILTERS = (
    "id = 7",
    "id IN (1, 2, 3, 99999)",
    "id BETWEEN 10 AND 20 OR id > 11990",
    "price = 1.29",
    "price > 1700.5",
    "NOT ok",
    "ok IS NULL",
    "title LIKE 't99%'",
    "title = 't5'",
    "title > 't9990'",
    "made >= '2026-01-01 04:59:55+00'",
    "moment < '2026-01-01 00:01:00'",
    "day = '2026-02-03'",
    "day IN ('2026-02-03', '2026-02-04')",
    "d > 1714",
    "r > 1714",
    "u::text = 'e4da3b7f-bbce-2345-d777-2b0674a318d5'",
    "gap::text = '7 days' AND artist_id > 3",
    "id % 7 = 3 AND day < '2026-03-01'",
    "title IS NOT NULL AND data IS NULL",
    "lower(title) = 't12'",
    "artist_id IN (SELECT id FROM artist WHERE name = 'Name 3')",
    "id = (SELECT max(id) FROM album)",
)


async def test_filters_of_every_type_match_the_database(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    """Filters that Arrow applies need Python modules, which must be loaded before file access is forbidden."""
    counts = ", ".join(f"(SELECT count(*) FROM album WHERE {item})" for item in FILTERS).replace("moment <", '"at" <')
    result = (await rows(snapshot_fixture, taken, f"SELECT {counts}"))[0]
    assert dict(zip(FILTERS, result, strict=True)) == dict(
        zip(FILTERS, (await snapshot_fixture.sql(f"SELECT {counts}"))[0], strict=True)
    )


async def test_results_of_every_type(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    text = """SELECT [1, 2] l, {'a': 1} s, MAP {'k': 1} m, '00000000-0000-0000-0000-000000000001'::uuid u, INTERVAL 1 DAY i,
    TIME '01:02:03' t, DATE '2026-01-01' d, TIMESTAMP '2026-01-01 01:02:03' ts, TIMESTAMPTZ 'infinity' tz, 1::hugeint h,
    170141183460469231731687303715884105727::hugeint hh, '\\xAA'::blob b, '101'::bit bits, 'x'::ENUM('x', 'y') e, 1.50::decimal(9, 2) n,
    'nan'::double nan, true yes, NULL nothing, 9007199254740993 big"""
    assert await rows(snapshot_fixture, taken, text) == [
        [
            "[1, 2]",
            "{'a': 1}",
            "{k=1}",
            "00000000-0000-0000-0000-000000000001",
            "1 day",
            "01:02:03",
            "2026-01-01",
            "2026-01-01 01:02:03",
            "infinity",
            1,
            "170141183460469231731687303715884105727",
            "\\xaa",
            "101",
            "x",
            "1.50",
            "NaN",
            True,
            None,
            "9007199254740993",
        ]
    ]
    path = f"/api/v1/snapshots/{taken['id']}/query/export"
    for form in ("parquet", "json"):
        answer = await snapshot_fixture.person.client.post(path, json={"text": text, "format": form})
        assert answer.status_code == 200, (form, answer.text)
        if form == "parquet":
            (row,) = pq.read_table(io.BytesIO(answer.content), columns=list("lhnib") + ["hh"]).to_pylist()
            assert (row["l"], row["h"], row["n"], row["i"], row["b"]) == ([1, 2], 1, Decimal("1.50"), "1 day", b"\xaa")
            assert int(row["hh"]) == 2**127 - 1
    assert b"\\u" not in answer.content


async def test_only_named_columns_are_read(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    """A query of one column reads only that column from the vault."""
    asked: list[tuple[str, tuple[int, ...]]] = []
    real = OpenSnapshot.rows

    def noted(self: OpenSnapshot, table: Any, threads: Any, places: Any = None) -> Any:
        asked.append((table.name, tuple(places)))
        return real(self, table, threads, places)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OpenSnapshot, "rows", noted)
        assert await rows(snapshot_fixture, taken, "SELECT max(title) FROM album") == [["t9999"]]
        assert asked == [("album", (1,))]
        asked.clear()
        await rows(snapshot_fixture, taken, "SELECT id FROM album WHERE ok AND title > 't5' LIMIT 1")
        assert [(name, sorted(places)) for name, places in asked] == [("album", [0, 1, 8])]
        asked.clear()
        assert await rows(snapshot_fixture, taken, "SELECT count(*) FROM note, artist WHERE artist.id = 1") == [[700]]
        assert {name for name, _ in asked} == {"note", "artist"}
        assert all(len(places) <= 1 for _, places in asked)
        asked.clear()
        assert (await ask(snapshot_fixture, taken, "DESCRIBE album"))["results"][0]["rows"][0][:2] == ["id", "BIGINT"]
        assert asked == []


async def test_query_limits_are_enforced(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    cut = (await ask(snapshot_fixture, taken, "SELECT id FROM album ORDER BY id", max_rows=10))["results"][0]
    assert (len(cut["rows"]), cut["truncated"]) == (10, True)
    late = await ask(
        snapshot_fixture, taken, "SELECT count(*) FROM range(100000000000) WHERE hash(range) = 1", seconds=1
    )
    assert late["error"]["code"] == "query_timeout", late["error"]
    for bomb in (
        "SELECT list(range) FROM range(10000000000)",
        "SELECT string_agg(repeat('x', 100000000), '') FROM range(200)",
    ):
        answer = await ask(snapshot_fixture, taken, bomb, seconds=120)
        assert "memory" in answer["error"]["message"], (bomb, answer)
    assert await rows(snapshot_fixture, taken, "SELECT count(*) FROM album") == [[12000]]


async def test_a_query_is_cancelled_by_its_id(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    run_id = str(uuid.uuid4())
    endless = "SELECT count(*) FROM range(100000000000) WHERE hash(range) = 1"
    asking = asyncio.create_task(ask(snapshot_fixture, taken, endless, run_id=run_id))
    sandboxes = snapshot_fixture.app.server.context.service(Sandboxes)
    while not sandboxes._running:
        assert not asking.done()
        await asyncio.sleep(0.02)
    neighbour = await snapshot_fixture.app.person("nele")
    await neighbour.send("POST", f"/snapshots/{taken['id']}/runs/{run_id}/cancel", 404)
    await snapshot_fixture.person.send("POST", f"/snapshots/{taken['id']}/runs/{run_id}/cancel", 204)
    assert (await asking)["error"]["code"] == "cancelled"
    assert not sandboxes._running
    await snapshot_fixture.person.send("POST", f"/snapshots/{taken['id']}/runs/{run_id}/cancel", 404)


ESCAPES = [one for one in (Path(__file__).parent / "escapes.sql").read_text().split(";\n") if one.strip()]


OUT = Path("/tmp/hw-escaped")


def test_sandboxed_sql_cannot_escape() -> None:
    """Each statement is refused by the settings of the process or by DuckDB itself."""
    OUT.unlink(missing_ok=True)
    columns = pa.schema([("id", pa.int64()), ("title", pa.string())]).serialize().to_pybytes().hex()
    tables = [{"schema": "public", "name": "album", "columns": columns}]
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "shut_files", lambda: None)  # nothing would open them for the tests again
        for text in ESCAPES:
            connection = sandbox._opened(theirs, {"memory_mb": 100, "threads": 1, "tables": tables})
            with pytest.raises((duckdb.Error, sandbox.StatementRefused)) as refused:
                sandbox._check(connection, text)
                result = connection.sql(text)
                pytest.fail(f"{text}: {result}")
            assert "root:" not in str(refused.value)
            connection.close()
    assert not OUT.exists()


@pytest.mark.parametrize("text", ESCAPES[::25])
async def test_sandboxed_sql_cannot_escape_over_http(snapshot_fixture: SnapshotFixture, taken: Any, text: str) -> None:
    answer = await ask(snapshot_fixture, taken, text, seconds=20)
    assert answer["error"] is not None, answer["results"]
    assert not OUT.exists()


SHUT = """
from headwater.features.extracts.sandbox import shut_files
import socket
shut_files()
for what in (lambda: open("/etc/hostname"), lambda: open("/tmp/hw-escaped", "w"), lambda: socket.create_connection(("127.0.0.1", 9))):
    try:
        what()
    except PermissionError:
        print("refused")
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or ctypes.CDLL(None).syscall(444, None, 0, 1) < 4, reason="no Landlock"
)
def test_kernel_refuses_to_open_files() -> None:
    done = subprocess.run([sys.executable, "-c", SHUT], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["refused"] * 3, (done.stdout, done.stderr)


async def test_sandbox_has_no_secrets(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    """The sandbox has its own environment, and inherits only its two sockets from the server."""
    seen: list[Any] = []
    real = process.spawn

    def noted(command: Any, **options: Any) -> Any:
        seen.append(options)
        return real(command, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "spawn", noted)
        await rows(snapshot_fixture, taken, "SELECT 1")
    assert set(seen[0]["env"]) == {"LANG", "ARROW_DEFAULT_MEMORY_POOL", "OMP_NUM_THREADS"}
    assert len(seen[0]["pass_fds"]) == 2


async def test_errors_have_a_position(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    text = "SELECT id\nFROM album WHERE id = = 1"
    error = (await ask(snapshot_fixture, taken, text))["error"]
    assert error["message"] == 'Parser Error: syntax error at or near "="'
    assert (text.rindex("="), error["code"]) == (error["position"], "query_failed")
    assert "nothing" in (await ask(snapshot_fixture, taken, "SELECT nothing FROM album"))["error"]["message"]
    for text, words in (
        ("", "nothing to run"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("DELETE FROM note", "read-only"),
    ):
        assert words in (await ask(snapshot_fixture, taken, text))["error"]["message"], text


async def test_values_that_do_not_fit_are_named_and_readable_as_text(snapshot_fixture: SnapshotFixture) -> None:
    await snapshot_fixture.sql(
        'CREATE TABLE odd (id int PRIMARY KEY, n numeric(6,2), moment timestamptz, day date, a int[], "Id ""q" text);'
        "INSERT INTO odd VALUES (1, 'NaN', 'infinity', '-infinity', '{1,NULL}', 'x'), (2, 1.5, '4713-01-01 BC', '294276-12-31', NULL, '')"
    )
    odd = await snapshot_fixture.take(tables=["odd"])
    assert await rows(snapshot_fixture, odd, "SELECT id FROM odd WHERE moment = 'infinity' AND day = '-infinity'") == [
        [1]
    ]
    assert await rows(snapshot_fixture, odd, 'SELECT moment, day, a, "Id ""q" FROM odd ORDER BY id') == [
        ["infinity", "-infinity", "{1,NULL}", "x"],
        ["4713-01-01 (BC) 00:00:00+00", "294276-12-31", None, ""],
    ]
    error = (await ask(snapshot_fixture, odd, "SELECT sum(n) FROM odd"))["error"]
    assert "public.odd.n contains 'NaN'" in error["message"]
    assert "text" in error["hint"]
    assert await rows(snapshot_fixture, odd, "SELECT n FROM odd ORDER BY id", as_text=True) == [["NaN"], ["1.50"]]


async def test_error_on_untyped_text_suggests_a_cast(snapshot_fixture: SnapshotFixture) -> None:
    await snapshot_fixture.sql("CREATE TABLE loose (n numeric); INSERT INTO loose VALUES (1.5), (1e40)")
    loose = await snapshot_fixture.take(tables=["loose"])
    error = (await ask(snapshot_fixture, loose, "SELECT sum(n) FROM loose"))["error"]
    assert "sum(VARCHAR)" in error["message"]
    assert "cast them" in error["hint"]
    assert await rows(snapshot_fixture, loose, "SELECT sum(n::double) FROM loose") == [[1e40]]


async def test_whole_results_as_files(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    path, text = f"/api/v1/snapshots/{taken['id']}/query/export", "SELECT id, price, made, raw FROM album ORDER BY id"
    for form in ("csv", "ndjson", "json", "parquet", "arrow"):
        answer = await snapshot_fixture.person.client.post(path, json={"text": text, "format": form})
        assert answer.status_code == 200, answer.text
        read = {
            "csv": lambda data: len(data.decode().splitlines()) - 1,
            "ndjson": lambda data: data.count(b"\n"),
            "json": lambda data: len(json.loads(data)),
            "parquet": lambda data: pq.read_table(io.BytesIO(data)).num_rows,
            "arrow": lambda data: pa.ipc.open_stream(data).read_all().num_rows,
        }[form]
        assert read(answer.content) == 12000, form
    refused = await snapshot_fixture.person.client.post(path, json={"text": "COPY album TO '/tmp/x'"})
    assert refused.status_code == 422


async def test_bytes_read_are_those_of_the_column(snapshot_fixture: SnapshotFixture) -> None:
    """A query of one column of a wide table reads about as many bytes as that column stores."""
    columns = ", ".join(f"md5((g * {number})::text) AS c{number}" for number in range(1, 9))
    await snapshot_fixture.sql(f"CREATE TABLE wide AS SELECT g AS id, {columns} FROM generate_series(1, 20000) g")
    wide = await snapshot_fixture.take(tables=["wide"])
    read: list[int] = []
    real = LocalBlobs.read_parts

    def counted(self: LocalBlobs, name: str, parts: Any) -> Any:
        result = real(self, name, parts)
        read.append(sum(map(len, result)))
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalBlobs, "read_parts", counted)
        assert await rows(snapshot_fixture, wide, "SELECT count(*) FROM wide WHERE c3 < '8'") != [[0]]
    assert 0 < sum(read) <= 1.1 * wide["stored_bytes"] / 8


async def test_disconnected_reader_ends_the_query(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    server, sandboxes = snapshot_fixture.app.server, snapshot_fixture.app.server.context.service(Sandboxes)
    context = server.context
    async with server.database.transaction() as db:
        actor = await identity.actor_of_user(
            db, uuid.UUID(snapshot_fixture.person.signed_in["user"]["id"]), identity.ClientInfo()
        )
    assert actor
    endless = queries.SnapshotQuery("SELECT a.id, b.title FROM album a, album b")
    pieces: Any = await queries.export(context, actor, uuid.UUID(taken["id"]), endless, "csv")
    assert (await anext(pieces)).startswith(b"id,title\n")
    process = next(iter(sandboxes._running.values()))._process
    await pieces.aclose()
    assert (process.poll(), sandboxes._running) == (-9, {})


async def test_oversized_row_is_refused(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    error = (await ask(snapshot_fixture, taken, "SELECT repeat('x', 40000000)"))["error"]
    assert "A row of the result has" in error["message"]
    some = (await ask(snapshot_fixture, taken, "SELECT repeat('x', 1000000) FROM range(100)"))["results"][0]
    assert some["truncated"]
    assert 10 <= len(some["rows"]) <= 17


async def test_concurrent_queries_are_limited(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    endless = "SELECT count(*) FROM range(100000000000) WHERE hash(range) = 1"
    running = [asyncio.create_task(ask(snapshot_fixture, taken, endless, seconds=60)) for _ in range(4)]
    sandboxes = snapshot_fixture.app.server.context.service(Sandboxes)
    while len(sandboxes._running) < 4:
        assert not any(task.done() for task in running)
        await asyncio.sleep(0.02)
    refused = await snapshot_fixture.person.client.post(
        f"/api/v1/snapshots/{taken['id']}/query", json={"text": "SELECT 1"}
    )
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    for item in list(sandboxes._running.values()):
        await item.cancel()
    assert {(await task)["error"]["code"] for task in running} == {"cancelled"}


async def test_damage_fails_the_query(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    real = OpenSnapshot.rows

    def broken(self: OpenSnapshot, table: Any, threads: Any, places: Any = None) -> Any:
        yield from [next(real(self, table, threads, places))]
        raise Damaged("A page of the vault is damaged.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OpenSnapshot, "rows", broken)
        answer = await snapshot_fixture.person.client.post(
            f"/api/v1/snapshots/{taken['id']}/query", json={"text": "SELECT count(title) FROM album"}
        )
    assert "damaged" in answer.text
    assert '"rows":[[' not in answer.text
