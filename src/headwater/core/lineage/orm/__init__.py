"""Interprets code with its models: which columns each place reads, writes, filters, joins.

`index` collects what is known about the whole code base, once; `claims` interprets one file with it, in any process.
The meaning of an ORM comes from the vocabulary beside its reader; nothing here knows an ORM by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headwater.catalog import facts as f
from headwater.catalog.model import Schema
from headwater.core.lineage.claims import Claim
from headwater.core.lineage.orm.expressions import bind, evaluate
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex, from_readings
from headwater.core.lineage.orm.spans import Spans
from headwater.core.lineage.orm.statements import run
from headwater.core.lineage.orm.summaries import summarise
from headwater.core.lineage.symbols import Symbols
from headwater.readers import Reading

__all__ = ["CodeIndex", "claims", "index"]


def index(
    symbols: Symbols, modules: Mapping[str, f.Module], readings: Mapping[str, Reading], schema: Schema
) -> CodeIndex:
    """Return what `claims` needs to know about a code base, in a form that can be sent to other processes.

    Args:
        symbols: the symbol table of these modules.
        modules: the facts of every file, by path.
        readings: the result of each reader, by module name.
        schema: the merged Schema of all readings.
    """
    known = from_readings(symbols, readings, schema)
    if not known.models:
        return known.slim()
    return summarise(known, modules).slim()


def claims(module: f.Module, index: CodeIndex) -> list[Claim]:
    """Return the usages in a file's code, by byte range, in source order."""
    if not index.models or module.language not in index.language.languages:
        return []
    frame = Frame(index, module.path, evaluate, run, bind)
    frame.top = True
    for stmt in module.body:
        try:
            run(frame, (stmt,))
        except RecursionError:
            continue
    if not frame.pending:
        return []
    return sorted(_settled(frame, Spans(module)), key=lambda claim: (claim.start, claim.end))


def _settled(frame: Frame, spans: Spans) -> Iterator[Claim]:
    """Yield the pending usages of a frame as claims, without duplicates."""
    seen: set[tuple[str, str, int, str, str | None]] = set()
    for d in frame.pending:
        key = (d.table, d.column, d.start, d.usage_type, d.sub_type)
        if key not in seen:
            seen.add(key)
            symbol = spans.symbol(d.start)
            yield Claim(d.table, d.column, d.start, d.end, symbol, d.usage_type, d.sub_type, d.via, d.tier, d.evidence)
