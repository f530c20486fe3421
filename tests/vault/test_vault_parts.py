"""Codecs, trees, packs, keys, manifests and leases, each separately."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from headwater.kit.errors import Conflict, NotFound
from headwater.testing.vaults import FaultyBlobs
from headwater.vault import codecs, keys, leases, manifest, packs, tree
from headwater.vault.codecs import Codec
from headwater.vault.errors import Damaged, Locked, Missing, StorageFull, StorageUnavailable
from headwater.vault.keys import Keys, KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.packs import LEAF, PAGE, PackReader, PackWriter, Ref
from headwater.vault.tree import ChunkRef, LeafRef
from headwater.vault.vault import Vault
from suite.profiles import examples
from vault import builders

REAL_COST = keys._COST  # before the tests make it cheap
CODECS = [Codec(name, level) for name, levels in codecs.LEVELS.items() for level in {levels[0], levels[-1]}]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: f"{codec.name}-{codec.level}")
@settings(max_examples=examples(30), deadline=None)
@given(
    some.one_of(some.binary(max_size=2000), some.binary(min_size=1, max_size=50).map(lambda element: element * 3000))
)
def test_codecs_round_trip(codec: Codec, content: bytes) -> None:
    body = codec.compress(content)
    assert codecs.decompress(body) == content
    assert len(body) <= len(content) + 1
    assert body == codec.compress(content)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: f"{codec.name}-{codec.level}")
def test_codecs_compress_and_detect_damage(codec: Codec) -> None:
    content = b"".join(b"row %d of many;" % number for number in range(5000))
    body = codec.compress(content)
    if codec.name != "none":
        assert len(body) < len(content) / 3
        for broken in (body[:-9], body[:1], body[:1] + b"\xff" * 40):
            with pytest.raises(Damaged):
                codecs.decompress(broken)
    for nonsense in (b"", b"\xff", b"\x63abc"):
        with pytest.raises(Damaged):
            codecs.decompress(nonsense)


@pytest.mark.parametrize(("name", "level"), [("zip", 1), ("zstd", 0), ("zstd", 20), ("gzip", 10), ("lz4", 1)])
def test_unknown_codecs_are_refused(name: Any, level: int) -> None:
    with pytest.raises(ValueError, match=f"no codec {name} {level}"):
        Codec(name, level)


ids = some.binary(min_size=16, max_size=16)
refs = some.builds(
    Ref,
    ids,
    some.sampled_from([bytes([n]) * 16 for n in range(40)]),
    some.integers(0, 2**32 - 1),
    some.integers(0, 2**32 - 1),
)


@settings(max_examples=examples(100), deadline=None)
@given(
    some.integers(0, 5).flatmap(
        lambda columns: some.lists(
            some.builds(
                ChunkRef,
                some.binary(max_size=30),
                some.integers(0, 2**40),
                some.tuples(*[refs] * columns),
                some.lists(refs, max_size=3).map(tuple),
            ),
            min_size=1,
            max_size=12,
        )
    )
)
def test_leaves_round_trip(chunks: list[ChunkRef]) -> None:
    assert tree.decode_leaf(tree.encode_leaf(chunks)) == chunks


@settings(max_examples=examples(100), deadline=None)
@given(some.lists(some.builds(LeafRef, refs, some.binary(max_size=30), some.integers(0, 99), some.integers(0, 2**40))))
def test_roots_round_trip(branches: list[LeafRef]) -> None:
    assert tree.decode_root(tree.encode_root(branches)) == branches


@settings(max_examples=examples(200), deadline=None)
@given(some.data())
def test_arbitrary_bytes_are_damaged_or_a_tree(data: Any) -> None:
    ref = Ref(b"i" * 16, b"p" * 16, 8, 99)
    leaf = tree.encode_leaf([ChunkRef(b"a", 5, (ref, ref)), ChunkRef(b"b", 5, (ref, ref), (ref,))])
    root = tree.encode_root([LeafRef(ref, b"a", 2, 10)])
    for content, decode in ((leaf, tree.decode_leaf), (root, tree.decode_root)):
        changed = bytearray(content)
        changed[data.draw(some.integers(0, len(content) - 1))] = data.draw(some.integers(0, 255))
        reader: Callable[[bytes], object] = decode
        for broken in (bytes(changed), content[: data.draw(some.integers(0, len(content) - 1))]):
            with contextlib.suppress(Damaged):
                reader(broken)


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs")


def written(blobs: Any, keys_: Keys, segments: list[tuple[int, bytes]], target: int = 2000) -> list[Ref]:
    writer = PackWriter(blobs, keys_, lambda *_: None, target)
    try:
        created = [writer.add(kind, secrets.token_bytes(16), body) for kind, body in segments]
        writer.finish()
    finally:
        writer.close()
    return created


def test_segments_round_trip(blobs: LocalBlobs) -> None:
    keys_ = Keys.new()
    segments = [(PAGE, secrets.token_bytes(number * 37 % 900)) for number in range(60)]
    created = written(blobs, keys_, segments)
    reader = PackReader(blobs, keys_)
    assert len({ref.pack for ref in created}) > 5
    assert [reader.segment(kind, ref) for (kind, _), ref in zip(segments, created, strict=True)] == [
        b for _, b in segments
    ]
    mixed = created[::-3] + created[:5] + created[:5]
    by_ref = dict(zip(created, (body for _, body in segments), strict=True))
    assert reader.segments(PAGE, mixed) == [by_ref[ref] for ref in mixed]
    listed = [entry for pack, _ in packs.listed(blobs) for entry in reader.entries(pack)]
    assert {(entry.kind, entry.ref) for entry in listed} == {(PAGE, ref) for ref in created}
    assert dict(packs.listed(blobs)).keys() == {ref.pack for ref in created}


def test_only_packs_are_listed(blobs: LocalBlobs) -> None:
    (ref,) = written(blobs, Keys.new(), [(PAGE, b"x")])
    for name in ("packs/readme", "packs/00/zz", f"packs/00/{'1' * 32}", f"packs/0/{'0' * 32}"):
        blobs.create(name, b"somebody's notes")
    assert [pack for pack, _ in packs.listed(blobs)] == [ref.pack]


def test_segment_is_bound_to_position_kind_pack_and_vault(blobs: LocalBlobs) -> None:
    keys_ = Keys.new()
    result = written(blobs, keys_, [(PAGE, b"a" * 30), (PAGE, b"b" * 30)], target=1)
    reader = PackReader(blobs, keys_)
    left, two = result
    for kind, ref in (
        (LEAF, left),
        (PAGE, dataclasses.replace(left, offset=9)),
        (PAGE, dataclasses.replace(left, length=left.length - 1)),
    ):
        with pytest.raises(Damaged):
            reader.segment(kind, ref)
    with pytest.raises(Damaged):
        PackReader(blobs, Keys.new()).segment(PAGE, left)
    with pytest.raises(Missing):
        reader.segment(PAGE, dataclasses.replace(left, pack=b"x" * 16))
    # One pack in the place of another is told, too.
    other = blobs.read(packs.blob_name(two.pack))
    blobs.delete(packs.blob_name(left.pack))
    blobs.create(packs.blob_name(left.pack), other)
    for call in (lambda: reader.segment(PAGE, left), lambda: reader.entries(left.pack)):
        with pytest.raises(Damaged):
            call()


def test_lost_pack_stops_all_writers(blobs: LocalBlobs) -> None:
    """Several tables write into one pack: whoever hears first that it is lost must not be the only one."""
    faulty = FaultyBlobs(blobs, 0, "full")
    writer = PackWriter(faulty, Keys.new(), lambda *_: None, 100)
    with pytest.raises(StorageFull):
        for _ in range(100):
            writer.add(PAGE, bytes(16), bytes(200))
    for call in (lambda: writer.add(PAGE, bytes(16), b"x"), writer.finish, writer.finish):
        with pytest.raises(StorageFull):
            call()
    writer.close()


def test_incomplete_pack_is_reported(blobs: LocalBlobs) -> None:
    with pytest.raises(Damaged, match="not stored completely"):
        written(FaultyBlobs(blobs, 0, "half"), Keys.new(), [(PAGE, bytes(500))])


def test_many_threads_write_one_pack(blobs: LocalBlobs) -> None:
    keys_, created, lock = Keys.new(), {}, threading.Lock()
    writer = PackWriter(blobs, keys_, lambda *_: None, 5000)

    def work(worker: int) -> None:
        for number in range(100):
            body = b"%d of %d" % (number, worker) * 9
            ref = writer.add(PAGE, bytes(16), body)
            with lock:
                created[ref] = body

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.finish()
    writer.close()
    assert len(created) == 600
    assert dict(zip(created, PackReader(blobs, keys_).segments(PAGE, list(created)), strict=True)) == created


class Service:
    """What a KMS looks like from here."""

    def __init__(self) -> None:
        self.wrapped: dict[bytes, bytes] = {}

    def wrap(self, key: bytes) -> bytes:
        name = secrets.token_bytes(9)
        self.wrapped[name] = key
        return name

    def unwrap(self, wrapped: bytes) -> bytes:
        if wrapped not in self.wrapped:
            raise ValueError("not ours")
        return self.wrapped[wrapped]


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_COST", 2**8)


def openers() -> list[KeySource]:
    return [KeySource.passphrase("correct horse"), KeySource.key(b"k" * 32), KeySource.of(Service())]


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("kind", range(3))
def test_slot_opens_only_with_its_key(blobs: LocalBlobs, kind: int) -> None:
    right, wrong = (
        openers()[kind],
        [KeySource.passphrase("correct hors"), KeySource.key(b"l" * 32), KeySource.of(Service())],
    )
    created = Vault.create(blobs, right, "mine")
    assert Vault.open(blobs, right).keys.content == created.keys.content
    for opener in wrong:
        with pytest.raises(Locked) as raised:
            Vault.open(blobs, opener)
        assert "horse" not in f"{raised.value} {raised.value.hint} {opener!r}"


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("kind", range(3))
def test_slot_is_bound_to_its_vault(blobs: LocalBlobs, tmp_path: Path, kind: int) -> None:
    """A slot carried into another vault opens nothing, whoever wrapped it: the wrong key would write what nobody reads."""
    opener = openers()[kind]
    here, there = Vault.create(blobs, opener), Vault.create(LocalBlobs(tmp_path / "there"), opener)
    for blob in list(there.blobs.list(keys.SLOTS)):
        blobs.create(blob.name, there.blobs.read(blob.name))
    for blob in list(blobs.list(keys.SLOTS)):
        if there.blobs.find(blob.name) is None:
            blobs.delete(blob.name)
    assert here.id != there.id
    with pytest.raises(Locked):
        Vault.open(blobs, opener)


@pytest.mark.usefixtures("cheap")
def test_key_rotation(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    taken = builders.snapshot(vault, {"t": builders.Given(("text",), [(b"kept",)])})
    before = builders.content(vault)
    (old,) = keys.slots(vault.blobs)
    new = keys.add_slot(vault.blobs, vault.id, vault.keys, KeySource.passphrase("next year's"), "2027")
    assert keys.slots(vault.blobs)[new].label == "2027"
    for opener in (builders.KEY, KeySource.passphrase("next year's")):
        assert builders.rows(Vault.open(vault.blobs, opener), taken, "t") == [(b"kept",)]
    keys.remove_slot(vault.blobs, old)
    with pytest.raises(Locked):
        Vault.open(vault.blobs, builders.KEY)
    assert builders.rows(Vault.open(vault.blobs, KeySource.passphrase("next year's")), taken, "t") == [(b"kept",)]
    with pytest.raises(Conflict, match="last key slot"):
        keys.remove_slot(vault.blobs, new)
    with pytest.raises(NotFound) as raised:
        keys.remove_slot(vault.blobs, old)
    assert new in str(raised.value.hint)
    after = builders.content(vault)
    assert {name: data for name, data in after.items() if not name.startswith(keys.SLOTS)} == {
        name: data for name, data in before.items() if not name.startswith(keys.SLOTS)
    }


@pytest.mark.usefixtures("cheap")
def test_damaged_slot_is_ignored(blobs: LocalBlobs) -> None:
    created = Vault.create(blobs, KeySource.key(b"k" * 32))
    (good,) = keys.slots(blobs)
    for name, data in (("bad", b"\xc1 nonsense"), ("empty", b"")):
        blobs.create(keys.SLOTS + name, data)
    assert Vault.open(blobs, KeySource.key(b"k" * 32)).id == created.id
    assert sorted(keys.damaged_slots(blobs)) == ["bad", "empty"]
    with pytest.raises(Conflict):
        keys.remove_slot(blobs, good)
    with pytest.raises(Damaged):
        Vault.open(blobs, KeySource.key(b"l" * 32))
    keys.remove_slot(blobs, "bad")
    keys.remove_slot(blobs, "empty")
    with pytest.raises(Locked):
        Vault.open(blobs, KeySource.key(b"l" * 32))


def test_slot_with_excessive_cost_is_rejected(blobs: LocalBlobs) -> None:
    created = Vault.create(blobs, KeySource.key(b"k" * 32))
    dear = keys.Slot("passphrase", bytes(60), "", bytes(16), 2**31)
    blobs.create(keys.SLOTS + "dear", msgspec.msgpack.encode(dear))
    with pytest.raises(Locked):
        keys.unlock(blobs, created.id, KeySource.passphrase("x"))


def test_passphrase_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_COST", REAL_COST)
    slot = Keys.new().slot(KeySource.passphrase("x"), "vault", "")
    assert slot.cost >= 2**17
    assert Keys.opened(slot, KeySource.passphrase("x"), "vault")
    assert Keys.opened(slot, KeySource.passphrase("x"), "other") is None


def test_concurrent_creation_gives_one_vault(blobs: LocalBlobs) -> None:
    start, created = threading.Barrier(8), []

    def make() -> None:
        start.wait()
        created.append(Vault.create(blobs, KeySource.key(b"k" * 32)))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({item.id for item in created}) == 1
    assert len({item.keys.content for item in created}) == 1
    assert len(keys.slots(blobs)) == 1


def test_newer_or_missing_vault_is_reported(blobs: LocalBlobs) -> None:
    with pytest.raises(Missing):
        Vault.open(blobs, builders.KEY)
    blobs.create("config", b'{"version":99,"id":"x","created":"2026-11-21T00:00:00Z"}')
    with pytest.raises(Damaged, match="newer"):
        Vault.open(blobs, builders.KEY)
    blobs.delete("config")
    blobs.create("config", b"not json")
    with pytest.raises(Damaged):
        Vault.open(blobs, builders.KEY)


def example(id_: str, **more: Any) -> manifest.Manifest:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    return manifest.Manifest(id=id_, database="shop", started=moment, finished=moment, engine="test", **more)


def test_manifest_is_bound_to_name_and_key(blobs: LocalBlobs) -> None:
    keys_ = Keys.new()
    item = example("one", label="before the rename", extras={"roles": ["a"]}, moment={"lsn": "0/16B"})
    manifest.commit(blobs, keys_, item)
    assert manifest.read(blobs, keys_, "one") == item
    assert manifest.names(blobs) == ["one"]
    blobs.create("snapshots/two", blobs.read("snapshots/one"))
    with pytest.raises(Damaged):
        manifest.read(blobs, keys_, "two")
    with pytest.raises(Damaged):
        manifest.read(blobs, Keys.new(), "one")
    with pytest.raises(Missing):
        manifest.read(blobs, keys_, "three")
    with pytest.raises(Damaged, match="a different snapshot"):
        manifest.commit(blobs, keys_, example("one", label="other"))
    assert manifest.read(blobs, keys_, "one") == item
    manifest.delete(blobs, "one")
    assert manifest.names(blobs) == ["two"]


def test_changed_byte_of_manifest_is_detected(blobs: LocalBlobs) -> None:
    keys_ = Keys.new()
    manifest.commit(blobs, keys_, example("one"))
    data = blobs.read("snapshots/one")
    for index in range(len(data)):
        changed = bytearray(data)
        changed[index] ^= 1 << index % 8
        blobs.delete("snapshots/one")
        blobs.create("snapshots/one", bytes(changed))
        with pytest.raises(Damaged):
            manifest.read(blobs, keys_, "one")
    for cut in (0, 5, 8, 19, 20, 35, len(data) - 1):
        blobs.delete("snapshots/one")
        blobs.create("snapshots/one", data[:cut])
        with pytest.raises(Damaged):
            manifest.read(blobs, keys_, "one")


def test_newer_manifest_is_rejected(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    manifest.commit(vault.blobs, vault.keys, example("one", version=99))
    with pytest.raises(Damaged, match="newer"):
        vault.manifest("one")


def test_leases_hold_until_released_or_expired(blobs: LocalBlobs) -> None:
    keys_ = Keys.new()
    snapshot = leases.take(blobs, keys_, "s1", [b"a" * 16, b"b" * 16])
    two = leases.take(blobs, keys_, "s2", [])
    now = datetime.now(UTC)
    leased = leases.leased_packs(blobs, keys_, now)
    first, second = blobs.find(snapshot), blobs.find(two)
    assert first and second
    assert (leased.packs, leased.since, leased.ended) == ({b"a" * 16, b"b" * 16}, first.modified, [])
    later = leases.leased_packs(blobs, keys_, now + timedelta(hours=25))
    assert (later.packs, later.since, sorted(later.ended)) == (set(), None, sorted([snapshot, two]))
    leases.release(blobs, snapshot)
    leases.check(blobs, two)
    with pytest.raises(Conflict, match="too long"):
        leases.check(blobs, snapshot)
    blobs.delete(two)
    blobs.create(two, b"what is this")
    assert leases.leased_packs(blobs, keys_, now).unread == [two]
    leases.release(FaultyBlobs(blobs, 0), two)  # its store does not answer: age will do
    with pytest.raises(StorageUnavailable):
        leases.check(FaultyBlobs(blobs, 0), two)
