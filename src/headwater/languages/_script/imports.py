"""Imports of TypeScript and JavaScript to facts: ES modules, `require`, `import x = require`."""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._script.expressions import word


def required(value: Node, source: bytes) -> str | None:
    """Return the module that `require("…")` names, or None."""
    func, given = value.child_by_field_name("function"), value.child_by_field_name("arguments")
    if value.type != "call_expression" or func is None or given is None or word(func, source) != "require":
        return None
    first = given.named_children[0] if given.named_children else None
    return unquoted(first, source) if first is not None and first.type == "string" else None


def require(name: Node, module: str, source: bytes) -> list[f.Stmt]:
    """Lower `name = require(module)`; a pattern imports each of its names."""
    start, end = name.start_byte, name.end_byte
    if name.type == "identifier":
        return [f.Import(start, end, module, None, word(name, source))]
    statements: list[f.Stmt] = []
    for child in name.named_children if name.type == "object_pattern" else ():
        key, value = child.child_by_field_name("key") or child, child.child_by_field_name("value") or child
        value = value.child_by_field_name("left") or value
        if child.type != "rest_pattern":
            statements.append(
                f.Import(child.start_byte, child.end_byte, module, word(key, source), word(value, source))
            )
    return statements


def unquoted(node: Node, source: bytes) -> str:
    """Return the text of a string literal without its quotes."""
    return word(node, source)[1:-1]


def imports(node: Node, source: bytes) -> list[f.Stmt]:
    """Lower an import statement."""
    origin = node.child_by_field_name("source")
    if origin is None:
        clause = next((child for child in node.named_children if child.type == "import_require_clause"), None)
        return _import_require(clause, source) if clause else []
    module = unquoted(origin, source)
    clause = next((child for child in node.named_children if child.type == "import_clause"), None)
    return [stmt for child in (clause.named_children if clause else ()) for stmt in _imported(child, module, source)]


def _imported(node: Node, module: str, source: bytes) -> list[f.Stmt]:
    start, end = node.start_byte, node.end_byte
    if node.type == "identifier":
        return [f.Import(start, end, module, "default", word(node, source))]
    if node.type == "namespace_import":
        return [f.Import(start, end, module, None, word(node.named_children[0], source))]
    statements: list[f.Stmt] = []
    for child in node.named_children:
        name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
        if name is not None:
            statements.append(
                f.Import(name.start_byte, name.end_byte, module, word(name, source), word(alias or name, source))
            )
    return statements


def _import_require(clause: Node, source: bytes) -> list[f.Stmt]:
    origin = clause.child_by_field_name("source")
    name = clause.named_children[0]
    return (
        [f.Import(name.start_byte, name.end_byte, unquoted(origin, source), None, word(name, source))] if origin else []
    )
