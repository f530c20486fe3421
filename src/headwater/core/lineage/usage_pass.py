"""Passes 5 and 6, types and usages: the claims of every file, found in processes with one shared index.

The claims of a file depend only on its text and the index, so they are cached by both.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

import msgspec

from headwater.catalog import facts
from headwater.catalog.model import Schema
from headwater.core.lineage import embedded_sql, orm
from headwater.core.lineage.cache import Cache, key_of
from headwater.core.lineage.claims import Claim, Missed
from headwater.core.lineage.extraction import Extracted
from headwater.core.lineage.pool import deep_calls, map_batches
from headwater.core.lineage.project import ScannedProject
from headwater.core.lineage.schema_pass import ReadSchema


class FileIndex(msgspec.Struct, frozen=True):
    """What is known about the whole code base while one file is processed."""

    schema: Schema
    orm: orm.CodeIndex


class PreparedIndex:
    """The index for processing files, which is built when one must be processed."""

    def __init__(self, schema: Schema, known: orm.LazyIndex) -> None:
        self.key = known.key
        self._schema, self._known = schema, known

    @cached_property
    def value(self) -> FileIndex:
        """The index itself."""
        return FileIndex(self._schema, self._known.value)

    def packed(self) -> bytes:
        """Return the index for other processes."""
        return pickle.dumps(self.value, protocol=5)


class FileClaims(msgspec.Struct, frozen=True, array_like=True):
    """The claims of one file, its SQL that could not be parsed, and what its code refers to if it was requested."""

    claims: tuple[Claim, ...]
    missed: tuple[Missed, ...]
    references: tuple[orm.Reference, ...] = ()


class UsagePass(NamedTuple):
    """The result of the pass, each by path."""

    claims: dict[str, list[Claim]]
    missed: dict[str, list[Missed]]
    references: dict[str, tuple[orm.Reference, ...]]


class _Task(msgspec.Struct, frozen=True):
    """One file to process, its facts, and the bytes that declare routes in it; None if references are not needed."""

    file: Extracted
    data: bytes
    routes: tuple[tuple[int, int], ...] | None


def prepare(
    project: ScannedProject, catalogue: ReadSchema, routed: frozenset[str] = frozenset(), cache: Cache | None = None
) -> PreparedIndex:
    """Prepare the index for processing files.

    Args:
        project: the code base.
        catalogue: its Schema and models.
        routed: the languages in which routes are declared.
        cache: what was learnt from files in earlier scans.
    """
    keys = {path: (file.language, file.key) for path, file in project.extracted.items()}
    files = orm.FactFiles(keys, project.outline_key, project.load)
    known = orm.index(lambda: project.outline, files, catalogue.readings, catalogue.schema, routed, cache)
    return PreparedIndex(catalogue.schema, known)


def run(
    index: PreparedIndex,
    project: ScannedProject,
    cache: Cache,
    *,
    processes: int | None = None,
    routes: Mapping[str, tuple[tuple[int, int], ...]] | None = None,
    on_progress: Callable[[int, int, int], None] = lambda done, total, found: None,
) -> UsagePass:
    """Return the claims, the SQL that could not be parsed, and what code refers to, each by path.

    Args:
        index: the result of `prepare`.
        project: the facts of every file.
        cache: claims known from earlier scans with an equal index.
        processes: upper bound of worker processes.
        routes: the bytes that declare routes, by path; None if it is not needed what code refers to.
        on_progress: called with (bytes of facts done, all bytes, claims so far); may raise to stop.
    """
    files = project.extracted
    spans = {path: None if routes is None else routes.get(path, ()) for path in files}
    keys = {path: key_of("claims", index.key, file.key, _flags(file, spans[path])) for path, file in files.items()}
    results = _Results(files, keys, cache)
    wanted = results.absent(files)
    project.modules.encoded.fetch(wanted)
    todo = [_Task(files[path], project.modules.encoded[path], spans[path]) for path in files if path in wanted]
    total = sum(file.header.size for file in files.values())

    def here(batch: list[_Task]) -> dict[str, bytes]:
        modules = project.modules
        return {task.file.path: _encode(_of_file(task, modules[task.file.path], index.value)) for task in batch}

    load = (_load, index.packed)
    work = map_batches(
        _find,
        todo,
        lambda task: 4 * len(task.data),
        processes=processes,
        setup=load,
        here=here,
        share=cache.share,
        unknown=results.unknown,
    )
    for _, encoded in work:
        cache.put_many({keys[path]: data for path, data in encoded.items()})
        results.add(encoded)
        on_progress(results.bytes, total, results.count)
    claims = {path: results.known[path] for path in files}
    return UsagePass(
        {path: list(result.claims) for path, result in claims.items() if result.claims},
        {path: list(result.missed) for path, result in claims.items() if result.missed},
        {path: result.references for path, result in claims.items() if result.references},
    )


class _Results:
    """The claims that are known so far, by path, with their number and the bytes of facts that they are of."""

    def __init__(self, files: Mapping[str, Extracted], keys: Mapping[str, bytes], cache: Cache) -> None:
        self._files, self._keys, self._cache = files, keys, cache
        self.known: dict[str, FileClaims] = {}
        self.bytes = self.count = 0

    def add(self, encoded: Mapping[str, bytes]) -> None:
        """Add the claims of files."""
        for path, data in encoded.items():
            if path not in self.known:
                self.known[path] = _decode(data)
                self.bytes += self._files[path].header.size
                self.count += len(self.known[path].claims)

    def absent(self, paths: Iterable[str]) -> set[str]:
        """Look files up in the cache; return those that are not in it."""
        keys = {path: self._keys[path] for path in paths}
        values = self._cache.get_many(keys.values())
        self.add({path: values[key] for path, key in keys.items() if key in values})
        return {path for path in keys if path not in self.known}

    def unknown(self, batch: list[_Task]) -> list[_Task]:
        """Return those of a batch that are not in the cache now."""
        absent = self.absent(task.file.path for task in batch)
        return [task for task in batch if task.file.path in absent]


def _flags(file: Extracted, routes: tuple[tuple[int, int], ...] | None) -> bytes:
    """Return what the claims of a file depend on beside its facts and the index."""
    return repr((file.spoken, file.sql, routes)).encode()


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(FileClaims)


def _decode(data: bytes) -> FileClaims:
    return _decoder.decode(data)


class _Shared:
    """The index of a worker process; set once before its first batch."""

    index: FileIndex


def _load(packed: bytes) -> None:
    # Made by `run` in the parent process, never read from outside.
    _Shared.index = pickle.loads(packed)  # noqa: S301


def _find(batch: list[_Task]) -> dict[str, bytes]:
    with deep_calls():
        return {task.file.path: _encode(_of_file(task, None, _Shared.index)) for task in batch}


def _of_file(task: _Task, module: facts.Module | None, index: FileIndex) -> FileClaims:
    """Process one file; one that cannot be processed is reported and does not stop the others."""
    if not task.file.spoken and not task.file.sql:
        return FileClaims((), ())
    try:
        return _claims(task, module, index)
    except Exception as error:
        reason = f"This file could not be examined: {type(error).__name__}. Please report it."
        return FileClaims((), (Missed(0, "", reason),))


def _claims(task: _Task, module: facts.Module | None, index: FileIndex) -> FileClaims:
    """Return what a file claims as code that uses models, and as text that contains SQL."""
    module = module or facts.decode(task.data)
    code = orm.examine(module, index.orm, task.routes) if task.file.spoken else orm.Examined([], [])
    annotations = index.orm.words(module.path).statements
    of_sql, missed = embedded_sql.claims(module, index.schema, annotations) if task.file.sql else ([], [])
    return FileClaims((*code.claims, *of_sql), (*code.missed, *missed), code.references)
