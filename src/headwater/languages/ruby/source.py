"""The source of one Ruby file while it is converted: its bytes, the bodies of its heredocs, and the local variables.

Ruby writes a local variable and a call without arguments alike: a name is a variable from its first assignment on.
"""

from __future__ import annotations

from collections.abc import Iterable

import tree_sitter
import tree_sitter_ruby
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import LanguageGrammar

GRAMMAR = LanguageGrammar(tree_sitter_ruby.language())
_HEREDOCS = tree_sitter.Query(GRAMMAR.language, "[(heredoc_beginning) (heredoc_body)] @part")


class RubySource(bytes):
    """Source bytes with what the conversion has to remember on its way through the file."""

    heredocs: dict[int, Node]
    variables: set[str]

    def prepare(self, root: Node) -> None:
        """Start a file: pair the opening of each heredoc with its body."""
        self.variables = set()
        self.heredocs = {}
        if self.find(b"<<") < 0:
            return
        waiting: list[int] = []
        for node in sorted(_nodes(root), key=lambda node: node.start_byte):
            if node.type == "heredoc_beginning":
                waiting.append(node.start_byte)
            elif waiting:
                self.heredocs[waiting.pop(0)] = node

    def word(self, node: Node) -> str:
        """Return the text of a node."""
        return self[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def name(self, node: Node) -> f.Name:
        """Return a node as a name."""
        start, end = node.start_byte, node.end_byte
        return f.Name(start, end, self[start:end].decode("utf-8", "replace"))

    def constant(self, node: Node) -> f.Const:
        """Return a node as a constant."""
        start, end = node.start_byte, node.end_byte
        return f.Const(start, end, self[start:end].decode("utf-8", "replace"))

    def symbol(self, node: Node, skip: int = 0) -> f.Text:
        """Return a node without its first characters as a text."""
        start, end = node.start_byte + skip, node.end_byte
        word = self[start:end].decode("utf-8", "replace")
        return f.Text(start, end, (f.Chunk(start, end, word),) if word else ())

    def assign(self, names: Iterable[str]) -> None:
        """Remember local variables."""
        self.variables.update(names)


def _nodes(root: Node) -> list[Node]:
    return tree_sitter.QueryCursor(_HEREDOCS).captures(root).get("part", [])
