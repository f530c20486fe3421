"""The Rust grammar, the source that is being converted, and small helpers on nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tree_sitter_rust
from tree_sitter import Node, Parser, Range

from headwater.catalog import facts as f
from headwater.languages._grammar import LanguageGrammar

GRAMMAR = LanguageGrammar(tree_sitter_rust.language())
SKIPPED = frozenset({"line_comment", "block_comment", "inner_attribute_item"})
COMMENTS = GRAMMAR.kinds("line_comment", "block_comment")


class Code:
    """The source of one file, and the type that `Self` stands for at the current place."""

    __slots__ = ("_parser", "self_type", "source")

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.self_type = ""
        self._parser: Parser | None = None

    def word(self, node: Node) -> str:
        """Return the text of a node."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    @contextmanager
    def inside(self, self_type: str) -> Iterator[None]:
        """Let `Self` stand for a type."""
        outer, self.self_type = self.self_type, self_type
        yield
        self.self_type = outer

    def parsed(self, start: int, end: int) -> Node | None:
        """Parse a part of the source, such as the body of a macro, as a statement; None if it is none.

        The next semicolon of the file ends the statement, so that positions need no correction.
        """
        ranges = [Range((0, start), (0, end), start, end)]
        semicolon, text = self.source.find(b";", end), self.source
        if semicolon < 0:
            semicolon, text = len(text), text + b";"
        ranges.append(Range((0, semicolon), (0, semicolon + 1), semicolon, semicolon + 1))
        if self._parser is None:
            self._parser = Parser(GRAMMAR.language)
        self._parser.included_ranges = ranges
        root = self._parser.parse(text).root_node
        if root.has_error or not root.named_children:
            return None
        return root


def name(node: Node, code: Code) -> f.Name:
    """Return a node as a name; `Self` is the type that it stands for."""
    start, end = node.start_byte, node.end_byte
    spelt = code.source[start:end].decode("utf-8", "replace")
    if spelt == "Self" and code.self_type:
        return f.Name(start, start, code.self_type)
    return f.Name(start, end, spelt.removeprefix("r#"))


def constant(node: Node, code: Code) -> f.Expr:
    """Return a node as a constant."""
    return f.Const(node.start_byte, node.end_byte, code.word(node))


def grouped(items: tuple[f.Expr, ...], start: int, end: int) -> f.Expr:
    """Return one expression as it is, several as a sequence."""
    return items[0] if len(items) == 1 else f.SequenceExpr(start, end, items)


def plain_text(start: int, end: int, content: str) -> f.Text:
    """Return a name in the source as a text."""
    return f.Text(start, end, (f.Chunk(start, end, content),))
