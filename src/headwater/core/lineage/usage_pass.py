"""Passes 5 and 6, types and usages: the claims of every file, found in processes with one shared index.

The claims of a file depend only on its text and the index, so they are cached by both.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping

import msgspec

from headwater.catalog import facts
from headwater.catalog.model import Schema
from headwater.core.lineage import embedded_sql, orm
from headwater.core.lineage.cache import Cache, key_of
from headwater.core.lineage.claims import Claim, Missed
from headwater.core.lineage.extraction import Extracted
from headwater.core.lineage.pool import map_batches
from headwater.core.lineage.project import ScannedProject
from headwater.core.lineage.schema_pass import ReadSchema


class FileIndex(msgspec.Struct, frozen=True):
    """What is known about the whole code base while one file is processed."""

    schema: Schema
    orm: orm.CodeIndex


class FileClaims(msgspec.Struct, frozen=True, array_like=True):
    """The claims of one file, and its SQL that could not be parsed."""

    claims: tuple[Claim, ...]
    missed: tuple[Missed, ...]


def prepare(project: ScannedProject, catalogue: ReadSchema) -> FileIndex:
    """Build the index for processing files."""
    return FileIndex(
        catalogue.schema, orm.index(project.symbols, project.modules, catalogue.readings, catalogue.schema)
    )


def run(
    index: FileIndex,
    extracted: Mapping[str, Extracted],
    modules: Mapping[str, facts.Module],
    cache: Cache,
    *,
    processes: int | None = None,
    on_progress: Callable[[int, int, int], None] = lambda done, total, found: None,
) -> tuple[dict[str, list[Claim]], dict[str, list[Missed]]]:
    """Return the claims and the SQL that could not be parsed, each by path.

    Args:
        index: the result of `prepare`.
        extracted: facts by path.
        modules: the same facts, decoded, for files that are processed here.
        cache: claims known from earlier scans with an equal index.
        processes: upper bound of worker processes.
        on_progress: called with (bytes of facts done, all bytes, claims so far); may raise to stop.
    """
    packed = pickle.dumps(index, protocol=5)
    index_key = key_of("index", packed)
    keys = {path: key_of("claims", index_key, file.key) for path, file in extracted.items()}
    known = cache.get_many(keys.values())
    results = {path: _decode(known[key]) for path, key in keys.items() if key in known}
    todo = [file for path, file in extracted.items() if path not in results]
    total = sum(len(file.data) for file in extracted.values())
    done = total - sum(len(file.data) for file in todo)
    found = sum(len(result.claims) for result in results.values())

    def here(batch: list[Extracted]) -> dict[str, bytes]:
        return {file.path: _encode(_of_file(file, modules[file.path], index)) for file in batch}

    load = (_load, packed)
    work = map_batches(_find, todo, lambda one: 4 * len(one.data), processes=processes, setup=load, here=here)
    for batch, encoded in work:
        cache.put_many({keys[path]: data for path, data in encoded.items()})
        fresh = {path: _decode(data) for path, data in encoded.items()}
        results.update(fresh)
        found += sum(len(result.claims) for result in fresh.values())
        done += sum(len(file.data) for file in batch)
        on_progress(done, total, found)
    claims = {path: list(result.claims) for path, result in results.items() if result.claims}
    return claims, {path: list(result.missed) for path, result in results.items() if result.missed}


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


def _find(batch: list[Extracted]) -> dict[str, bytes]:
    return {file.path: _encode(_of_file(file, None, _Shared.index)) for file in batch}


def _of_file(extracted: Extracted, module: facts.Module | None, index: FileIndex) -> FileClaims:
    """Process one file as code that uses models, and as text that contains SQL."""
    if not extracted.spoken and not extracted.sql:
        return FileClaims((), ())
    module = module or facts.decode(extracted.data)
    claims = orm.claims(module, index.orm) if extracted.spoken else []
    of_sql, missed = embedded_sql.claims(module, index.schema) if extracted.sql else ([], [])
    return FileClaims((*claims, *of_sql), tuple(missed))
