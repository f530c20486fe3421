"""Checks that rows which are to be deleted are still as they were when that was decided."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from headwater.engines import Batch, RowsDiffer, SnapshotTable


def check_rows(table: SnapshotTable, expected: Batch, current: Iterable[Batch]) -> None:
    """Check that a table has exactly the expected rows under their keys, in any order.

    Args:
        table: the table, which has a key.
        expected: rows with its columns.
        current: what the table has under the keys of these rows, in the format of snapshots.

    Raises:
        RowsDiffer: a row was changed or deleted.
    """
    copies = [part.take(np.arange(part.num_rows)) for part in current]  # readers may reuse the memory of a batch
    existing = pa.concat_batches(copies) if copies else expected.slice(0, 0)
    if _by_key(table, expected) != _by_key(table, existing):
        raise RowsDiffer(
            f"Rows of {table.display_name} were changed or deleted in the meantime.",
            hint="Nothing was changed. Start again.",
        )


def _by_key(table: SnapshotTable, batch: Batch) -> list[pa.Array]:
    names = batch.schema.names
    arrays: list[pa.Array] = batch.sort_by([(names[place], "ascending") for place in table.key]).columns
    return arrays
