"""Rust macros to facts: the grammar has only tokens of them, so what looks like code inside is parsed.

A macro whose body is a list of expressions is a call with arguments; one whose body is a block is that block, also
with words in front (`db_run! { conn: { … } }`). `format!` and its like are texts with holes.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.rust import strings, tokens
from headwater.languages.rust.blocks import Sink, Stmts, into, returning, value_of_statements
from headwater.languages.rust.expressions import expression, expressions
from headwater.languages.rust.grammar import COMMENTS, GRAMMAR, Code, name

_MACRO, _NAME, _PATH = GRAMMAR.field("macro"), GRAMMAR.field("name"), GRAMMAR.field("path")
_TREE = GRAMMAR.kinds("token_tree")
_TUPLE = GRAMMAR.kinds("tuple_expression", "parenthesized_expression", "array_expression")
_UNIT, _BLOCK = GRAMMAR.kinds("unit_expression"), GRAMMAR.kinds("block")
_SCOPED, _STRING = GRAMMAR.kinds("scoped_identifier"), GRAMMAR.kinds("string_literal", "raw_string_literal")
# Macros of the standard library and of logging whose first text is a format string; the value of some is the text.
_FORMATS = frozenset(
    [
        "format",
        "println",
        "print",
        "eprintln",
        "eprint",
        "write",
        "writeln",
        "panic",
        "unreachable",
        "todo",
        "unimplemented",
        "assert",
        "debug_assert",
        "info",
        "warn",
        "error",
        "debug",
        "trace",
        "log",
        "bail",
        "anyhow",
        "ensure",
        "eyre",
        "format_args",
    ]
)
_TEXTS = frozenset({"format", "format_args"})
_ASSIGNS = frozenset({":", "=>", "="})


def value(node: Node, code: Code) -> f.Expr:
    """Lower a macro in an expression."""
    called, tree = _parts(node, code)
    if called is None or tree is None:
        return f.Const(node.start_byte, node.end_byte, code.word(node))
    if tree.children[0].type == "{":
        inner = statements(node, code, returning)
        if inner and not any(isinstance(stmt, f.Class) for stmt in inner):
            return value_of_statements(inner, node)
    args, keywords = arguments(tree, code)
    title = called.name if isinstance(called, f.Attr) else called.id if isinstance(called, f.Name) else ""
    start, end = node.start_byte, node.end_byte
    if title == "vec":
        return f.SequenceExpr(start, end, args)
    if title == "concat" and all(isinstance(arg, f.Text) for arg in args):
        return f.Text(start, end, tuple(part for arg in args for part in getattr(arg, "parts", ())))
    if title in _FORMATS:
        args = _formatted(args, keywords)
        if title in _TEXTS and args:
            return args[0]
    return f.Call(start, end, called, args, keywords)


def statements(node: Node, code: Code, sink: Sink) -> Stmts:
    """Lower a macro that stands as a statement or declaration; `sink` receives the value of its block."""
    called, tree = _parts(node, code)
    if called is None or tree is None:
        return ()
    if tokens.is_table(tree):
        return tokens.table(tree, code)
    if tree.children[0].type == "{":
        inner = _block(tree, code, sink)
        if inner is not None:
            return inner
    result = value(node, code) if tree.children[0].type != "{" else _call(called, tree, node, code)
    return (sink(result),)


def _call(called: f.Expr, tree: Node, node: Node, code: Code) -> f.Expr:
    args, keywords = arguments(tree, code)
    return f.Call(node.start_byte, node.end_byte, called, args, keywords)


def _parts(node: Node, code: Code) -> tuple[f.Expr | None, Node | None]:
    """Return the name of a macro and its token tree."""
    title = node.child_by_field_id(_MACRO)
    tree = node.named_children[-1] if node.named_children else None
    if title is None or tree is None or tree.kind_id not in _TREE or len(tree.children) < 2:
        return None, None
    return expression(title, code), tree


def _block(tree: Node, code: Code, sink: Sink) -> Stmts | None:
    """Lower a body in braces: a block, or blocks with words in front of each; None if it is neither."""
    inside = tokens.inner_tokens(tree)
    root = None if _is_labelled(inside) else code.parsed(tree.start_byte, tree.end_byte)
    if root is not None:
        return into(_only(root), code, sink)
    trees = [token for token in inside if token.kind_id in _TREE and token.children[0].type == "{"]
    if not trees or _is_mapping(inside):
        return None
    bodies = [_block(inner, code, sink) for inner in trees]
    return tuple(stmt for body in bodies if body is not None for stmt in body) if any(bodies) else None


def _is_mapping(inside: list[Node]) -> bool:
    """Return True for the tokens of `{ "key": value, … }`."""
    return len(inside) > 1 and inside[0].kind_id in _STRING and inside[1].type in _ASSIGNS


def _is_labelled(inside: list[Node]) -> bool:
    """Return True for tokens that cannot be parsed as code: they begin with a label, or a part in braces does.

    Trying to parse these costs more than all else.
    """
    if len(inside) > 1 and inside[1].type in (":", "=>"):
        return True
    return any(
        _is_labelled(tokens.inner_tokens(token)) and tokens.inner_tokens(token)[0].kind_id in _STRING
        for token in inside
        if token.kind_id in _TREE and token.children[0].type == "{"
    )


def _only(root: Node) -> Node:
    """Return the expression of a parsed statement."""
    first = next((child for child in root.named_children if child.kind_id not in COMMENTS), root)
    return first.named_children[0] if first.type == "expression_statement" and first.named_children else first


def _parsed(tree: Node, code: Code) -> Node | None:
    return None if _is_labelled(tokens.inner_tokens(tree)) else code.parsed(tree.start_byte, tree.end_byte)


def arguments(tree: Node, code: Code) -> tuple[tuple[f.Expr, ...], tuple[f.Keyword, ...]]:
    """Lower the body of a macro to arguments; `name = value` is a keyword."""
    root = _parsed(tree, code)
    if root is None:
        return _salvaged(tree, code), ()
    whole = _only(root)
    if whole.kind_id in _UNIT:
        return (), ()
    nodes = whole.named_children if whole.kind_id in _TUPLE else [whole]
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    for item in expressions(nodes, code):
        if isinstance(item, f.Bind) and isinstance(item.target, f.Name) and item.op == "=":
            keywords.append(f.Keyword(item.target.start, item.target.end, item.target.id, item.value))
        else:
            args.append(item)
    return tuple(args), tuple(keywords)


def _salvaged(tree: Node, code: Code) -> tuple[f.Expr, ...]:
    """Lower a body that is no list of expressions piece by piece, between its commas and arrows."""
    entries: list[f.DictEntry] = []
    args: list[f.Expr] = []
    for part in _pieces(tokens.inner_tokens(tree)):
        key, rest = (part[0], part[2:]) if len(part) > 2 and part[1].type in _ASSIGNS else (None, part)
        lowered = _piece(rest, code)
        if key is None or lowered is None:
            args.extend(() if lowered is None else (lowered,))
            continue
        label: f.Expr = strings.text(key, code) if key.kind_id in _STRING else name(key, code)
        inset = 1 if key.kind_id in _STRING else 0
        start = key.start_byte + inset
        entries.append(f.DictEntry(start, max(start, key.end_byte - inset), label, lowered))
    if entries:
        args.append(f.Mapping(tree.start_byte, tree.end_byte, tuple(entries)))
    return tuple(args)


def _pieces(inside: list[Node]) -> Iterator[list[Node]]:
    part: list[Node] = []
    for token in inside:
        if token.type in (",", ";", "->"):
            if part:
                yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _piece(part: list[Node], code: Code) -> f.Expr | None:
    """Lower one piece of a body, or what can be understood inside it."""
    only = part[0] if len(part) == 1 else None
    if only is not None and only.kind_id in _TREE:
        return _nested(only, code)
    root = code.parsed(part[0].start_byte, part[-1].end_byte)
    if root is not None:
        return expression(_only(root), code)
    nested = tuple(inner for token in part if token.kind_id in _TREE and (inner := _nested(token, code)) is not None)
    if not nested:
        return None
    return nested[0] if len(nested) == 1 else f.SequenceExpr(part[0].start_byte, part[-1].end_byte, nested)


def _nested(tree: Node, code: Code) -> f.Expr | None:
    root = _parsed(tree, code)
    if root is not None:
        return expression(_only(root), code)
    inner = _salvaged(tree, code)
    if tree.children[0].type == "[":
        return f.SequenceExpr(tree.start_byte, tree.end_byte, inner)
    return inner[0] if len(inner) == 1 else f.SequenceExpr(tree.start_byte, tree.end_byte, inner) if inner else None


def _formatted(args: tuple[f.Expr, ...], keywords: tuple[f.Keyword, ...]) -> tuple[f.Expr, ...]:
    """Put the arguments of a format string into its holes."""
    position = next((i for i, arg in enumerate(args) if isinstance(arg, f.Text)), None)
    if position is None:
        return args
    literal = args[position]
    named = {keyword.name: keyword.value for keyword in keywords if keyword.name}
    if not isinstance(literal, f.Text):
        return args
    rest = args[position + 1 :]
    return (*args[:position], strings.formatted(literal, rest, named), *rest)
