"""Decides which readers and web frameworks apply to a code base, and so which files are worth parsing.

If no reader and no framework applies to a language, and a file of it contains no SQL, the file can neither declare nor
use a column, nor lead from a route to one: it is counted and shown, and never parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from headwater.core.lineage.cache import Cache, key_of, remembered
from headwater.core.lineage.path_kinds import is_test
from headwater.frameworks import all_frameworks
from headwater.languages import by_name
from headwater.readers import Half, LibraryUse, SourceFile, Vocabulary, all_readers, is_migration, unread_uses

# Two words that every statement has, and what follows the first: searching for a literal is fast.
_SQL: tuple[tuple[tuple[bytes, bytes], re.Pattern[bytes]], ...] = tuple(
    ((first, second), re.compile(first + rb"(?<=\b" + first + rb")" + rest, re.DOTALL))
    for first, second, rest in (
        (b"select", b"from", rb"\s+(?!from\b).{1,6000}?\bfrom\b"),
        (b"update", b"set", rb"\s.{1,600}?\bset\b"),
        (b"insert", b"into", rb"\s+(?:\w+\s+){0,2}into\b"),
        (b"delete", b"from", rb"\s+(?:\S+\s+)?from\b"),
        (b"delete", b"where", rb"\s+[\w.\[\]]+\s+where\b"),
        (b"merge", b"into", rb"\s+into\b"),
        (b"replace", b"into", rb"\s+into\b"),
        (
            b"with",
            b"as",
            rb"\s+(?:recursive\s+)?[\w\"`]+\s*(?:\([^)]*\)\s*)?as\s*(?:not\s+)?(?:materialized\s*)?\(",
        ),
    )
)

# A text that begins like a statement: unlike "Select from the menu", it lists columns.
_STATEMENT = re.compile(
    rb"[\"'`]\s*(?:"
    rb"select\s[^\"'`]{0,2000}?[*(,.][^\"'`]{0,2000}?\bfrom\s|select\s+(?:distinct\s+)?\S+\s+from\s|(?-i:SELECT)\s+[\"'`]"
    rb"|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\()",
    re.IGNORECASE,
)


class Inspection(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a file says of itself: which readers and web frameworks apply to it, and whether it may contain SQL.

    `unread` are its uses of libraries that no reader reads yet.
    """

    readers: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    unread: tuple[LibraryUse, ...] = ()
    sql: bool = False


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Inspection)


def inspect(file: SourceFile) -> Inspection:
    """Return what a file says of itself."""
    return Inspection(
        tuple(name for name, reader in all_readers().items() if reader.detects(file)),
        tuple(name for name, framework in all_frameworks().items() if framework.detects(file)),
        unread_uses(file.language, file.source),
        file.language in by_name() and may_hold_sql(file),
    )


def inspect_all(files: Sequence[SourceFile], digests: Mapping[str, bytes], cache: Cache) -> dict[str, Inspection]:
    """Return what each file says of itself, by path.

    Args:
        files: the files.
        digests: the digest of each file, by path.
        cache: what files said in earlier scans.
    """
    by_path = {file.path: file for file in files}
    keys = {path: key_of("inspection", digests[path]) for path in by_path}
    encoded = remembered(cache, keys, lambda paths: {path: _encoder.encode(inspect(by_path[path])) for path in paths})
    return {path: _decoder.decode(data) for path, data in encoded.items()}


def detect(sources: Sequence[SourceFile], inspected: Mapping[str, Inspection]) -> dict[str, list[SourceFile]]:
    """Return the files that each reader can read; readers without any are left out."""
    detected = {name: [s for s in sources if name in inspected[s.path].readers] for name in all_readers()}
    return {name: files for name, files in detected.items() if files}


def of_half(detected: Mapping[str, Sequence[SourceFile]], half: Half) -> dict[str, list[SourceFile]]:
    """Return the files of one half of a code base: those that declare the schema, or those that change it."""
    wanted = half == "migrations"
    parts = {name: [s for s in files if is_migration(name, s) == wanted] for name, files in detected.items()}
    return {name: files for name, files in parts.items() if files}


def detect_frameworks(
    sources: Sequence[SourceFile], inspected: Mapping[str, Inspection]
) -> dict[str, list[SourceFile]]:
    """Return the files that use each web framework; frameworks without any are left out."""
    detected = {name: [s for s in sources if name in inspected[s.path].frameworks] for name in all_frameworks()}
    return {name: files for name, files in detected.items() if files}


def routed_languages(
    frameworks: Mapping[str, Sequence[SourceFile]], sources: Sequence[SourceFile], spoken: frozenset[str]
) -> frozenset[str]:
    """Return the languages in which code leads from routes to usages: a front end alone has routes, and no usages.

    Args:
        frameworks: the files that use each web framework.
        sources: all files.
        spoken: the languages in which tables can be declared or used.
    """
    routed = frozenset(file.language for files in frameworks.values() for file in files)
    queried = {source.language for source in sources if source.language in routed - spoken and _has_sql(source)}
    return routed & (spoken | queried)


def _has_sql(source: SourceFile) -> bool:
    """Return True if a text in a file begins like a statement of SQL, and the file is no test."""
    return _STATEMENT.search(source.source) is not None and not is_test(source.path)


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
