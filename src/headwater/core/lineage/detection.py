"""Which readers have something to read here, and so which files are worth parsing at all.

A file of a language that no reader found here speaks for, and that holds no SQL either, can neither declare nor
use a column: it is counted and shown, and never parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headwater.readers import SourceFile, Vocabulary, all_readers

_SQL = re.compile(
    rb"\b(?:select\s+(?!from\b).{1,6000}?\bfrom\b|update\s.{1,600}?\bset\b|insert\s+(?:\w+\s+){0,2}into\b"
    rb"|delete\s+(?:\S+\s+)?from\b|merge\s+into\b|replace\s+into\b"
    rb"|with\s+(?:recursive\s+)?[\w\"`]+\s*(?:\([^)]*\)\s*)?as\s*(?:not\s+)?(?:materialized\s*)?\()",
    re.IGNORECASE | re.DOTALL,
)


def detect(sources: Sequence[SourceFile]) -> dict[str, list[SourceFile]]:
    """Return, by reader, the files that it has something to read in; readers without any are left out."""
    found = {name: [s for s in sources if reader.detects(s)] for name, reader in all_readers().items()}
    return {name: files for name, files in found.items() if files}


def languages(detected: Mapping[str, Sequence[SourceFile]]) -> frozenset[str]:
    """Return the languages in which these readers' tables can be declared or used."""
    spoken = {file.language for files in detected.values() for file in files}
    for name in detected:
        vocabulary = getattr(all_readers()[name], "VOCABULARY", None)
        if isinstance(vocabulary, Vocabulary):
            spoken |= vocabulary.languages
    return frozenset(spoken)


def may_hold_sql(source: SourceFile) -> bool:
    """Tell whether a file may hold SQL: cheap, and wrong only by saying yes."""
    return source.language == "sql" or _SQL.search(source.source) is not None
