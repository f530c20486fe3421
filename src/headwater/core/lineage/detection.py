"""Decides which readers apply to a code base, and so which files are worth parsing.

If no reader applies to a language, and a file of it contains no SQL, the file can neither declare nor use a column: it
is counted and shown, and never parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headwater.readers import SourceFile, Vocabulary, all_readers

# Two words that every statement has, and what follows the first: searching for a literal is fast.
_SQL: tuple[tuple[tuple[bytes, bytes], re.Pattern[bytes]], ...] = tuple(
    ((first, second), re.compile(first + rb"(?<=\b" + first + rb")" + rest, re.DOTALL))
    for first, second, rest in (
        (b"select", b"from", rb"\s+(?!from\b).{1,6000}?\bfrom\b"),
        (b"update", b"set", rb"\s.{1,600}?\bset\b"),
        (b"insert", b"into", rb"\s+(?:\w+\s+){0,2}into\b"),
        (b"delete", b"from", rb"\s+(?:\S+\s+)?from\b"),
        (b"merge", b"into", rb"\s+into\b"),
        (b"replace", b"into", rb"\s+into\b"),
        (
            b"with",
            b"as",
            rb"\s+(?:recursive\s+)?[\w\"`]+\s*(?:\([^)]*\)\s*)?as\s*(?:not\s+)?(?:materialized\s*)?\(",
        ),
    )
)


def detect(sources: Sequence[SourceFile]) -> dict[str, list[SourceFile]]:
    """Return the files that each reader can read; readers without any are left out."""
    detected = {name: [s for s in sources if reader.detects(s)] for name, reader in all_readers().items()}
    return {name: files for name, files in detected.items() if files}


def languages(detected: Mapping[str, Sequence[SourceFile]]) -> frozenset[str]:
    """Return the languages in which these readers' tables can be declared or used."""
    spoken = {file.language for files in detected.values() for file in files}
    for name in detected:
        vocabulary = getattr(all_readers()[name], "VOCABULARY", None)
        if isinstance(vocabulary, Vocabulary):
            spoken |= vocabulary.languages
    return frozenset(spoken)


def may_hold_sql(source: SourceFile) -> bool:
    """Return True if a file may contain SQL: cheap, with false positives only."""
    if source.language == "sql":
        return True
    text = source.source.lower()
    return any(first in text and second in text and sql.search(text) for (first, second), sql in _SQL)
