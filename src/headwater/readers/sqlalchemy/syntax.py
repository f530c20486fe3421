"""Small helpers on Python facts for all parts of this reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headwater.catalog import facts as f
from headwater.catalog.names import snake
from headwater.readers import CodeProject

# Wrappers that set how an attribute is loaded or typed; the attribute is inside.
MAPPED = frozenset({"Mapped", "WriteOnlyMapped", "DynamicMapped", "SQLAMapped"})
LISTS = frozenset(
    {"list", "List", "set", "Set", "Sequence", "Iterable", "Collection", "MutableSequence", "AppenderQuery"}
    | {"InstrumentedList", "AssociationList", "OrderingList", "WriteOnlyMapped", "DynamicMapped", "dict", "Dict"}
)
_FORWARD = re.compile(r"[A-Za-z_][\w.]*")


def last(expr: f.Expr | None) -> str:
    """Return the last part of a dotted name: Column for `sa.Column`; "" for other expressions."""
    if isinstance(expr, f.Name):
        return expr.id
    return expr.name if isinstance(expr, f.Attr) else ""


def dotted(expr: f.Expr | None) -> str:
    """Return `a.b.c` as text, or "" for other expressions."""
    if isinstance(expr, f.Name):
        return expr.id
    if isinstance(expr, f.Attr):
        before = dotted(expr.value)
        return f"{before}.{expr.name}" if before else ""
    return ""


def called(expr: f.Expr | None) -> str:
    """Return the last part of the name of the function that a call calls."""
    return last(expr.func) if isinstance(expr, f.Call) else ""


def text_of(expr: f.Expr | None) -> str | None:
    """Return the text of a string literal without holes, or None."""
    if not isinstance(expr, f.Text):
        return None
    parts = [part.text for part in expr.parts if isinstance(part, f.Chunk)]
    return "".join(parts) if len(parts) == len(expr.parts) else None


def is_true(expr: f.Expr | None) -> bool:
    """Return True if this is the literal True."""
    return isinstance(expr, f.Const) and expr.text == "True"


def keyword(call: f.Call, name: str) -> f.Expr | None:
    """Return the value of a named argument, or None."""
    return next((k.value for k in call.keywords if k.name == name), None)


def items(expr: f.Expr | None) -> tuple[f.Expr, ...]:
    """Return the items of a list or tuple, or a single expression as the only item."""
    if expr is None:
        return ()
    return expr.items if isinstance(expr, f.SequenceExpr) else (expr,)


def arguments(index: f.Subscript) -> tuple[f.Expr, ...]:
    """Return the arguments of a generic type."""
    return items(index.index)


def returned(body: tuple[f.Stmt, ...]) -> Iterator[f.Expr]:
    """Yield the return values of a function body, at any depth."""
    for stmt in body:
        if isinstance(stmt, f.Return) and stmt.value is not None:
            yield stmt.value
        elif isinstance(stmt, f.Branch):
            yield from returned(stmt.body)
            yield from returned(stmt.otherwise)
        elif isinstance(stmt, (f.Scope, f.Loop)):
            yield from returned(stmt.body)


def forward(expr: f.Expr) -> f.Expr:
    """Return the type in a quoted annotation: `"User"`, `"list[User]"`, `"User

    None"`.
    """
    text = text_of(expr)
    if text is None:
        return expr
    names = [
        _named(name, expr) for name in _FORWARD.findall(text) if name not in ("None", "Optional", "typing.Optional")
    ]
    if not names:
        return expr
    *outer, inner = names
    for name in reversed(outer):
        inner = f.Subscript(expr.start, expr.end, name, inner)
    return inner


def _named(name: str, at: f.Expr) -> f.Expr:
    first, *rest = name.split(".")
    value: f.Expr = f.Name(at.start, at.end, first)
    for part in rest:
        value = f.Attr(at.start, at.end, value, part)
    return value


def constant(project: CodeProject, path: str, expr: f.Expr | None) -> str | None:
    """Return a literal string, or the value of a constant of the code base."""
    if (text := text_of(expr)) is not None:
        return text
    if isinstance(expr, f.Text):
        parts = [p.text if isinstance(p, f.Chunk) else constant(project, path, p) for p in expr.parts]
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None
    if isinstance(expr, f.Binary) and expr.op == "+":
        left, right = constant(project, path, expr.left), constant(project, path, expr.right)
        return None if left is None or right is None else left + right
    name = dotted(expr)
    resolved = project.resolve(path, name) if name else None
    if resolved and isinstance(resolved[1], f.Assign) and resolved[1].value is not expr:
        return constant(project, resolved[0], resolved[1].value)
    return None


def name_from_class(expr: f.Expr | None, class_name: str) -> str | None:
    """Evaluate a `__tablename__` method: the class's name, lowered, split, with parts added."""
    if isinstance(expr, f.Text):
        parts = [p.text if isinstance(p, f.Chunk) else name_from_class(p, class_name) for p in expr.parts]
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None
    if isinstance(expr, f.Attr):
        return class_name if expr.name == "__name__" else None
    if isinstance(expr, f.Binary) and expr.op == "+":
        left, right = name_from_class(expr.left, class_name), name_from_class(expr.right, class_name)
        return None if left is None or right is None else left + right
    return _called_on_name(expr, class_name) if isinstance(expr, f.Call) else None


def _called_on_name(call: f.Call, class_name: str) -> str | None:
    if isinstance(call.func, f.Attr) and (text := name_from_class(call.func.value, class_name)) is not None:
        changed = {"lower": text.lower(), "upper": text.upper(), "strip": text.strip()}
        return changed.get(call.func.name)
    inner = next((n for arg in call.args if (n := name_from_class(arg, class_name)) is not None), None)
    if inner is None:
        return None
    function = last(call.func).lower()
    if "plural" in function:
        return plural(inner)
    # Whatever the name of such a helper, it converts a class name to snake_case.
    return inner if function == "str" else snake(inner)


def plural(word: str) -> str:
    """Return the regular English plural of a word."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")
