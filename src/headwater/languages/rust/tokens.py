"""Token trees to facts: attributes, and the declarations inside of macros such as `table!`.

Inside of these, the grammar has tokens only. Attributes are lists of names with values or arguments; a table is
`name (keys) { column -> Type, … }`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.rust import strings
from headwater.languages.rust.grammar import COMMENTS, GRAMMAR, Code, constant, grouped, name, plain_text

_TREE, _STRING = GRAMMAR.kinds("token_tree"), GRAMMAR.kinds("string_literal", "raw_string_literal")
_ATTRIBUTE, _ARGUMENTS, _VALUE = GRAMMAR.kinds("attribute"), GRAMMAR.field("arguments"), GRAMMAR.field("value")
_WORDS = GRAMMAR.kinds("identifier", "primitive_type", "crate", "self", "super")
_LITERALS = GRAMMAR.kinds("integer_literal", "float_literal", "boolean_literal", "char_literal")

_CLOSING = (">", ">>")

Tokens = list[Node]


def attribute(node: Node, code: Code) -> f.Expr | None:
    """Lower `#[name]`, `#[name = value]` and `#[name(arguments)]`."""
    inner = next((child for child in node.named_children if child.kind_id in _ATTRIBUTE), None)
    if inner is None or not inner.named_children:
        return None
    given, value = inner.child_by_field_id(_ARGUMENTS), inner.child_by_field_id(_VALUE)
    called = _path_node(inner.named_children[0], code)
    if given is not None:
        args, keywords = _arguments(given, code)
        return f.Call(inner.start_byte, inner.end_byte, called, args, keywords)
    if value is not None:
        literal = strings.text(value, code) if value.kind_id in _STRING else constant(value, code)
        return f.Call(inner.start_byte, inner.end_byte, called, (literal,))
    return called


def _path_node(node: Node, code: Code) -> f.Expr:
    if node.kind_id in _WORDS or not node.named_children:
        return name(node, code)
    last = node.named_children[-1]
    return f.Attr(last.start_byte, last.end_byte, _path_node(node.named_children[0], code), code.word(last))


def inner_tokens(tree: Node) -> Tokens:
    """Return the tokens of a token tree without its delimiters and comments; `>>`, which closes two, is twice there."""
    tokens: Tokens = []
    for child in tree.children[1:-1]:
        if child.kind_id not in COMMENTS:
            tokens += [child, child] if child.type == ">>" else [child]
    return tokens


def split(tokens: Tokens, separators: str = ",") -> Iterator[Tokens]:
    """Yield the tokens between commas; a comma inside of `<…>` separates nothing."""
    part: Tokens = []
    depth = 0
    for token in tokens:
        kind = token.type
        depth += (kind == "<") - (kind in _CLOSING and depth > 0)
        if kind in separators and not depth:
            if part:
                yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _arguments(tree: Node, code: Code) -> tuple[tuple[f.Expr, ...], tuple[f.Keyword, ...]]:
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    for part in split(inner_tokens(tree)):
        if len(part) > 2 and part[1].type == "=":
            start, end = part[0].start_byte, part[0].end_byte
            keywords.append(f.Keyword(start, end, code.word(part[0]), value_of(part[2:], code)))
        else:
            args.append(value_of(part, code))
    return tuple(args), tuple(keywords)


def value_of(tokens: Tokens, code: Code) -> f.Expr:
    """Lower the tokens of a value: a literal, a path, or a path with arguments or type arguments."""
    first, last = tokens[0], tokens[-1]
    if first.kind_id in _STRING:
        return strings.text(first, code)
    if first.kind_id in _LITERALS or first.kind_id in _TREE:
        return constant(first, code)
    path = _path(tokens, code)
    if len(tokens) > 1 and last.kind_id in _TREE and path is not None:
        args, keywords = _arguments(last, code)
        return f.Call(first.start_byte, last.end_byte, path, args, keywords)
    opening = next((i for i, token in enumerate(tokens) if token.type == "<"), None)
    if opening is not None and path is not None and last.type in _CLOSING:
        inside = tuple(value_of(part, code) for part in split(tokens[opening + 1 : -1]))
        start, end = first.start_byte, last.end_byte
        return f.Subscript(start, end, path, grouped(inside, start, end))
    return path or constant(first, code)


def _path(tokens: Tokens, code: Code) -> f.Expr | None:
    """Lower the path at the beginning of tokens."""
    value: f.Expr | None = None
    for token in tokens:
        if token.type in ("::", "&", "'"):
            continue
        if not (token.kind_id in _WORDS or code.word(token).isidentifier()):
            break
        start, end = token.start_byte, token.end_byte
        value = name(token, code) if value is None else f.Attr(start, end, value, code.word(token).removeprefix("r#"))
    return value


def is_table(tree: Node) -> bool:
    """Return True if a macro's body declares a table: it ends with `name (keys) { … }` with an arrow in it."""
    tokens = inner_tokens(tree)
    if len(tokens) < 2 or tokens[-1].kind_id not in _TREE or tokens[-1].children[0].type != "{":
        return False
    return any(token.type == "->" for token in tokens[-1].children)


def table(tree: Node, code: Code) -> tuple[f.Stmt, ...]:
    """Lower `schema.name (keys) { column -> Type, … }` to a class of kind `table`."""
    tokens = inner_tokens(tree)
    body, head = tokens[-1], tokens[:-1]
    begin = max((i for i, token in enumerate(head) if token.type in (";", "]")), default=-1) + 1
    marks = _marks(head[:begin], code)
    keywords: list[f.Keyword] = []
    if len(head) > begin and head[-1].kind_id in _TREE:
        keys = tuple(name(token, code) for token in inner_tokens(head[-1]) if token.kind_id in _WORDS)
        start, end = head[-1].start_byte, head[-1].end_byte
        keywords.append(f.Keyword(start, end, "primary_key", f.SequenceExpr(start, end, keys)))
        head = head[:-1]
    parts = [token for token in head[begin:] if code.word(token).isidentifier() or token.kind_id in _WORDS]
    if not parts:
        return ()
    title = parts[-1]
    if len(parts) > 1:
        start, end = parts[0].start_byte, parts[0].end_byte
        keywords.append(f.Keyword(start, end, "schema", plain_text(start, end, code.word(parts[0]))))
    fields = tuple(field for part in split(inner_tokens(body)) if (field := _field(part, code)) is not None)
    spelt = name(title, code)
    return (f.Class(spelt.start, spelt.end, spelt.id, (), tuple(keywords), marks, fields, "table", True),)


def _field(tokens: Tokens, code: Code) -> f.Stmt | None:
    arrow = next((i for i, token in enumerate(tokens) if token.type == "->"), None)
    if arrow is None or arrow == 0 or arrow + 1 >= len(tokens):
        return None
    target = name(tokens[arrow - 1], code)
    kind = value_of(tokens[arrow + 1 :], code)
    return f.Assign(target.start, kind.end, (target,), None, kind, "=", _marks(tokens[: arrow - 1], code))


def _marks(tokens: Tokens, code: Code) -> tuple[f.Expr, ...]:
    """Lower the attributes among tokens: a hash and a token tree each."""
    marks: list[f.Expr] = []
    for sign, tree in pairwise(tokens):
        if sign.type != "#" or tree.kind_id not in _TREE:
            continue
        inside = inner_tokens(tree)
        if len(inside) > 2 and inside[1].type == "=":
            literal = value_of(inside[2:], code)
            marks.append(f.Call(tree.start_byte, tree.end_byte, name(inside[0], code), (literal,)))
        elif inside:
            marks.append(value_of(inside, code))
    return tuple(marks)


def texts(tree: Node, code: Code) -> Iterator[f.Expr]:
    """Yield the strings at any depth of a token tree."""
    for child in tree.named_children:
        if child.kind_id in _STRING:
            yield strings.text(child, code)
        elif child.kind_id in _TREE:
            yield from texts(child, code)
