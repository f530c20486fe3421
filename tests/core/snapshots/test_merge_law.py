"""Laws of the three-way merge, against a merge of dictionaries, on versions that a vault stores in chunks."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from headwater.core.snapshots.row_merge import Choice, RowConflict
from headwater.core.snapshots.table_merge import TableMerge
from headwater.vault.chunker import ChunkSizes
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault
from suite.profiles import examples
from vault import builders
from vault.builders import Given, Row, snapshot

SIZES = ChunkSizes(rows=16)
HINTS = ("integer", "text", "text")
Rows = dict[int, Row]


def edited(rows: Rows, source: random.Random) -> Rows:
    """Some rows changed, removed and added, in one part of the table or everywhere."""
    result, span = dict(rows), source.choice((5, 40, 400))
    start = source.randrange(400)
    for _ in range(source.choice((0, 1, 5, 60))):
        number = (start + source.randrange(span)) % 400
        old = result.get(number, (b"%d" % number, b"new", b"new"))
        if source.random() < 0.2:
            result.pop(number, None)
        else:
            at = source.choice((1, 2))
            result[number] = (*old[:at], source.choice((None, b"", b"x", b"y%d" % number)), *old[at + 1 :])
    return dict(sorted(result.items()))


def merged_cell(base: Any, ours: Any, theirs: Any) -> tuple[Any, bool]:
    """The cell of the reference, and True if it is a conflict."""
    if ours in (base, theirs):
        return theirs, False
    return ours, theirs != base


def reference(base: Rows, ours: Rows, theirs: Rows, choice: Choice) -> tuple[Rows, set[int]]:
    """The merge of three dictionaries, with the keys of the conflicts; `choice` wins each of them."""
    result, conflicts = {}, set()
    for number in sorted({*base, *ours, *theirs}):
        old, mine, new = base.get(number), ours.get(number), theirs.get(number)
        chosen = mine if choice == "ours" else new
        if mine == new or new == old:
            chosen = mine
        elif mine == old:
            chosen = new
        elif old is None or mine is None or new is None:
            conflicts.add(number)
        else:
            cells = [merged_cell(*values) for values in zip(old, mine, new, strict=True)]
            conflicts |= {number} if any(conflict for _, conflict in cells) else set()
            chosen = tuple(
                new[at] if conflict and choice == "theirs" else cell for at, (cell, conflict) in enumerate(cells)
            )
        if chosen is not None:
            result[number] = chosen
    return result, conflicts


def stored(vault: Vault, rows: Rows, parent: Manifest | None) -> Manifest:
    return snapshot(vault, {"t": Given(HINTS, list(rows.values()), (0,))}, sizes=SIZES, parent=parent)


def table_merge(vault: Vault, base: Manifest, ours: Manifest, theirs: Manifest) -> TableMerge:
    return TableMerge(vault, *(side.tables[0] for side in (base, ours, theirs)))


def listed(batch: Any) -> list[Row]:
    return [tuple(row.values()) for row in batch.to_pylist()]


def applied(ours: Rows, merge: TableMerge, choice: Choice | None = None) -> tuple[Rows, list[RowConflict]]:
    """The rows after the changes of a merge, each of which must change a row that is there as it says."""
    result, conflicts = dict(ours), []
    for part in merge.parts(lambda _: choice):
        for row in (*listed(part.removed), *listed(part.before)):
            assert result.pop(int(row[0] or b"")) == row
        for row in (*listed(part.after), *listed(part.added)):
            assert result.setdefault(int(row[0] or b""), row) == row
        conflicts += part.conflicts
    return dict(sorted(result.items())), conflicts


@pytest.mark.parametrize("seed", range(examples(60)))
def test_merge_is_the_merge_of_dictionaries(seed: int, tmp_path: Path) -> None:
    source = random.Random(seed)
    vault = builders.vault(tmp_path)
    base = {n: (b"%d" % n, b"v", b"w") for n in range(400) if source.random() < 0.8}
    ours, theirs = edited(base, source), edited(base, source)
    first = stored(vault, base, None)
    sides = [stored(vault, rows, source.choice((None, first))) for rows in (ours, theirs)]
    merge = table_merge(vault, first, *sides)
    _, conflicts = applied(ours, merge)
    names = [conflict.identity for conflict in conflicts]
    choice: Choice
    for choice in ("ours", "theirs"):
        expected, keys = reference(base, ours, theirs, choice)
        result, again = applied(ours, merge, choice)
        assert result == expected
        assert {int(name) for name in names} == keys == {int(conflict.identity) for conflict in again}
        # Idempotence: once the result is in the target, nothing is left to do, and no choice to be made again.
        again_merge = table_merge(vault, first, stored(vault, result, None), sides[1])
        left, repeated = applied(result, again_merge, choice)
        assert left == result
        assert {conflict.fingerprint for conflict in repeated} <= {conflict.fingerprint for conflict in conflicts}
    # Commutativity: the other way around, the other side wins the conflicts.
    swapped = table_merge(vault, first, *reversed(sides))
    assert applied(theirs, swapped, "ours")[0] == expected


@pytest.mark.parametrize("seed", range(examples(10)))
def test_merge_with_itself_and_with_no_changes_changes_nothing(seed: int, tmp_path: Path) -> None:
    source = random.Random(seed)
    vault = builders.vault(tmp_path)
    base = {n: (b"%d" % n, b"v", b"w") for n in range(300)}
    ours = edited(base, source)
    first, second = stored(vault, base, None), stored(vault, ours, None)
    for theirs in (first, second):
        assert applied(ours, table_merge(vault, first, second, theirs)) == (ours, [])
    assert applied(base, table_merge(vault, first, first, second)) == (ours, [])


def test_rows_before_the_first_key_of_a_followed_table_are_merged_once(tmp_path: Path) -> None:
    """A snapshot that follows another one keeps the first key of the first chunk, though it has rows before it."""
    vault = builders.vault(tmp_path)
    every = {n: (b"%03d" % n, b"v", b"w") for n in range(400)}
    natural = int(list(vault.table(stored(vault, every, None).tables[0]).chunks())[1].first[-3:])
    base = {n: row for n, row in every.items() if n >= natural}
    changed = every | {399: (b"399", b"changed", b"w")}
    first, theirs = stored(vault, base, None), stored(vault, changed, None)
    added = [row for n, row in every.items() if n < natural]
    following = builders.followed(vault, first, Given(HINTS, list(every.values()), (0,)), added, SIZES)
    assert applied(every, table_merge(vault, first, following, theirs)) == (changed, [])
