"""XML documents as facts: those of mapper documents, whose elements hold SQL. Each statement is a function.

The content of a statement's element is the text of one `Do`, its own elements included; they are resolved where the
SQL is. Fragments are names of the file, for the elements that include them. Other documents have no facts.
"""

from __future__ import annotations

from collections.abc import Iterator

from headwater.catalog.facts import Assign, Chunk, Class, Do, Function, Module, Name, Stmt, Text
from headwater.catalog.markup import MarkupElement, parse

NAME = "xml"
SUFFIXES = (".xml",)

_STATEMENTS = ("select", "insert", "update", "delete")
_ELEMENTS = frozenset({"mapper", "sql", "selectKey", *_STATEMENTS})


def facts(path: str, source: bytes) -> Module:
    """Convert a mapper document to facts; other documents have none."""
    lines = source.count(b"\n") + 1
    if b"<mapper" not in source:
        return Module(path, NAME, (), lines)
    text = source.decode("utf-8", "replace")
    mappers = parse(text, _ELEMENTS).inside("mapper")
    offsets = _Offsets(text)
    body = tuple(stmt for mapper in mappers for stmt in _mapper(mapper, offsets))
    return Module(path, NAME, body, lines)


class _Offsets:
    """The text of a document, and the bytes of its characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain = text.isascii()

    def of(self, start: int, end: int) -> tuple[int, int]:
        if self._plain:
            return start, end
        first = len(self._text[:start].encode())
        return first, first + len(self._text[start:end].encode())

    def text(self, element: MarkupElement) -> Text:
        """Return the content of an element as a text."""
        start, end = self.of(element.start, element.end)
        return Text(start, end, (Chunk(start, end, self._text[element.start : element.end]),))


def _mapper(mapper: MarkupElement, offsets: _Offsets) -> Iterator[Stmt]:
    for fragment in mapper.inside("sql"):
        name, content = fragment.attributes.get("id", ""), offsets.text(fragment)
        yield Assign(content.start, content.end, (Name(content.start, content.start, name),), content)
    statements = tuple(_statement(element, offsets) for element in mapper.inside(*_STATEMENTS))
    start, end = offsets.of(mapper.at, mapper.start)
    name = mapper.attributes.get("namespace", "").rpartition(".")[2]
    yield Class(start, end, name, (), (), (), statements, "mapper")


def _statement(element: MarkupElement, offsets: _Offsets) -> Function:
    start, end = offsets.of(element.at, element.start)
    texts = [offsets.text(part) for part in (element, *element.inside("selectKey"))]
    body = tuple(Do(text.start, text.end, text, "sql") for text in texts)
    return Function(start, end, element.attributes.get("id", ""), (), None, (), body)
