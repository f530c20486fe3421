"""Pass 2, facts: each source file is parsed at most once, in worker processes, cached by content."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import msgspec

from headwater.catalog import facts
from headwater.core.lineage.cache import Cache, key_of
from headwater.core.lineage.detection import may_hold_sql
from headwater.core.lineage.pool import map_batches
from headwater.languages import by_name
from headwater.readers import SourceFile


class Extracted(msgspec.Struct, frozen=True, array_like=True):
    """The encoded facts of one file.

    `errors` counts the places that did not parse; `spoken` says that an ORM of the code base supports its language,
    `sql` that it may contain SQL. A file with neither has empty facts.
    """

    path: str
    key: bytes
    data: bytes
    errors: int
    spoken: bool
    sql: bool


def extract(
    sources: Sequence[SourceFile],
    spoken: frozenset[str],
    cache: Cache,
    *,
    routed: Collection[str] = (),
    processes: int | None = None,
    on_bytes: Callable[[int], None] = lambda done: None,
) -> dict[str, Extracted]:
    """Return the facts of every source file in a supported language, by path.

    Args:
        sources: the files that intake let through.
        spoken: the languages in which the code base can declare or use tables.
        cache: facts known from earlier scans; new ones are added.
        routed: the paths of files that declare routes.
        processes: upper bound of worker processes.
        on_bytes: called with the number of source bytes done so far; may raise to stop.
    """
    code = [source for source in sources if source.language in by_name()]
    sql = {source.path for source in code if may_hold_sql(source)}
    others = sql.union(routed)
    wanted = [source for source in code if source.language in spoken or source.path in others]
    keys = {source.path: key_of("facts", source.path.encode(), source.source) for source in code}
    values = cache.get_many(keys[source.path] for source in wanted)
    lowered = {source.path: values[keys[source.path]] for source in wanted if keys[source.path] in values}
    todo = [source for source in wanted if source.path not in lowered]
    done = sum(len(source.source) for source in code) - sum(len(source.source) for source in todo)
    for batch, results in map_batches(_lower, todo, lambda s: len(s.source), processes=processes):
        cache.put_many({keys[path]: value for path, value in results.items()})
        lowered.update(results)
        done += sum(len(source.source) for source in batch)
        on_bytes(done)
    files = (_extracted(s, keys[s.path], lowered.get(s.path), s.language in spoken, s.path in sql) for s in code)
    return {file.path: file for file in files}


def _extracted(source: SourceFile, key: bytes, value: bytes | None, spoken: bool, sql: bool) -> Extracted:
    if value is None:
        empty = facts.Module(source.path, source.language, (), source.source.count(b"\n") + 1)
        return Extracted(source.path, key, facts.encode(empty), 0, spoken, sql)
    errors = int.from_bytes(value[:_COUNT], "little")
    return Extracted(source.path, key, value[_COUNT:], errors, spoken, sql)


_COUNT = 4  # size of the error count before encoded facts, which is read without decoding them


def _lower(batch: list[SourceFile]) -> dict[str, bytes]:
    return {source.path: _encoded(source) for source in batch}


def _encoded(source: SourceFile) -> bytes:
    """Return the facts of a file as bytes; one that its language fails on says so, and the others go on."""
    try:
        return _with_count(by_name()[source.language].facts(source.path, source.source))
    except Exception as error:
        lines = source.source.count(b"\n") + 1
        return _with_count(facts.Module(source.path, source.language, (), lines, 1, failure=type(error).__name__))


def _with_count(module: facts.Module) -> bytes:
    return module.errors.to_bytes(_COUNT, "little") + facts.encode(module)
