"""Storage that fails at any call, and changed bytes: no incomplete snapshot, no wrong row, and a retry works."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from headwater.kit.errors import HeadwaterError
from headwater.testing.vaults import FAULTS, Fault, FaultyBlobs, MemoryBlobs
from headwater.vault import garbage_collection, leases, manifest, packs, verification
from headwater.vault.chunker import ChunkSizes
from headwater.vault.codecs import Codec
from headwater.vault.deltas import Delta
from headwater.vault.keys import KeySource
from headwater.vault.manifest import Manifest
from headwater.vault.snapshot_writer import TableShape, TableWriter
from headwater.vault.vault import Vault
from suite.profiles import rounds
from vault import builders
from vault.builders import Given, Row

SMALL = ChunkSizes(rows=32)
DAMAGES = rounds("DAMAGES", 1050, quick=210)


def rows_(seed: int) -> list[Row]:
    chance = random.Random(seed)
    return [
        (b"%d" % index, chance.choice([b"new", b"paid", None]), chance.randbytes(9).hex().encode())
        for index in range(80)
    ]


def given_(seed: int) -> dict[str, Given]:
    same = rows_(1)
    changed = [row if index % 50 else rows_(seed)[index] for index, row in enumerate(same)]
    return {
        "orders": Given(("integer", "text", "hex"), changed, (0,)),
        "notes": Given(("text",), rows_(seed)[:9] and [(b"a",)]),
    }


def restored(vault: Vault, id_: str) -> dict[str, list[Row]]:
    taken = vault.manifest(id_)
    return {table.name: builders.rows(vault, taken, table.name) for table in taken.tables}


def wanted(tables: dict[str, Given]) -> dict[str, list[Row]]:
    return {name: list(element.rows) for name, element in tables.items()}


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from-then-on"])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_every_call_of_a_snapshot(fault: Fault, lasting: bool) -> None:
    """The call fails once and for all: a clean error or success; the old snapshot restores; a retry works."""
    base = MemoryBlobs()
    parent = builders.snapshot(Vault.create(base, builders.KEY), given_(1), sizes=SMALL)
    at = failures = 0
    while True:
        blobs = MemoryBlobs(base.content)
        vault = Vault.open(blobs, builders.KEY)
        faulty = FaultyBlobs(blobs, at, fault, lasting=lasting)
        try:
            before = Vault(faulty, vault.config, vault.keys)
            builders.snapshot(
                before, given_(2), parent=before.manifest(parent.id), sizes=SMALL, id_="second", threads=1
            )
        except HeadwaterError as error:
            failures += 1
            assert error.message
        else:
            assert "second" in vault.snapshots()
        there = [
            snapshot for snapshot in vault.snapshots() if blobs.content[f"snapshots/{snapshot}"] != b"somebody else's"
        ]
        assert parent.id in there
        for item in there:  # if it is there in spite of an error, because the answer was lost, it is whole
            assert restored(vault, item) == wanted(given_(1 if item == parent.id else 2))
        assert verification.deep(vault, there).sound
        third = builders.snapshot(vault, given_(3), parent=vault.manifest(parent.id), sizes=SMALL)
        assert restored(vault, third.id) == wanted(given_(3))
        if not faulty.failed:
            break
        at += 1
    assert at > 10
    assert failures >= {"slow": 0, "taken": 4}.get(fault, 7)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_every_call_of_create_and_open(fault: Fault) -> None:
    at = 0
    while True:
        blobs = MemoryBlobs()
        faulty = FaultyBlobs(blobs, at, fault)
        try:
            created = Vault.create(faulty, builders.KEY)
        except HeadwaterError:
            if not blobs.content.get("config", b"{").startswith(b"{") or fault == "half":
                at += 1  # the place is spoilt, which was told
                continue
            created = Vault.create(blobs, builders.KEY)
        taken = builders.snapshot(Vault(blobs, created.config, created.keys), given_(1))
        assert restored(Vault.open(blobs, builders.KEY), taken.id) == wanted(given_(1))
        if not faulty.failed:
            break
        at += 1
    assert at >= 4


def with_all_kinds() -> tuple[MemoryBlobs, dict[str, dict[str, list[Row]]]]:
    """Return a vault with every kind of blob and segment, and the contents of its snapshots."""
    blobs = MemoryBlobs()
    vault = Vault.create(blobs, builders.KEY)
    tables = given_(1) | {"large": Given(("text",), [(random.Random(5).randbytes(1500),)])}
    element = builders.snapshot(vault, tables, sizes=SMALL)
    two = builders.snapshot(vault, given_(2), parent=element, sizes=SMALL, codec=Codec("none", 0))
    before = next(table for table in two.tables if table.name == "orders")
    with vault.write_snapshot("third", parent=two) as writing:
        reader = vault.table(before)
        writer = TableWriter(writing.ink, TableShape(("integer", "text", "hex"), (0,)), reader.parent())
        chunks = list(reader.chunks())
        large = max(chunks, key=lambda chunk: chunk.rows)  # borders hang on the vault's key: some chunks have one row
        for chunk in chunks:
            old = reader.batch(chunk)
            if chunk is not large:
                writer.keep(chunk)
            else:
                changed = tuple(column.slice(0, 2) for column in old.columns[:1]) + tuple(
                    column.slice(1, 2) for column in old.columns[1:]
                )
                writer.change(chunk, Delta(changed, (old.column(0).slice(3, 1),)), chunk.rows - 1)
        written = writer.end()
        vault.commit(
            writing,
            Manifest(
                id="third",
                database="shop",
                started=element.started,
                finished=element.finished,
                engine="test",
                parent=two.id,
                tables=(manifest.table("public", "orders", before.columns, before.key, written),),
            ),
        )
    leases.take(blobs, vault.keys, "a writer at work", [])
    blobs.create("gc/0000", b"HWGONE\x00\x01" + bytes(32))
    return blobs, {snapshot: restored(vault, snapshot) for snapshot in vault.snapshots()}


def damages(content: dict[str, bytes], count: int) -> Iterator[tuple[str, bytes]]:
    """Yield blobs with a flipped bit, overwritten bytes, a truncated end or appended bytes, for every blob."""
    chance = random.Random(20261121)
    names = sorted(content)
    for number in range(count):
        name = (
            names[number % len(names)]
            if number % 2
            else chance.choice([name for name in names if name.startswith("packs/")])
        )
        data = bytearray(content[name])
        location = chance.randrange(len(data))
        kind = chance.randrange(8)
        if kind < 5:
            data[location] ^= 1 << chance.randrange(8)
        elif kind == 5:
            data[location : location + 16] = chance.randbytes(len(data[location : location + 16]))
        elif kind == 6:
            data = data[:location]
        else:
            data += chance.randbytes(chance.randrange(1, 30))
        if bytes(data) != content[name]:
            yield name, bytes(data)


def test_every_changed_byte_is_detected() -> None:
    """Verification finds every damage that affects a snapshot; reading fails or returns the same rows as were written."""
    blobs, truth = with_all_kinds()
    assert len(truth) == 3
    kinds = {kind for pack, _ in packs.listed(blobs) for kind in kinds_in(blobs, pack)}
    assert kinds == {packs.PAGE, packs.DELTA, packs.LEAF, packs.ROOT}
    done = output = 0
    touched: set[str] = set()
    for name, data in damages(blobs.content, DAMAGES):
        done += 1
        touched.add(name.split("/")[0])
        broken = MemoryBlobs({**blobs.content, name: data})
        try:
            vault = Vault.open(broken, builders.KEY)
        except HeadwaterError:
            output += 1
            assert name.startswith(("config", "keys/"))
            continue
        result = verification.deep(vault, threads=1)
        if name.startswith(("packs/", "snapshots/")):
            assert not result.sound, name
            output += 1
        for snapshot in truth:
            for table in truth[snapshot]:
                try:
                    rows = read(vault, snapshot, table)
                except HeadwaterError:
                    assert not result.sound
                else:
                    assert rows == truth[snapshot][table], (name, snapshot, table)
    assert touched == {"config", "keys", "packs", "snapshots", "leases", "gc"}
    assert done >= 0.95 * DAMAGES
    assert output > 0.6 * done


def read(vault: Vault, snapshot: str, name: str) -> list[Row]:
    """Return rows as `builders.rows`, without threads, which take longer than so few rows."""
    reader = vault.table(next(table for table in vault.manifest(snapshot).tables if table.name == name))
    result = [reader.batch(chunk) for chunk in reader.chunks()]
    return [row for batch in result for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]


def kinds_in(blobs: MemoryBlobs, pack: bytes) -> set[int]:
    return {entry.kind for entry in Vault.open(blobs, builders.KEY).packs.entries(pack)}


CANARIES = {
    "row": b"canary-in-a-row-4711",
    "table": b"canary_table",
    "column": b"canary_column",
    "passphrase": b"canary passphrase",
    "label": b"canary label",
    "database": b"canary_database",
    "statement": b"CREATE ROLE canary_role",
    "engine's fact": b"canary-fact",
    "key": b"canary key, 32 bytes and no less",
}


def test_nothing_can_be_read_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from headwater.vault import keys

    monkeypatch.setattr(keys, "_COST", 2**8)
    blobs = MemoryBlobs()
    vault = Vault.create(blobs, KeySource.passphrase(CANARIES["passphrase"].decode()))
    keys.add_slot(blobs, vault.id, vault.keys, KeySource.key(CANARIES["key"]), "")
    text: Any = lambda name: CANARIES[name].decode()  # noqa: E731
    first: Manifest | None = None
    for number in range(2):
        rows: list[Row] = [(CANARIES["row"], b"%d" % (number * index)) for index in range(500)]
        id_ = f"snapshot-{number}"
        with vault.write_snapshot(id_, codec=Codec("none", 0), parent=first) as writing:
            old = vault.table(first.tables[0]).parent() if first else None
            written = TableWriter(writing.ink, TableShape(("text", "text"), (1,)), old).write(
                builders.batches(Given(("text", "text"), rows))
            )
            columns = [manifest.ManifestColumn(text("column"), "text"), manifest.ManifestColumn("b", "text")]
            first = Manifest(
                id=id_,
                database=text("database"),
                label=text("label"),
                started=vault.config.created,
                finished=vault.config.created,
                engine="test",
                schema=CANARIES["table"],
                extras={"roles": [text("statement")]},
                tables=(
                    manifest.table("public", text("table"), columns, (1,), written, {"fact": text("engine's fact")}),
                ),
            )
            vault.commit(writing, first)
            leases.take(blobs, vault.keys, id_, list(first.packs))
    vault.delete("snapshot-0")
    garbage_collection.collect(vault)
    assert {name.split("/")[0] for name in blobs.content} == {"config", "keys", "packs", "snapshots", "leases"}
    secrets = {**CANARIES, "master": vault.keys._master, "content key": vault.keys.content}
    for name, data in blobs.content.items():
        for what, canary in secrets.items():
            for spelled in (canary, canary.hex().encode(), canary[::-1]):
                assert spelled not in data, f"{what} in {name}"
            assert canary.decode("latin-1") not in name
    displayed = f"{vault.keys!r} {vault.keys} {KeySource.key(CANARIES['key'])!r} {vars(vault)!r}"
    assert "canary" not in displayed
    assert builders.rows(vault, vault.manifest("snapshot-1"), text("table"))[3] == (CANARIES["row"], b"3")
