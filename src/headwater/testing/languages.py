"""The conformance suite of languages: requirements on every module in `headwater.languages`.

Each check takes a language and raises AssertionError. `CHECKS` lists them; a test runs all of them over
`plugins.load_all("languages")`, so that a new language is covered as soon as its file exists.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import msgspec

from headwater.catalog import facts
from headwater.languages import Language

# Sources for which no language may raise, whatever the result.
HOSTILE = (
    b"",
    b"\n",
    b"\x00\x01\x02",
    b"(" * 400,
    b"{[(" * 100 + b"x",
    b'"' * 3,
    b"`${",
    b"a" * 100_000,
    b"x = 1\r\ny = 2\r\n",
    "naïve = 'é' # ß\n".encode(),
    b"def class import from ; } ) ]",
    b"1 +\n" * 300,
    b"@I val i: Long,\n@C(",
)


# Intake hands over UTF-8 only; a language that is handed anything else must still not raise.
FOREIGN = (b"\xff\xfe\xfa not utf-8 \x80", b"\x00\xd8\x00\xdc")


def is_described(language: Language) -> None:
    """The module has its name and its suffixes in the required form."""
    assert language.NAME.lower() == language.NAME and language.NAME
    assert language.SUFFIXES and all(s.startswith(".") and s == s.lower() for s in language.SUFFIXES)


def never_raises(language: Language) -> None:
    """Any bytes give facts with the right path."""
    for source in (*HOSTILE, *FOREIGN):
        module = language.facts("folder/file", source)
        assert module.path == "folder/file"
        assert module.language == language.NAME
        assert module.lines >= 1
        assert module.errors >= 0


def positions_lie_in_the_source(language: Language) -> None:
    """Every node's range is a range of the source."""
    for source in HOSTILE:
        for node in walk(language.facts("f", source).body):
            assert 0 <= node.start <= node.end <= len(source), (node, source[:40])


def names_stand_where_they_say(language: Language) -> None:
    """The range of a name contains that name."""
    for source in HOSTILE:
        for node in walk(language.facts("f", source).body):
            if isinstance(node, facts.Name) and node.id.isascii():
                assert node.id.encode() in source[node.start : node.end] or node.start == node.end


def facts_travel(language: Language) -> None:
    """Facts survive the cache and transport to other processes."""
    for source in HOSTILE:
        module = language.facts("f", source)
        assert facts.decode(facts.encode(module)) == module
        assert pickle.loads(pickle.dumps(module)) == module  # noqa: S301


def same_source_same_facts(language: Language) -> None:
    """No state is kept from one file to the next."""
    first = [language.facts("f", source) for source in HOSTILE]
    assert [language.facts("f", source) for source in HOSTILE] == first


CHECKS: tuple[Callable[[Language], None], ...] = (
    is_described,
    never_raises,
    positions_lie_in_the_source,
    names_stand_where_they_say,
    facts_travel,
    same_source_same_facts,
)


def walk(value: object) -> Iterator[facts.Node]:
    """Yield all nodes in facts."""
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, tuple):
            stack.extend(current)
        elif isinstance(current, facts.Node):
            yield current
            stack.extend(getattr(current, field.name) for field in msgspec.structs.fields(current))
