"""Pages of rows of a snapshot: from any offset, and only the needed chunks are read."""

from __future__ import annotations

from typing import Any

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.vault.table_reader import TableReader
from people import AppFixture


async def test_rows_are_hidden_from_strangers_and_other_organizations(
    module_app: AppFixture, snapshot_fixture: SnapshotFixture, taken: Any
) -> None:
    for end in ("rows", "cell?row=0&column=id"):
        path = f"/snapshots/{taken['id']}/tables/album/{end}"
        stranger = await module_app.stranger()
        assert (await stranger.get(f"/api/v1{path}")).status_code == 401
        neighbour = await module_app.person("nora")
        await neighbour.send("GET", path, 404)


async def test_pages_match_the_database(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    """Property: the concatenated pages are the table, for any page size."""
    path = f"/snapshots/{taken['id']}/tables/public.album/rows"
    live = await snapshot_fixture.sql("SELECT * FROM album ORDER BY id")
    names = [
        row[0]
        for row in await snapshot_fixture.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'album' AND is_generated = 'NEVER' ORDER BY ordinal_position"
        )
    ]
    result, cursor = [], None
    while True:
        page = await snapshot_fixture.person.get(path, limit=997, **({"cursor": cursor} if cursor else {}))
        result += page["rows"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [column["name"] for column in page["columns"]] == names
    assert (page["count"], page["count_is_estimate"], page["key"]) == (12000, False, [])
    assert len(result) == 12_000
    assert result[: len(live)] == [row[: len(names)] for row in live]
    assert result[-1][0] == 12_000


async def test_distant_page_reads_only_its_chunks(snapshot_fixture: SnapshotFixture) -> None:
    await snapshot_fixture.sql(
        "CREATE TABLE far (id int PRIMARY KEY); INSERT INTO far SELECT generate_series(1, 100000)"
    )
    taken = await snapshot_fixture.take(tables=["far"])
    vault = await snapshot_fixture.vault()
    (table,) = vault.manifest(taken["id"]).tables
    reader, read = vault.table(table), []

    class Counting(TableReader):
        def batch(self, chunk: Any, places: Any = None) -> Any:
            read.append(chunk.rows)
            return super().batch(chunk, places)

    counting = Counting(reader._packs, reader._keys, reader._root, reader._key)
    chunks = [chunk.rows for chunk in reader.chunks()]
    assert len(chunks) > 3, "one chunk alone proves nothing"
    whole = [row for chunk in reader.chunks() for row in reader.batch(chunk, [0]).column(0).to_pylist()]
    for start, count in ((0, 1), (99_999, 5), (chunks[0] - 2, 4), (chunks[0], 1), (5000, 7000), (100_000, 3), (0, 0)):
        read.clear()
        result = [row for batch in counting.window(start, count, [0]) for row in batch.column(0).to_pylist()]
        assert result == whole[start : start + count], (start, count)
        assert sum(read) <= count + 2 * max(chunks), (start, count)
    read.clear()
    list(counting.window(99_999, 1))
    assert read == chunks[-1:]


async def test_long_values_are_shortened_and_available_in_full(snapshot_fixture: SnapshotFixture) -> None:
    await snapshot_fixture.sql(
        'CREATE TABLE "a/b c" (id int PRIMARY KEY, long text); INSERT INTO "a/b c" VALUES (1, repeat(\'ä\', 5000)), (2, NULL)'
    )
    long = await snapshot_fixture.take(tables=["a/b c"])
    page = await snapshot_fixture.person.get(f"/snapshots/{long['id']}/tables/a%2Fb%20c/rows")
    assert (page["cut"], len(page["rows"][0][1]), page["rows"][1]) == ([[0, 1]], 1024, [2, None])
    path = f"/snapshots/{long['id']}/tables/a%2Fb%20c/cell"
    assert (await snapshot_fixture.person.get(path, row=0, column="long"))["value"] == "ä" * 5000
    for query in ({"row": 2, "column": "long"}, {"row": 0, "column": "lnog"}):
        answer = await snapshot_fixture.person.client.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 404
        assert answer.json()["hint"]


async def test_wrong_names_are_answered_with_the_right_ones(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    answer = await snapshot_fixture.person.client.get(f"/api/v1/snapshots/{taken['id']}/tables/albun/rows")
    assert (answer.status_code, answer.json()["hint"]) == (404, "Did you mean album?"), answer.json()
    refused = await snapshot_fixture.person.client.get(f"/api/v1/snapshots/{taken['id']}/tables/album/rows?cursor=x")
    assert refused.status_code == 400
