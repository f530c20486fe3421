"""Interprets code with its models: which columns each place reads, writes, filters, joins.

`index` collects what is known about the whole code base, once; `examine` interprets one file with it, in any process.
The meaning of an ORM comes from the vocabulary beside its reader; nothing here knows an ORM by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import msgspec

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Schema
from headwater.core.lineage import pickles
from headwater.core.lineage.cache import Cache, NoCache, key_of
from headwater.core.lineage.claims import Claim, Missed
from headwater.core.lineage.orm import templates
from headwater.core.lineage.orm.assignments import bind
from headwater.core.lineage.orm.expressions import evaluate
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.index_data import from_readings
from headwater.core.lineage.orm.lazy_index import LazyIndex
from headwater.core.lineage.orm.references import Reference, by_caller
from headwater.core.lineage.orm.spans import Spans
from headwater.core.lineage.orm.statements import run
from headwater.core.lineage.orm.summaries import summarise
from headwater.core.lineage.symbols import Symbols
from headwater.readers import Reading

__all__ = ["CodeIndex", "Examined", "FactFiles", "LazyIndex", "Reference", "examine", "index"]


_encoder = msgspec.msgpack.Encoder(order="deterministic")


class FactFiles(NamedTuple):
    """The facts of a code base, which are decoded when they are needed.

    `keys` has the language of each file and a digest of its facts, by path; `outline_key` is a digest of all outlines.
    """

    keys: Mapping[str, tuple[str, bytes]]
    outline_key: bytes
    modules: Callable[[list[str]], Mapping[str, f.Module]]


class Examined(NamedTuple):
    """What the interpretation of a file found, in source order; `missed` are statements that failed."""

    claims: list[Claim]
    missed: list[Missed]
    references: tuple[Reference, ...] = ()


def index(
    symbols: Callable[[], Symbols],
    files: FactFiles,
    readings: Mapping[str, Reading],
    schema: Schema,
    routed: frozenset[str] = frozenset(),
    cache: Cache | None = None,
) -> LazyIndex:
    """Return what `examine` needs to know about a code base, in a form that can be sent to other processes.

    Args:
        symbols: returns the symbol table of these files.
        files: the facts of every file.
        readings: the result of each reader, by module name.
        schema: the merged Schema of all readings.
        routed: the languages in which web frameworks declare routes: calls are followed through them.
        cache: what functions were found to return and do in earlier scans.
    """
    cache = cache or NoCache()
    data = from_readings(readings, schema, routed)
    says = _encoder.encode((schema, [(name, reading.models) for name, reading in readings.items()], routed))
    known = LazyIndex(key_of("index", files.outline_key, says), data, symbols)
    if data.models:
        file_keys = {path: key for path, (language, key) in files.keys.items() if language in data.languages}
        known = summarise(known, file_keys, files.modules, cache)
    slim = partial(_slim, symbols, files.outline_key, data.languages, cache)
    return LazyIndex(known.key, data.slim(), slim, known.summaries)


def _slim(symbols: Callable[[], Symbols], outline_key: bytes, languages: frozenset[str], cache: Cache) -> Symbols:
    """Return the symbol table without what only the inference of types needs."""
    key = key_of("slim symbols", outline_key, *(language.encode() for language in sorted(languages)))
    if value := cache.get_many([key]).get(key):
        known: Symbols = pickles.loads(value)
        return known
    slim = symbols().slim(languages)
    cache.put_many({key: pickles.dumps(slim)})
    return slim


def examine(module: f.Module, index: CodeIndex, routes: tuple[tuple[int, int], ...] | None = None) -> Examined:
    """Return the usages in a file's code, and if requested what it refers to.

    Args:
        module: the facts of the file.
        index: the result of `index`.
        routes: the bytes that declare routes in this file; None if references are not needed.
    """
    uses_models = bool(index.models) and module.language in index.spoken
    if not uses_models and (routes is None or module.language not in index.languages):
        return Examined([], [])
    missed: list[Missed] = []
    frame = Frame(index, module.path, evaluate, run, bind)
    frame.references = None if routes is None else []
    frame.top = True
    frame.texts, frame.bodies = _texts(module.body), dict(_functions(module.body))
    templates.prepare(frame, module)
    for stmt in module.body:
        try:
            run(frame, (stmt,))
        except Exception as error:  # one statement, a class for instance; the others go on
            missed.append(Missed(stmt.start, "", _reason(error)))
    spans = Spans(module)
    found = sorted(_settled(frame, spans), key=lambda claim: (claim.start, claim.end)) if uses_models else []
    references = by_caller(frame.references, spans, routes or ()) if frame.references else ()
    return Examined(found, missed if uses_models else [], references)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "The code from here on is nested too deeply to be examined completely."
    return f"The code from here on could not be examined completely: {type(error).__name__}. Please report it."


def _functions(body: tuple[f.Stmt, ...], prefix: str = "") -> Iterator[tuple[str, f.Function]]:
    """Yield the functions and methods of a file with their dotted names."""
    for stmt in body:
        if isinstance(stmt, f.Function):
            yield prefix + stmt.name, stmt
        elif isinstance(stmt, f.Class):
            yield from _functions(stmt.body, f"{prefix}{stmt.name}.")


def _texts(body: tuple[f.Stmt, ...]) -> dict[str, f.Expr]:
    """Return the texts that names stand for at the top level of a file, also those of keys and members (`T.USERS`)."""
    texts: dict[str, f.Expr] = {}
    for stmt in (stmt for stmt in body if isinstance(stmt, f.Assign)):
        value = stmt.value.value if isinstance(stmt.value, f.Cast) else stmt.value
        for target in stmt.targets:
            if isinstance(target, f.Name) and isinstance(value, (f.Text, f.Binary)):
                texts[target.id] = value
            elif isinstance(target, f.Name):
                texts |= {f"{target.id}.{key}": text for key, text in q.options(value).items()}
    return {name: text for name, text in texts.items() if isinstance(text, (f.Text, f.Binary))}


def _settled(frame: Frame, spans: Spans) -> Iterator[Claim]:
    """Yield the pending usages of a frame as claims, without duplicates."""
    seen: set[tuple[str, str, int, str, str | None]] = set()
    for d in frame.pending:
        key = (d.table, d.column, d.start, d.usage_type, d.sub_type)
        if key not in seen:
            seen.add(key)
            symbol = spans.symbol(d.start)
            yield Claim(d.table, d.column, d.start, d.end, symbol, d.usage_type, d.sub_type, d.via, d.tier, d.evidence)
