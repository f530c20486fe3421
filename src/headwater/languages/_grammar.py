"""What languages parsed by tree-sitter share: node kinds by number, dispatch tables, texts, and counts of errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import tree_sitter
from tree_sitter import Node

from headwater.catalog import facts as f

ERROR = 0xFFFF  # the kind of a node around text that the parser passed over
Handler = TypeVar("Handler", bound=Callable[..., object])
Lower = Callable[[Node, bytes], f.Expr]
Stmts = tuple[f.Stmt, ...]


class LanguageGrammar:
    """A grammar: its parser, and the numbers of its node kinds (several kinds may share a name)."""

    def __init__(self, pointer: object) -> None:
        self.language = tree_sitter.Language(pointer)
        self.parser = tree_sitter.Parser(self.language)

    def kinds(self, *names: str) -> frozenset[int]:
        """Return every kind id that has one of these node names."""
        every = range(self.language.node_kind_count)
        ids = frozenset(kind for kind in every if self.language.node_kind_for_id(kind) in names)
        missing = set(names) - {self.language.node_kind_for_id(kind) for kind in ids}
        if missing:
            raise LookupError(f"The grammar has no node called {', '.join(sorted(missing))}.")
        return ids

    def table(self, handlers: Mapping[str, Handler], default: Handler, skipped: Iterable[str]) -> dict[int, Handler]:
        """Return the handler of each kind id; punctuation and what is skipped have none, other nodes the default."""
        nothing = frozenset(skipped)
        self.kinds(*handlers, *nothing)
        rows: dict[int, Handler] = {}
        for kind in range(self.language.node_kind_count):
            name = self.language.node_kind_for_id(kind) or ""
            if (self.language.node_kind_is_named(kind) or name in handlers) and name not in nothing:
                rows[kind] = handlers.get(name, default)
        return rows

    def field(self, name: str) -> int:
        """Return the id of a field, by which a child is looked up faster than by its name."""
        number = self.language.field_id_for_name(name)
        if number is None:
            raise LookupError(f"The grammar has no field called {name}.")
        return number


def word(node: Node, source: bytes) -> str:
    """Return the text of a node."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def constant(node: Node, source: bytes) -> f.Expr:
    """Return a node as a constant."""
    start, end = node.start_byte, node.end_byte
    return f.Const(start, end, source[start:end].decode("utf-8", "replace"))


def name(node: Node, source: bytes) -> f.Expr:
    """Return an identifier as a name."""
    start, end = node.start_byte, node.end_byte
    return f.Name(start, end, source[start:end].decode("utf-8", "replace"))


def mark(node: Node, text: str) -> f.Name:
    """Return a name that the source does not contain, at the start of a node."""
    return f.Name(node.start_byte, node.start_byte, text)


def several(node: Node, items: tuple[f.Expr, ...]) -> f.Expr:
    """Return one expression as it is, others as a sequence."""
    return items[0] if len(items) == 1 else f.SequenceExpr(node.start_byte, node.end_byte, items)


def returned(value: f.Expr) -> Stmts:
    """Return the body of a function that is only an expression."""
    return (f.Return(value.start, value.end, value),)


def count_errors(node: Node) -> int:
    """Count the error and missing nodes, descending only into trees that have some."""
    count, stack = 0, [node]
    while stack:  # a tree can be deeper than calls may nest
        current = stack.pop()
        if current.is_error or current.is_missing:
            count += 1
        else:
            stack += [child for child in current.children if child.has_error]
    return count


def module(
    grammar: LanguageGrammar, path: str, language: str, source: bytes, lower: Callable[[Node, bytes], tuple[Stmts, str]]
) -> f.Module:
    """Parse a file and lower it to (statements, package); what is nested too deeply is counted as an error."""
    root = grammar.parser.parse(source).root_node
    errors = count_errors(root) if root.has_error else 0
    try:
        body, package = lower(root, source)
    except RecursionError:
        body, package, errors = (), "", errors + 1
    return f.Module(path, language, body, source.count(b"\n") + 1, errors, package)
