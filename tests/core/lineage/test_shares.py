"""Scans that share their work through a cache: the same result, nothing done twice, and an end when one is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.lineage import pipeline
from headwater.core.lineage.cache import NoCache, remembered
from headwater.core.lineage.pool import map_batches
from headwater.core.lineage.result import ScanResult
from headwater.core.lineage.shares import WorkShare
from headwater.kit.errors import Cancelled

FILES = 90


class MemoryCache:
    """A cache that several threads share."""

    def __init__(self, entries: dict[bytes, bytes], share: WorkShare | None = None) -> None:
        self.entries, self.share, self.stored = entries, share, 0

    def get_many(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        return {key: self.entries[key] for key in keys if key in self.entries}

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        self.stored += len(entries)
        for key, value in entries.items():
            self.entries.setdefault(key, value)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("code")
    models = ["from sqlalchemy import Column, Integer, String\nfrom sqlalchemy.orm import declarative_base\n"]
    models.append("Base = declarative_base()\n")
    for n in range(FILES):
        columns = "id = Column(Integer, primary_key=True)\n    name = Column(String)"
        models.append(f"class Model{n}(Base):\n    __tablename__ = 't{n}'\n    {columns}\n")
        uses = f"from models import Model{n}\n\ndef of_{n}(session, wanted):\n"
        uses += f"    return [row.name for row in session.query(Model{n}).filter(Model{n}.name == wanted)]\n"
        (folder / f"use_{n}.py").write_text(uses)
    (folder / "models.py").write_text("\n".join(models))
    return folder


def plain(result: ScanResult) -> ScanResult:
    return msgspec.structs.replace(result, seconds=0.0, phase_seconds={})


@given(st.integers(0, 60), st.integers(1, 6), st.data())
def test_every_worker_does_all_batches_and_its_own_part_first(count: int, parts: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, parts - 1))
    order = WorkShare(part, parts).order(range(count))
    assert sorted(order) == list(range(count))
    own = range(count * part // parts, count * (part + 1) // parts)
    assert order[: len(own)] == list(own)


def test_parts_together_are_everything_once() -> None:
    firsts = [WorkShare(part, 3).order(range(10)) for part in range(3)]
    sizes = [3, 3, 4]
    assert sorted(n for order, size in zip(firsts, sizes, strict=True) for n in order[:size]) == list(range(10))


@pytest.mark.parametrize("parts", [2, 3])
def test_scans_at_the_same_time_give_what_one_gives(code: Path, parts: int) -> None:
    alone = plain(pipeline.scan(code, cache=NoCache(), processes=1))
    assert len(alone.usages) > FILES
    entries: dict[bytes, bytes] = {}
    helpers = [MemoryCache(entries, WorkShare(part, parts)) for part in range(1, parts)]
    threads = [
        threading.Thread(target=pipeline.assist, args=(code,), kwargs={"cache": cache, "processes": 1})
        for cache in helpers
    ]
    for thread in threads:
        thread.start()
    together = plain(pipeline.scan(code, cache=MemoryCache(entries, WorkShare(0, parts)), processes=1))
    for thread in threads:
        thread.join()
    assert together == alone


def test_scan_after_a_complete_helper_computes_nothing(code: Path) -> None:
    entries: dict[bytes, bytes] = {}
    pipeline.assist(code, cache=MemoryCache(entries, WorkShare(1, 2)), processes=1)
    cache = MemoryCache(entries, WorkShare(0, 2))
    result = pipeline.scan(code, cache=cache, processes=1)
    assert cache.stored <= 1, "only the endpoints, which no helper computes"
    assert plain(result) == plain(pipeline.scan(code, cache=NoCache(), processes=1))


def test_helper_that_is_told_to_end_leaves_only_correct_entries(code: Path) -> None:
    complete: dict[bytes, bytes] = {}
    pipeline.scan(code, cache=MemoryCache(complete), processes=1)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise Cancelled

    entries: dict[bytes, bytes] = {}
    with pytest.raises(Cancelled):
        pipeline.assist(code, cache=MemoryCache(entries, WorkShare(1, 2, check)), processes=1)
    assert entries
    assert entries.keys() < complete.keys()
    half = plain(pipeline.scan(code, cache=MemoryCache(entries), processes=1))
    assert half == plain(pipeline.scan(code, cache=NoCache(), processes=1))


def test_batch_that_another_worker_has_done_meanwhile_is_left_out() -> None:
    done_elsewhere = {"b", "c"}
    asked: list[list[str]] = []

    def unknown(batch: list[str]) -> list[str]:
        asked.append(batch)
        return [item for item in batch if item not in done_elsewhere]

    work = map_batches(list, ["a", "b", "c", "d"], lambda _: 10**6, processes=1, share=WorkShare(0, 1), unknown=unknown)
    assert [batch for batch, _ in work] == [["a"], ["d"]]
    assert asked == [["a"], ["b"], ["c"], ["d"]]


def test_remembered_values_of_another_worker_are_not_computed() -> None:
    keys = {str(n): b"%d" % n for n in range(100)}
    cache = MemoryCache({}, WorkShare(0, 1))
    computed: list[str] = []

    def compute(items: list[str]) -> dict[str, bytes]:
        computed.extend(items)
        cache.entries.update({keys[str(n)]: b"elsewhere" for n in range(60, 100)})  # while this batch is computed
        return dict.fromkeys(items, b"here")

    values = remembered(cache, keys, compute)
    assert computed == [str(n) for n in range(40)] + [str(n) for n in range(40, 60)]
    assert list(values) == list(keys)
    assert [values[str(n)] for n in (0, 59, 60, 99)] == [b"here", b"here", b"elsewhere", b"elsewhere"]
