"""Python statements, definitions and imports to facts."""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.python.expressions import call_arguments, expression, expressions, parameters
from headwater.languages.python.grammar import kinds, table

_BLOCK, _STRING = kinds("block"), kinds("string", "concatenated_string")
_IDENTIFIER, _ARGUMENTS = kinds("identifier"), kinds("argument_list")
_PARAMETERS, _TYPE, _TYPE_PARAMETERS = kinds("parameters"), kinds("type"), kinds("type_parameter")
_DECORATOR, _DEFINITION = kinds("decorator"), kinds("class_definition", "function_definition")
_ASSIGNMENT, _AUGMENTED, _YIELD = kinds("assignment"), kinds("augmented_assignment"), kinds("yield")
_ELSE, _ELIF, _CASE = kinds("else_clause"), kinds("elif_clause"), kinds("case_clause")
_IF_CLAUSE, _CASE_PATTERN, _CLASS_PATTERN = kinds("if_clause"), kinds("case_pattern"), kinds("class_pattern")
_WITH, _WITH_ITEM, _AS = kinds("with_clause"), kinds("with_item"), kinds("as_pattern")
_HANDLERS_OF_TRY = kinds("except_clause", "finally_clause", "else_clause")
_ALIASED, _DOTTED = kinds("aliased_import"), kinds("dotted_name")
_RELATIVE, _WILDCARD = kinds("relative_import"), kinds("wildcard_import")
_ERROR = 65535

Stmts = tuple[f.Stmt, ...]


def statements(node: Node, source: bytes) -> Stmts:
    """Lower the statements under a module, block or error node."""
    result: list[f.Stmt] = []
    for child in node.children:
        kind = child.kind_id
        if kind == _ERROR:
            result.extend(statements(child, source))
        elif handler := _TABLE.get(kind):
            result.extend(handler(child, source))
    return tuple(result)


def _block(node: Node, source: bytes) -> Stmts:
    """Lower the block of a compound statement."""
    for child in reversed(node.children):
        if child.kind_id in _BLOCK:
            return statements(child, source)
    return ()


def _none(node: Node, source: bytes) -> Stmts:
    return ()


def _expression_statement(node: Node, source: bytes) -> Stmts:
    child = node.children[0]
    kind = child.kind_id
    if kind in _STRING:
        return ()
    start, end = child.start_byte, child.end_byte
    if kind in _ASSIGNMENT:
        return (_assignment(child, source),)
    if kind in _AUGMENTED:
        left, op, right = child.children[0], child.children[1], child.children[-1]
        return (f.Assign(start, end, (expression(left, source),), expression(right, source), None, op.type),)
    if kind in _YIELD:
        passes_on = any(part.type == "from" for part in child.children)
        return (f.Return(start, end, expression(child, source), "yield from" if passes_on else "yield"),)
    if len(node.children) > 1:
        return (f.Do(start, end, f.SequenceExpr(start, end, expressions(node.children, source))),)
    return (f.Do(start, end, expression(child, source)),)


def _assignment(node: Node, source: bytes) -> f.Assign:
    targets: list[f.Expr] = []
    start, end = node.start_byte, node.end_byte
    annotation: f.Expr | None = None
    while True:
        children = node.children
        targets.append(expression(children[0], source))
        for child in children:
            if child.kind_id in _TYPE:
                annotation = expression(child, source)
        last = children[-1]
        if last.kind_id not in _ASSIGNMENT:
            break
        node = last
    has_value = len(children) > 1 and last.kind_id not in _TYPE
    value = expression(last, source) if has_value else None
    return f.Assign(start, end, tuple(targets), value, annotation)


def _return(node: Node, source: bytes) -> Stmts:
    values = expressions(node.children, source)
    return (f.Return(node.start_byte, node.end_byte, values[0] if values else None),)


def _worded(node: Node, source: bytes) -> Stmts:
    """Lower `del x`, `raise x`, `assert x`."""
    word = node.children[0].type
    return tuple(f.Do(value.start, value.end, value, word) for value in expressions(node.children[1:], source))


def _if(node: Node, source: bytes) -> Stmts:
    """Lower `if … elif … else` to branches nested in each other."""
    heads = [node, *(child for child in node.children if child.kind_id in _ELIF)]
    otherwise: Stmts = ()
    for child in node.children:
        if child.kind_id in _ELSE:
            otherwise = _block(child, source)
    for head in reversed(heads):
        test = expressions([c for c in head.children[1:] if _is_test(c)], source)
        body = next((statements(c, source) for c in head.children if c.kind_id in _BLOCK), ())
        if test:
            otherwise = (f.Branch(head.start_byte, head.end_byte, test[0], body, otherwise),)
    return otherwise


def _is_test(node: Node) -> bool:
    kind = node.kind_id
    return node.is_named and kind not in _BLOCK and kind not in _ELIF and kind not in _ELSE


def _for(node: Node, source: bytes) -> Stmts:
    heads = [child for child in node.children if _is_test(child)]
    parts = expressions(heads, source)
    body = next((statements(c, source) for c in node.children if c.kind_id in _BLOCK), ())
    if len(parts) != 2:
        return (f.Scope(node.start_byte, node.end_byte, parts, body),)
    loop = f.Loop(node.start_byte, node.end_byte, parts[0], parts[1], body)
    return (loop, *_else(node, source))


def _while(node: Node, source: bytes) -> Stmts:
    parts = expressions([child for child in node.children[1:] if _is_test(child)], source)
    body = next((statements(c, source) for c in node.children if c.kind_id in _BLOCK), ())
    loop = f.Loop(node.start_byte, node.end_byte, None, parts[0] if parts else None, body)
    return (loop, *_else(node, source))


def _else(node: Node, source: bytes) -> Stmts:
    last = node.children[-1]
    return _block(last, source) if last.kind_id in _ELSE else ()


def _with(node: Node, source: bytes) -> Stmts:
    items: list[f.Expr] = []
    for clause in node.children:
        if clause.kind_id in _WITH:
            items.extend(_context(item.children[0], source) for item in clause.children if item.kind_id in _WITH_ITEM)
    return (f.Scope(node.start_byte, node.end_byte, tuple(items), _block(node, source)),)


def _context(node: Node, source: bytes) -> f.Expr:
    parts = expressions(node.children, source) if node.kind_id in _AS else ()
    if len(parts) == 2:
        return f.Binary(node.start_byte, node.end_byte, "as", parts[0], parts[1])
    return expression(node, source)


def _try(node: Node, source: bytes) -> Stmts:
    body = next((statements(c, source) for c in node.children if c.kind_id in _BLOCK), ())
    for clause in node.children:
        if clause.kind_id in _HANDLERS_OF_TRY:
            body += _block(clause, source)
    return (f.Scope(node.start_byte, node.end_byte, (), body),)


def _match(node: Node, source: bytes) -> Stmts:
    """Lower `match` to the evaluation of its subject and a chain of branches, one per case."""
    subject = tuple(f.Do(v.start, v.end, v) for v in expressions(node.children[:2], source))
    block = next((child for child in node.children if child.kind_id in _BLOCK), node)
    chain: Stmts = ()
    for case in reversed([child for child in block.children if child.kind_id in _CASE]):
        guard = next((expressions(c.children, source) for c in case.children if c.kind_id in _IF_CLAUSE), ())
        test = guard[0] if guard else _class_test(case, subject, source)
        chain = (f.Branch(case.start_byte, case.end_byte, test, _block(case, source), chain),)
    return subject + chain


def _class_test(case: Node, subject: tuple[f.Do, ...], source: bytes) -> f.Expr:
    """Lower `case User():` to `isinstance(subject, User)`; other patterns are opaque."""
    start, end = case.start_byte, case.start_byte
    patterns = [child.children[0] for child in case.children if child.kind_id in _CASE_PATTERN and child.children]
    if len(subject) != 1 or len(patterns) != 1 or patterns[0].kind_id not in _CLASS_PATTERN:
        return f.Const(start, end, "case")
    name = expression(patterns[0].children[0], source)
    return f.Call(name.start, name.end, f.Name(start, end, "isinstance"), (subject[0].value, name))


def _function(node: Node, source: bytes, decorators: tuple[f.Expr, ...] = ()) -> Stmts:
    name: Node | None = None
    params: tuple[f.Param, ...] = ()
    returns: f.Expr | None = None
    body: Stmts = ()
    for child in node.children:
        kind = child.kind_id
        if kind in _IDENTIFIER:
            name = child
        elif kind in _PARAMETERS:
            params = parameters(child, source)
        elif kind in _TYPE:
            returns = expression(child, source)
        elif kind in _BLOCK:
            body = statements(child, source)
    if name is None:
        return body
    word = source[name.start_byte : name.end_byte].decode("utf-8", "replace")
    exported = not word.startswith("_")
    return (f.Function(name.start_byte, name.end_byte, word, params, returns, decorators, body, exported),)


def _class(node: Node, source: bytes, decorators: tuple[f.Expr, ...] = ()) -> Stmts:
    name: Node | None = None
    bases: tuple[f.Expr, ...] = ()
    keywords: tuple[f.Keyword, ...] = ()
    generics: tuple[f.Expr, ...] = ()
    body: Stmts = ()
    for child in node.children:
        kind = child.kind_id
        if kind in _IDENTIFIER:
            name = child
        elif kind in _ARGUMENTS:
            bases, keywords = call_arguments(child, source)
        elif kind in _TYPE_PARAMETERS:
            generics = (_generic_base(child, source),)
        elif kind in _BLOCK:
            body = statements(child, source)
    if name is None:
        return body
    word = source[name.start_byte : name.end_byte].decode("utf-8", "replace")
    head = (name.start_byte, name.end_byte, word, bases + generics, keywords, decorators, body)
    return (f.Class(*head, exported=not word.startswith("_")),)


def _generic_base(node: Node, source: bytes) -> f.Expr:
    """Lower `class A[T]` to a base `Generic[T]`."""
    start, end = node.start_byte, node.end_byte
    names = expressions(node.children, source)
    index = names[0] if len(names) == 1 else f.SequenceExpr(start, end, names)
    return f.Subscript(start, end, f.Name(start, end, "Generic"), index)


def _decorated(node: Node, source: bytes) -> Stmts:
    decorators: list[f.Expr] = []
    for child in node.children:
        if child.kind_id in _DECORATOR:
            decorators.extend(expressions(child.children, source))
        elif child.kind_id in _DEFINITION:
            lower = _class if child.type == "class_definition" else _function
            return lower(child, source, tuple(decorators))
    return ()


def _type_alias(node: Node, source: bytes) -> Stmts:
    parts = expressions(node.children, source)
    if len(parts) != 2:
        return ()
    name = parts[0].value if isinstance(parts[0], f.Subscript) else parts[0]
    return (f.Assign(node.start_byte, node.end_byte, (name,), parts[1]),)


def _import(node: Node, source: bytes) -> Stmts:
    imports: list[f.Stmt] = []
    for child in node.children:
        if child.kind_id in _ALIASED:
            module, alias = _text(child.children[0], source), _text(child.children[-1], source)
            imports.append(f.Import(child.start_byte, child.end_byte, module, None, alias))
        elif child.kind_id in _DOTTED:
            module = _text(child, source)
            imports.append(f.Import(child.start_byte, child.end_byte, module, None, module.split(".")[0]))
    return tuple(imports)


def _import_from(node: Node, source: bytes) -> Stmts:
    module: str | None = None
    imports: list[f.Stmt] = []
    for child in node.children:
        kind, start, end = child.kind_id, child.start_byte, child.end_byte
        if module is None:
            if kind in _RELATIVE or kind in _DOTTED:
                module = _text(child, source).replace(" ", "")
        elif kind in _ALIASED:
            name, alias = child.children[0], child.children[-1]
            imports.append(f.Import(name.start_byte, name.end_byte, module, _text(name, source), _text(alias, source)))
        elif kind in _DOTTED:
            name_ = _text(child, source)
            imports.append(f.Import(start, end, module, name_, name_))
        elif kind in _WILDCARD:
            imports.append(f.Import(start, end, module, "*", "*"))
    return tuple(imports)


def _text(node: Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


_HANDLERS = {
    "expression_statement": _expression_statement,
    "return_statement": _return,
    "delete_statement": _worded,
    "raise_statement": _worded,
    "assert_statement": _worded,
    "if_statement": _if,
    "for_statement": _for,
    "while_statement": _while,
    "with_statement": _with,
    "try_statement": _try,
    "match_statement": _match,
    "function_definition": _function,
    "class_definition": _class,
    "decorated_definition": _decorated,
    "type_alias_statement": _type_alias,
    "import_statement": _import,
    "import_from_statement": _import_from,
    "block": statements,
}
_TABLE = table(_HANDLERS, _none)
