"""Catching up: rows that changed while a table was read are re-read, and unchanged pages are reused."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headwater.core.snapshots import catch_up
from headwater.engines import SnapshotColumn, SnapshotTable
from headwater.vault import manifest as manifests
from headwater.vault.chunker import ChunkSizes
from headwater.vault.keys import KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.manifest import Manifest, ManifestColumn
from headwater.vault.snapshot_writer import TableShape, TableWriter
from headwater.vault.vault import Vault

TABLE = SnapshotTable(None, "t", (SnapshotColumn("id", "x"), SnapshotColumn("v", "x")), (0,))
COLUMNS = (ManifestColumn("id", "x", "text"), ManifestColumn("v", "x", "text"))
SHAPE = TableShape(("text", "text"), (0,))
Rows = dict[bytes, bytes]


def batch(rows: Rows) -> Any:
    return pa.RecordBatch.from_arrays([pa.array(list(item), pa.binary()) for item in (rows, rows.values())], ["0", "1"])


class Moving:
    """A snapshot reader whose rows change at random while they are read."""

    def __init__(self, rows: Rows, seed: int, passes: int) -> None:
        self.rows, self._chance, self._passes = rows, random.Random(seed), passes

    def is_consistent(self) -> bool:
        return self._passes == 0

    def changes_since_read(self) -> Iterator[tuple[SnapshotTable, Any, Any]]:
        self._passes -= 1
        for _ in range(self._chance.randrange(1, 4)):
            changed: Rows = {}
            gone = self._chance.sample(sorted(self.rows), min(len(self.rows), self._chance.choice([0, 3, 300])))
            for _ in range(self._chance.choice([0, 5, 700])):
                id_ = b"%06d" % self._chance.randrange(20_000)
                changed[id_] = b"%d" % self._chance.randrange(1000)
            gone = [item for item in gone if item not in changed]
            for item in gone:
                del self.rows[item]
            self.rows |= changed
            yield TABLE, batch(changed), pa.array([*gone, b"never there"], pa.binary())


@pytest.mark.parametrize("seed", range(12))
def test_table_has_the_rows_of_the_last_read(tmp_path: Path, seed: int) -> None:
    """Property: after any sequence of changes, the snapshot has the rows of the last read."""
    vault = Vault.create(LocalBlobs(tmp_path), KeySource.passphrase("x"))
    chance = random.Random(seed)
    rows = {b"%06d" % (number * 2): b"%d" % number for number in range(chance.choice([0, 10, 6000]))}
    dump = Moving(dict(rows), seed, chance.randrange(1, 8))
    with vault.write_snapshot("one", sizes=ChunkSizes(256)) as writing:
        written = TableWriter(writing.ink, SHAPE).write([batch(rows)])
        before = manifests.table(None, "t", COLUMNS, (0,), written, {"kept": True})

        def writer(table: SnapshotTable, known: Any) -> TableWriter:
            assert table == TABLE
            return TableWriter(writing.ink, SHAPE, known)

        (created,), read = catch_up.catch_up(dump, vault, writing, [before], writer)
        moment = datetime.now(UTC)
        vault.commit(
            writing,
            Manifest(
                id="one",
                database="d",
                label="",
                started=moment,
                finished=moment,
                parent=None,
                engine="x",
                product="x",
                moment={},
                schema="{}",
                extras={},
                tables=(created,),
                codec="zstd",
                level=3,
            ),
        )
    assert read > 0
    with ThreadPoolExecutor(1) as threads:
        batches = list(vault.table(created).rows(threads))
    result = [pair for batch in batches for pair in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
    assert len(result) == len(dict(result)) == created.rows
    assert dict(result) == dump.rows
    assert created.facts == {"kept": True}
    assert created.new >= before.new or not rows
