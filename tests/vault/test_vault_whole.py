"""Complete snapshots: rows round-trip, and unchanged data is not written again."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from headwater.kit.errors import Conflict
from headwater.vault import manifest, packs
from headwater.vault.blobs import Blobs
from headwater.vault.chunker import ChunkSizes
from headwater.vault.codecs import Codec
from headwater.vault.errors import Damaged, Missing
from headwater.vault.pages import Hint
from headwater.vault.vault import Vault
from suite.profiles import examples
from vault import builders
from vault.builders import Given, Row

HINTS = get_args(Hint)
SMALL = ChunkSizes(rows=8, max_bytes=400)


@pytest.fixture(scope="module")
def shared() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield builders.vault(Path(folder))


values = some.one_of(
    some.none(),
    some.binary(max_size=12),
    some.integers(-(2**66), 2**66).map(lambda number: str(number).encode()),
    some.dates().map(lambda date: str(date).encode()),
    some.sampled_from([b"", b"a", b"007", b"\\N"]),
)


@some.composite
def tables(draw: Any) -> Given:
    columns = draw(some.integers(0, 4))
    hints = tuple(draw(some.sampled_from(HINTS)) for _ in range(columns))
    rows: list[Row] = draw(some.lists(some.tuples(*[values] * columns), max_size=60))
    if columns and draw(some.booleans()):
        ids = sorted({draw(some.integers(-500, 500)) for _ in rows})
        rows = [(str(number).encode(), *row[1:]) for number, row in zip(ids, rows, strict=False)]
        return Given(hints, rows, (0,))
    return Given(hints, rows)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.lists(tables(), max_size=3), some.integers(1, 70), some.data())
def test_rows_round_trip(shared: Vault, given_: list[Given], batch: int, data: Any) -> None:
    named = {f"t{number}": element for number, element in enumerate(given_)}
    first = builders.snapshot(shared, named, sizes=SMALL, batch=batch)
    again = builders.snapshot(shared, named, sizes=SMALL, batch=data.draw(some.integers(1, 70)), parent=first)
    fresh = builders.reopened(shared.blobs)
    for name, item in named.items():
        assert builders.rows(fresh, fresh.manifest(first.id), name) == list(item.rows)
        assert builders.rows(fresh, fresh.manifest(again.id), name) == list(item.rows)
        places = data.draw(some.lists(some.sampled_from(range(len(item.hints))), max_size=3)) if item.hints else []
        wanted = [tuple(row[location] for location in places) for row in item.rows]
        assert builders.rows(fresh, first, name, places) == wanted
    assert all(table.new == 0 for table in again.tables)
    assert [table.root for table in again.tables] == [table.root for table in first.tables]
    for table in (*first.tables, *again.tables):
        assert table.stored == sum(table.packs.values())


def orders(count: int, seed: int = 1) -> list[Row]:
    chance = random.Random(seed)
    return [
        (
            str(number).encode(),
            str(chance.randrange(10**6)).encode(),
            chance.choice([b"new", b"paid", b"sent", None]),
            chance.randbytes(12).hex().encode(),
            f"2026-{chance.randrange(1, 13):02}-11 10:{chance.randrange(60):02}:00".encode(),
        )
        for number in range(count)
    ]


ORDERS: tuple[Hint, ...] = ("integer", "integer", "text", "text", "timestamp")


def test_unchanged_snapshot_writes_no_data_and_no_tree(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    rows = orders(20_000)
    first = builders.snapshot(vault, {"orders": Given(ORDERS, rows, (0,))})
    before = builders.content(vault)
    second = builders.snapshot(vault, {"orders": Given(ORDERS, rows, (0,))}, parent=first, batch=777)
    new = builders.content(vault).keys() - before.keys()
    assert new == {f"snapshots/{second.id}"}
    assert second.tables[0].new == 0
    assert second.tables[0].stored == first.tables[0].stored > 0
    assert second.packs == first.packs


def test_change_writes_only_changed_data(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    rows = orders(40_000)
    sizes = ChunkSizes(rows=256)
    first = builders.snapshot(vault, {"orders": Given(ORDERS, rows, (0,))}, sizes=sizes)
    clustered = [
        (*row[:2], b"returned", *row[3:]) if 10_000 <= index < 10_400 else row for index, row in enumerate(rows)
    ]
    second = builders.snapshot(vault, {"orders": Given(ORDERS, clustered, (0,))}, parent=first, sizes=sizes)
    assert builders.rows(vault, second, "orders") == clustered
    assert builders.rows(vault, first, "orders") == rows
    assert 0 < second.tables[0].new < first.tables[0].stored * 0.02
    scattered = [(*row[:2], b"lost", *row[3:]) if index % 100 == 7 else row for index, row in enumerate(rows)]
    third = builders.snapshot(vault, {"orders": Given(ORDERS, scattered, (0,))}, parent=first, sizes=sizes)
    # One column of four that vary, and the tree.
    assert third.tables[0].new < first.tables[0].stored * 0.2
    inserted = [*rows[:5000], (b"5000.5", b"1", None, b"x", b"y"), *rows[5000:9000], *rows[9001:]]
    fourth = builders.snapshot(vault, {"orders": Given(ORDERS, inserted, (0,))}, parent=first, sizes=sizes)
    # What is new in a chunk comes behind the rest of it.
    assert sorted(builders.rows(vault, fourth, "orders"), key=repr) == sorted(inserted, key=repr)
    assert fourth.tables[0].new < first.tables[0].stored * 0.05


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("batch", [7, 5000])
def test_manifest_lists_needed_packs(tmp_path: Path, keyed: bool, batch: int) -> None:
    """What a manifest names is what reading it touches: collection believes it."""
    vault = builders.vault(tmp_path)
    rows = orders(2000)
    key = (0,) if keyed else ()
    parent: manifest.Manifest | None = None
    for round_ in range(4):
        rows = [row if index % 500 != round_ else (row[0], b"%d" % round_, *row[2:]) for index, row in enumerate(rows)]
        given_ = {"orders": Given(ORDERS, rows, key), "empty": Given(ORDERS, [], key)}
        parent = builders.snapshot(vault, given_, parent=parent, sizes=ChunkSizes(rows=64), batch=batch)
        for table in parent.tables:
            needed: Counter[bytes] = Counter({table.root.pack: table.root.length})
            reader = vault.table(table)
            for branch in reader.branches():
                needed[branch.ref.pack] += branch.ref.length
                for chunk in reader.leaf(branch):
                    for ref in (*chunk.pages, *chunk.deltas):
                        needed[ref.pack] += ref.length
            assert needed == table.packs
            assert table.stored == needed.total()
    assert parent
    assert parent.tables[0].rows == 2000
    assert len(parent.packs) > 2


def test_giant_row_is_a_separate_chunk(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    rows: list[Row] = [(str(number).encode(), b"small") for number in range(100)]
    rows[50] = (b"50", random.Random(1).randbytes(9 * 2**20))
    rows[51] = (b"51", b"\0" * (5 * 2**20))
    taken = builders.snapshot(vault, {"t": Given(("integer", "text"), rows, (0,))}, batch=7)
    assert builders.rows(vault, taken, "t") == rows
    assert sorted(chunk.rows for chunk in vault.table(taken.tables[0]).chunks())[:2] == [1, 1]


@pytest.mark.parametrize(("columns", "count"), [(0, 0), (0, 1), (0, 50_000), (1, 0), (300, 3)])
def test_empty_and_wide_tables_round_trip(tmp_path: Path, columns: int, count: int) -> None:
    vault = builders.vault(tmp_path)
    rows: list[Row] = [tuple(b"%d" % index for index in range(columns))] * count
    given_ = {"t": Given(("text",) * columns, rows)}
    first = builders.snapshot(vault, given_, batch=999)
    second = builders.snapshot(vault, given_, parent=first, batch=1000)
    assert (first.tables[0].rows, second.tables[0].new) == (count, 0)
    assert builders.rows(vault, second, "t") == rows


def test_rows_without_key_keep_order_and_count(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    rows: list[Row] = [(b"same", None)] * 3000 + [(str(index % 17).encode(), None) for index in range(3000)]
    given_ = {"t": Given(("integer", "integer"), rows)}
    first = builders.snapshot(vault, given_, sizes=ChunkSizes(rows=64))
    second = builders.snapshot(vault, given_, sizes=ChunkSizes(rows=64), parent=first, batch=97)
    assert builders.rows(vault, second, "t") == rows
    assert second.tables[0].new == 0


@pytest.mark.parametrize(
    "codec", [Codec("none", 0), Codec("lz4", 0), Codec("gzip", 6), Codec("deflate", 6), Codec("zstd", 19)]
)
def test_codecs_change_only_sizes(tmp_path: Path, codec: Codec) -> None:
    vault = builders.vault(tmp_path)
    given_ = {"orders": Given(ORDERS, orders(3000), (0,))}
    first = builders.snapshot(vault, given_, codec=codec)
    assert builders.rows(vault, first, "orders") == given_["orders"].rows
    second = builders.snapshot(vault, given_, parent=first)
    assert second.tables[0].new == 0  # ids are of what is packed, not of how
    assert builders.snapshot(vault, given_).tables[0].root.id != b""


def test_table_with_changed_columns_is_rewritten(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    rows = orders(3000)
    first = builders.snapshot(vault, {"t": Given(ORDERS, rows, (0,))})
    for hints, changed, key in (
        (ORDERS[:4], [row[:4] for row in rows], (0,)),
        ((*ORDERS, "text"), [(*row, b"more") for row in rows], (0,)),
        (ORDERS[::-1], [row[::-1] for row in rows], (4,)),
        (("text",) * 5, rows, (0,)),
        (ORDERS, rows, ()),
        (ORDERS, rows, (1, 0)),
    ):
        second = builders.snapshot(vault, {"t": Given(hints, changed, key)}, parent=first)
        assert builders.rows(vault, second, "t") == changed


def test_source_error_commits_nothing_and_releases_lease(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)

    class Broken(list[Row]):
        def __getitem__(self, place: Any) -> Any:
            if isinstance(place, slice) and place.start >= 1000:
                raise ConnectionError("the database went away")
            return super().__getitem__(place)

    with pytest.raises(ConnectionError):
        builders.snapshot(vault, {"t": Given(ORDERS, Broken(orders(5000)), (0,))})
    assert vault.snapshots() == []
    assert [name for name in builders.content(vault) if name.startswith("leases/")] == []
    taken = builders.snapshot(vault, {"t": Given(ORDERS, orders(500), (0,))})
    assert vault.snapshots() == [taken.id]


def test_deleted_parent_is_rejected(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    first = builders.snapshot(vault, {"t": Given(("text",), [(b"a",)])})
    vault.delete(first.id)
    with pytest.raises(Conflict, match="deleted in the meantime"):
        builders.snapshot(vault, {"t": Given(("text",), [(b"a",)])}, parent=first)
    assert [name for name in builders.content(vault) if name.startswith("leases/")] == []


def test_commit_requires_lease_and_packs(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    given_ = Given(("text",), [(b"a",)])

    def without(prefix: str) -> None:
        real = vault.blobs.list

        class Taking(type(vault.blobs)):  # type: ignore[misc]
            """Somebody deletes what is there, just before the pack is read back or the lease checked."""

            def find(self, name: str) -> Any:
                if name.startswith(prefix):
                    for blob in list(real(prefix)):
                        self.delete(blob.name)
                return super().find(name)

        builders.snapshot(Vault.open(Taking(vault.blobs.folder), builders.KEY), {"t": given_})  # type: ignore[attr-defined]

    with pytest.raises(Conflict, match="too long"):
        without("leases/")
    with pytest.raises((Missing, Damaged)):
        without("packs/")
    assert vault.snapshots() == []


def test_commit_rejects_foreign_packs(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    first = builders.snapshot(vault, {"t": Given(("text",), [(b"a",)])})
    with vault.write_snapshot("second") as writing, pytest.raises(Damaged, match="may be deleted"):
        vault.commit(
            writing,
            manifest.Manifest(
                id="second",
                database="shop",
                started=first.started,
                finished=first.finished,
                engine="test",
                tables=tuple(manifest.reuse_table(table) for table in first.tables),
            ),
        )
    with vault.write_snapshot("third", parent=first) as writing:
        vault.commit(
            writing,
            manifest.Manifest(
                id="third",
                database="shop",
                started=first.started,
                finished=first.finished,
                engine="test",
                tables=tuple(manifest.reuse_table(table) for table in first.tables),
            ),
        )
    third = vault.manifest("third")
    assert (third.tables[0].new, builders.rows(vault, third, "t")) == (0, [(b"a",)])


def test_concurrent_writers_of_one_parent(place: Callable[[], Blobs]) -> None:
    vault = Vault.create(place(), builders.KEY)
    given_ = {"orders": Given(ORDERS, orders(3000), (0,))}
    parent = builders.snapshot(vault, given_)
    other = {"orders": Given(ORDERS, orders(3000, seed=2), (0,))}
    with vault.write_snapshot("outer", parent=parent):  # a writer that never ends well
        second = builders.snapshot(builders.reopened(vault.blobs), other, parent=parent)
    fresh = builders.reopened(vault.blobs)
    assert sorted(fresh.snapshots()) == sorted([parent.id, second.id])
    assert builders.rows(fresh, fresh.manifest(parent.id), "orders") == given_["orders"].rows
    assert builders.rows(fresh, fresh.manifest(second.id), "orders") == other["orders"].rows
    assert {pack for pack, _ in packs.listed(vault.blobs)} == parent.packs.keys() | second.packs.keys()


def with_deltas(vault: Vault, rows: list[Row]) -> manifest.Manifest:
    """Take two snapshots, the second of which has deltas."""
    first = builders.snapshot(vault, {"t": Given(("integer", "integer", "hex"), rows, (0,))}, sizes=ChunkSizes(rows=64))
    changed = [(*row[:2], b"00ff") if index % 40 == 7 else row for index, row in enumerate(rows)]
    second = builders.snapshot(
        vault, {"t": Given(("integer", "integer", "hex"), changed, (0,))}, parent=first, sizes=ChunkSizes(rows=64)
    )
    assert any(chunk.deltas for chunk in vault.table(second.tables[0]).chunks())
    return second


def test_deltas_of_another_key_are_not_reused(tmp_path: Path) -> None:
    """Under the new key they would be applied to other rows."""
    vault, result = builders.vault(tmp_path), random.Random(3)
    rows: list[Row] = [(b"%d" % index, b"%d" % index, result.randbytes(16).hex().encode()) for index in range(1500)]
    parent = with_deltas(vault, rows)
    # The first keys of all chunks are the same under both, and every second column is other than what its delta says.
    other = [
        (row[0], row[1] if index % 64 < 32 else b"%d" % (index + 10_000), row[2]) for index, row in enumerate(rows)
    ]
    for key in ((1,), (0,), (1, 0), ()):
        taken = builders.snapshot(
            vault, {"t": Given(("integer", "integer", "hex"), other, key)}, parent=parent, sizes=ChunkSizes(rows=64)
        )
        assert sorted(builders.rows(vault, taken, "t")) == sorted(other)


def test_damaged_parent_does_not_prevent_snapshots(tmp_path: Path) -> None:
    vault, created = builders.vault(tmp_path), random.Random(3)
    rows: list[Row] = [(b"%d" % index, b"%d" % index, created.randbytes(16).hex().encode()) for index in range(1500)]
    parent = with_deltas(vault, rows)
    for pack in parent.packs:
        name, data = packs.blob_name(pack), vault.blobs.read(packs.blob_name(pack))
        broken = {entry.ref.offset for entry in vault.packs.entries(pack) if entry.kind == packs.PAGE}
        changed = bytearray(data)
        for offset in broken:
            changed[offset] ^= 1
        vault.blobs.delete(name)
        vault.blobs.create(name, bytes(changed))
    anew = [(row[0], b"%d" % (index + 5), row[2][::-1]) for index, row in enumerate(rows)]
    taken = builders.snapshot(
        vault, {"t": Given(("integer", "integer", "hex"), anew, (0,))}, parent=parent, sizes=ChunkSizes(rows=64)
    )
    assert builders.rows(vault, taken, "t", [1, 2]) == [row[1:] for row in anew]
