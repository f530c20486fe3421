"""Ruby expressions, arguments and patterns to facts."""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.ruby import strings
from headwater.languages.ruby.source import GRAMMAR, RubySource
from headwater.languages.ruby.strings import Lower

_kinds = GRAMMAR.kinds
_ARGUMENTS, _BLOCKS, _PAIR = _kinds("argument_list"), _kinds("block", "do_block"), _kinds("pair")
_KEY, _SYMBOL = _kinds("hash_key_symbol"), _kinds("simple_symbol")
_STRING, _SPLAT, _HASH_SPLAT = _kinds("string"), _kinds("splat_argument"), _kinds("hash_splat_argument")
_BLOCK_ARGUMENT, _COMMENT = _kinds("block_argument"), _kinds("comment", "heredoc_body", "forward_argument")
_IDENTIFIER, _CONSTANT = _kinds("identifier"), _kinds("constant")
RECEIVER, METHOD = GRAMMAR.language.field_id_for_name("receiver"), GRAMMAR.language.field_id_for_name("method")
SKIPPED = ("comment", "heredoc_body", "empty_statement", "uninterpreted")


def expression(node: Node, source: RubySource) -> f.Expr:
    """Lower any expression or pattern."""
    return TABLE.get(node.kind_id, _constant)(node, source)


def expressions(nodes: list[Node], source: RubySource) -> tuple[f.Expr, ...]:
    """Lower the nodes that have a meaning."""
    return tuple([handler(n, source) for n in nodes if (handler := TABLE.get(n.kind_id))])


def several(node: Node, items: tuple[f.Expr, ...]) -> f.Expr:
    """Return one expression as it is, others as a sequence."""
    return items[0] if len(items) == 1 else f.SequenceExpr(node.start_byte, node.end_byte, items)


def _constant(node: Node, source: RubySource) -> f.Expr:
    return source.constant(node)


def _content(node: Node, source: RubySource) -> f.Expr:
    """Lower a node without a meaning of its own to its content."""
    return several(node, expressions(node.named_children, source))


def _name(node: Node, source: RubySource) -> f.Expr:
    return source.name(node)


def _identifier(node: Node, source: RubySource) -> f.Expr:
    """Lower a bare name: a variable if it was assigned, else a call without arguments."""
    name = source.name(node)
    return name if name.id in source.variables else f.Call(name.start, name.end, name)


def target(node: Node, source: RubySource) -> f.Expr:
    """Lower what is assigned to; a bare name becomes a local variable."""
    kind = node.kind_id
    if kind in _IDENTIFIER:
        name = source.name(node)
        source.variables.add(name.id)
        return name
    if node.type in _TARGET_LISTS:
        inner = node.named_children
        return f.SequenceExpr(node.start_byte, node.end_byte, tuple([target(child, source) for child in inner]))
    if node.type in ("rest_assignment", "splat_parameter"):
        inner = node.named_children
        value = target(inner[0], source) if inner else source.constant(node)
        return f.Spread(node.start_byte, node.end_byte, value)
    return expression(node, source)


_TARGET_LISTS = ("left_assignment_list", "destructured_left_assignment", "destructured_parameter")


def _instance(node: Node, source: RubySource) -> f.Expr:
    """Lower `@name` to a member `@name` of `self`: the method `name` is another one."""
    start, end = node.start_byte, node.end_byte
    return f.Attr(start, end, f.Name(start, start, "self"), source.word(node))


def _scope(node: Node, source: RubySource) -> f.Expr:
    parts = node.named_children
    if len(parts) != 2:
        return source.name(parts[0]) if parts else source.constant(node)
    name = parts[1]
    return f.Attr(name.start_byte, name.end_byte, expression(parts[0], source), source.word(name))


def _call(node: Node, source: RubySource) -> f.Expr:
    receiver = method = arguments = block = None
    has_dot = False
    for child in node.children:
        kind = child.kind_id
        if kind in _COMMENT:
            continue
        if kind in _ARGUMENTS:
            arguments = child
        elif kind in _BLOCKS:
            block = child
        elif not child.is_named:
            has_dot = True
        elif method is None and not has_dot:
            receiver, method = None, child
        else:
            receiver, method = method, child
    if has_dot and receiver is None:
        receiver, method = method, None
    func = _function(receiver, method, source)
    if arguments is None and block is None and receiver is not None and method is not None:
        return func
    args, keywords = call_arguments(arguments, source) if arguments is not None else ((), ())
    if block is not None:
        args = (*args, expression(block, source))
    if receiver is None and isinstance(func, f.Name) and func.id in ("lambda", "proc") and block is not None:
        return args[-1]
    return f.Call(node.start_byte, node.end_byte, func, args, keywords)


def _function(receiver: Node | None, method: Node | None, source: RubySource) -> f.Expr:
    if receiver is None:
        return source.name(method) if method is not None else f.Const(0, 0, "")
    value = expression(receiver, source)
    if method is None:
        return f.Attr(receiver.end_byte, receiver.end_byte, value, "call")
    return f.Attr(method.start_byte, method.end_byte, value, source.word(method))


def call_arguments(node: Node, source: RubySource) -> tuple[tuple[f.Expr, ...], tuple[f.Keyword, ...]]:
    """Lower an argument list to its positional and its named arguments; a block argument comes last."""
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    entries: list[f.DictEntry] = []
    for child in node.named_children:
        kind = child.kind_id
        if kind in _PAIR:
            _pair(child, source, keywords, entries)
        elif kind in _HASH_SPLAT:
            keywords.append(f.Keyword(child.start_byte, child.end_byte, None, _content(child, source)))
        elif kind not in _COMMENT:
            args.append(expression(child, source))
    if entries:
        args.append(f.Mapping(node.start_byte, node.end_byte, tuple(entries)))
    return tuple(args), tuple(keywords)


def _pair(node: Node, source: RubySource, keywords: list[f.Keyword], entries: list[f.DictEntry]) -> None:
    """Add `key: value` to the keywords if the key is a plain symbol, else to the entries of a mapping."""
    key = node.children[0]
    if key.kind_id in _KEY or key.kind_id in _SYMBOL:
        name = source.symbol(key, 0 if key.kind_id in _KEY else 1)
        word = name.parts[0].text if name.parts and isinstance(name.parts[0], f.Chunk) else ""
        keywords.append(f.Keyword(name.start, name.end, word, _value(node, source)))
    else:
        entries.append(_entry(node, source))


def _value(node: Node, source: RubySource) -> f.Expr:
    """Return the value of a pair; `{ name: }` means the variable or method of that name."""
    children = node.named_children
    if len(children) > 1:
        return expression(children[-1], source)
    key = children[0]
    word = source.word(key).rstrip(":")
    name = f.Name(key.start_byte, key.start_byte + len(word.encode()), word)
    return name if word in source.variables else f.Call(name.start, name.end, name)


def _entry(node: Node, source: RubySource) -> f.DictEntry:
    key = node.children[0]
    if key.kind_id in _KEY:
        lowered: f.Expr = source.symbol(key)
    else:
        lowered = expression(key, source)
    start, end = lowered.start, lowered.end
    if key.kind_id in _STRING:
        start, end = min(start + 1, end), max(start + 1, end - 1)
    return f.DictEntry(start, end, lowered, _value(node, source))


def _hash(node: Node, source: RubySource) -> f.Expr:
    entries: list[f.DictEntry] = []
    for child in node.named_children:
        if child.kind_id in _PAIR:
            entries.append(_entry(child, source))
        elif child.kind_id in _HASH_SPLAT:
            entries.append(f.DictEntry(child.start_byte, child.end_byte, None, _content(child, source)))
    return f.Mapping(node.start_byte, node.end_byte, tuple(entries))


def _spread(node: Node, source: RubySource) -> f.Expr:
    return f.Spread(node.start_byte, node.end_byte, _content(node, source))


def _block_argument(node: Node, source: RubySource) -> f.Expr:
    """Lower `&:name` to a function of one parameter, and `&block` to the block."""
    inner = node.named_children
    if len(inner) == 1 and inner[0].kind_id in _SYMBOL:
        start, end = inner[0].start_byte + 1, inner[0].end_byte
        value = f.Attr(start, end, f.Name(start, start, "it"), source[start:end].decode("utf-8", "replace"))
        return f.Lambda(node.start_byte, node.end_byte, (f.Param(start, start, "it"),), (f.Return(start, end, value),))
    return several(node, expressions(inner, source))


def _index(node: Node, source: RubySource) -> f.Expr:
    inside = expressions(node.named_children, source)
    if not inside:
        return source.constant(node)
    index = inside[1] if len(inside) == 2 else f.SequenceExpr(node.start_byte, node.end_byte, inside[1:])
    return f.Subscript(node.start_byte, node.end_byte, inside[0], index)


def _binary(node: Node, source: RubySource) -> f.Expr:
    children = node.children
    left, right = expression(children[0], source), expression(children[-1], source)
    op = next((child.type for child in children if not child.is_named), "?")
    return f.Binary(node.start_byte, node.end_byte, op, left, right)


def _unary(node: Node, source: RubySource) -> f.Expr:
    children = node.children
    op = children[0].type
    return f.Unary(node.start_byte, node.end_byte, "!" if op == "not" else op, expression(children[-1], source))


def _choice(node: Node, source: RubySource) -> f.Expr:
    parts = expressions(node.named_children, source)
    if len(parts) != 3:
        return f.SequenceExpr(node.start_byte, node.end_byte, parts)
    return f.Choice(node.start_byte, node.end_byte, *parts)


def _sequence(node: Node, source: RubySource) -> f.Expr:
    return f.SequenceExpr(node.start_byte, node.end_byte, expressions(node.named_children, source))


def _last(node: Node, source: RubySource) -> f.Expr:
    return several(node, expressions(node.named_children, source))


def _bind(node: Node, source: RubySource) -> f.Expr:
    children = node.children
    left = target(children[0], source)
    op = children[1].type if len(children) == 3 else "="
    return f.Bind(left.start, left.end, left, op, expression(children[-1], source))


def _string(node: Node, source: RubySource) -> f.Expr:
    return strings.text(node, source, expression)


def _heredoc(node: Node, source: RubySource) -> f.Expr:
    return strings.heredoc(node, source, expression)


def _symbol(node: Node, source: RubySource) -> f.Expr:
    return source.symbol(node, 1)


def _key(node: Node, source: RubySource) -> f.Expr:
    return source.symbol(node)


def _super(node: Node, source: RubySource) -> f.Expr:
    name = source.name(node)
    return f.Call(name.start, name.end, name)


def _yield(node: Node, source: RubySource) -> f.Expr:
    start = node.start_byte
    inner = node.named_children
    args, keywords = call_arguments(inner[0], source) if inner else ((), ())
    return f.Call(start, node.end_byte, f.Name(start, start + 5, "yield"), args, keywords)


def _rescue_modifier(node: Node, source: RubySource) -> f.Expr:
    return expression(node.named_children[0], source)


HANDLERS: dict[str, Lower] = {
    "identifier": _identifier,
    "constant": _name,
    "self": _name,
    "global_variable": _name,
    "instance_variable": _instance,
    "class_variable": _instance,
    "scope_resolution": _scope,
    "call": _call,
    "element_reference": _index,
    "binary": _binary,
    "range": _sequence,
    "unary": _unary,
    "conditional": _choice,
    "array": _sequence,
    "string_array": _sequence,
    "symbol_array": _sequence,
    "right_assignment_list": _sequence,
    "hash": _hash,
    "splat_argument": _spread,
    "hash_splat_argument": _spread,
    "block_argument": _block_argument,
    "assignment": _bind,
    "operator_assignment": _bind,
    "string": _string,
    "chained_string": _string,
    "delimited_symbol": _string,
    "bare_string": _string,
    "bare_symbol": _string,
    "heredoc_beginning": _heredoc,
    "simple_symbol": _symbol,
    "hash_key_symbol": _key,
    "super": _super,
    "yield": _yield,
    "rescue_modifier": _rescue_modifier,
    "parenthesized_statements": _last,
    "then": _last,
    "pattern": _last,
    "argument_list": _last,
    "interpolation": _last,
}
TABLE: dict[int, Lower] = GRAMMAR.table(HANDLERS, _constant, SKIPPED)
