"""Pass 2, facts: each source file at most once through its language, in processes, cached by content."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from headwater.catalog import facts
from headwater.core.lineage.cache import Cache, key_of
from headwater.core.lineage.pool import map_batches
from headwater.languages import by_name
from headwater.readers import SourceFile


class Extracted(msgspec.Struct, frozen=True, array_like=True):
    """The encoded facts of one file, with its cache key and the number of places that did not parse."""

    path: str
    key: bytes
    data: bytes
    errors: int


def extract(
    sources: Sequence[SourceFile],
    cache: Cache,
    *,
    processes: int | None = None,
    on_bytes: Callable[[int], None] = lambda done: None,
) -> dict[str, Extracted]:
    """Return the facts of every source file whose language is supported, by path.

    Args:
        sources: the files that intake let through.
        cache: facts known from earlier scans; new ones are added.
        processes: upper bound of worker processes.
        on_bytes: called with the number of source bytes done so far; may raise to stop.
    """
    code = [source for source in sources if source.language in by_name()]
    keys = {source.path: key_of("facts", source.path.encode(), source.source) for source in code}
    known = cache.get_many(keys.values())
    found = {s.path: _known(s.path, keys[s.path], known[keys[s.path]]) for s in code if keys[s.path] in known}
    todo = [source for source in code if source.path not in found]
    done = sum(len(source.source) for source in code if source.path in found)
    for batch, results in map_batches(_lower, todo, lambda s: len(s.source), processes=processes):
        fresh = {keys[path]: data for path, data, _ in results}
        cache.put_many(fresh)
        found.update({path: Extracted(path, keys[path], data, errors) for path, data, errors in results})
        done += sum(len(source.source) for source in batch)
        on_bytes(done)
    return found


def _known(path: str, key: bytes, data: bytes) -> Extracted:
    return Extracted(path, key, data, facts.decode(data).errors)


def _lower(batch: list[SourceFile]) -> list[tuple[str, bytes, int]]:
    modules = [by_name()[source.language].facts(source.path, source.source) for source in batch]
    return [(module.path, facts.encode(module), module.errors) for module in modules]
