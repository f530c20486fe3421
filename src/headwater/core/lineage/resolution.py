"""Pass 7, resolve: from claims by byte range to usages by line, without duplicates, each with its snippet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from headwater.catalog.usages import NotUnderstood, Usage
from headwater.core.lineage.claims import Claim, Missed
from headwater.core.lineage.extraction import Extracted
from headwater.readers import SourceFile

_SNIPPET_LINES = 4
_SNIPPET_CHARS = 400


def resolve(claims: Mapping[str, Iterable[Claim]], sources: Mapping[str, SourceFile]) -> tuple[Usage, ...]:
    """Return the usages of all files, sorted by file and position.

    Args:
        claims: by path.
        sources: the files by path.
    """
    usages = [usage for path in sorted(claims) for usage in _of_file(sources[path], claims[path])]
    return tuple(usages)


def failures(files: Mapping[str, Extracted]) -> list[NotUnderstood]:
    """Return the files that their language failed on."""
    reason = "This file could not be parsed: {}. Please report it."
    failed = ((path, files[path].header.failure) for path in sorted(files))
    return [NotUnderstood(path, 1, "", reason.format(failure)) for path, failure in failed if failure]


def locate(missed: Mapping[str, Iterable[Missed]], sources: Mapping[str, SourceFile]) -> list[NotUnderstood]:
    """Return the SQL that could not be parsed, by file and line."""
    result = []
    for path in sorted(missed):
        lines = _Lines(sources[path].source)
        result += [NotUnderstood(path, lines.position(m.start)[0], m.text, m.reason) for m in missed[path]]
    return result


def _of_file(source: SourceFile, claims: Iterable[Claim]) -> list[Usage]:
    best: dict[tuple[str, str, int, str], Claim] = {}
    for claim in claims:
        key = (claim.table, claim.column, claim.start, claim.usage_type)
        known = best.get(key)
        if known is None or _rank(claim) < _rank(known):
            best[key] = claim
    if not best:
        return []
    lines = _Lines(source.source)
    ordered = sorted(best.values(), key=lambda c: (c.start, c.end, c.table, c.column, c.usage_type))
    return [_usage(source, lines, claim) for claim in ordered]


def _rank(claim: Claim) -> tuple[bool, str]:
    """Explicit claims rank before implicit ones, and certain ones before less certain ones."""
    return claim.sub_type in ("implicit", "lazy"), claim.tier


def _usage(source: SourceFile, lines: _Lines, claim: Claim) -> Usage:
    line, start_column = lines.position(claim.start)
    end_line, end_column = lines.position(claim.end)
    return Usage(
        table_name=claim.table,
        column_name=claim.column,
        file_path=source.path,
        line_number=line,
        end_line=end_line,
        start_column=start_column,
        end_column=end_column,
        symbol=claim.symbol,
        code_snippet=lines.snippet(line, end_line),
        language=source.language,
        usage_type=claim.usage_type,
        sub_type=claim.sub_type,
        via=claim.via,
        tier=claim.tier,
        evidence=claim.evidence,
    )


class _Lines:
    """Where each line of a source begins, in bytes."""

    def __init__(self, source: bytes) -> None:
        self._lines = source.split(b"\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the 1-based line and the 0-based character column of a byte offset."""
        index = min(bisect_right(self._starts, offset) - 1, len(self._lines) - 1)
        return index + 1, len(self._lines[index][: offset - self._starts[index]].decode("utf-8", "replace"))

    def snippet(self, first: int, last: int) -> str:
        """Return up to four lines without their common indentation."""
        chosen = [
            line.decode("utf-8", "replace").rstrip()[:_SNIPPET_CHARS]
            for line in self._lines[first - 1 : min(last, first - 1 + _SNIPPET_LINES)]
        ]
        indents = [len(line) - len(line.lstrip()) for line in chosen if line.strip()]
        cut = min(indents, default=0)
        return "\n".join(line[cut:] for line in chosen)
