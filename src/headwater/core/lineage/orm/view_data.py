"""Values that are handed to templates by name: `view('users.show', ['user' => $user])`, `->with('user', $user)`."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.core.lineage.orm.arguments import QueryArguments
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.values import Dict, Entity, InstanceValue, ListValue, Literal, QueryValue, Value

_ROWS = (Entity, QueryValue, InstanceValue, ListValue)


def note(frame: Frame, receiver: Value, args: QueryArguments, expr: f.Call) -> None:
    """Note a name and a value, or the entries of a mapping, for any template and for the one that is named."""
    if isinstance(receiver, _ROWS):
        return
    values = [value for value, _ in args.values]
    named: list[tuple[str, Value]] = []
    first = values[0] if values else None
    if len(values) > 1 and isinstance(first, Literal) and not isinstance(values[1], Dict):
        named.append((first.text, values[1]))
    for value in values:
        if isinstance(value, Dict):
            named += [(entry.key, entry.value) for entry in value.entries if entry.key]
    view = _view(frame, expr)
    for name, value in named:
        frame.shared.append((name, value))
        if view:
            frame.shared.append((f"{view}:{name}", value))


def _view(frame: Frame, expr: f.Expr) -> str:
    """Return the path of the template that a chain of calls names first, or ""."""
    while isinstance(expr, f.Call):
        name = expr.func.name if isinstance(expr.func, f.Attr) else getattr(expr.func, "id", "")
        first = expr.args[0] if expr.args else None
        inner = expr.func.value if isinstance(expr.func, f.Attr) else None
        is_last = not isinstance(inner, f.Call)
        if is_last and name in frame.words.view_data and isinstance(first, f.Text):
            return "".join(part.text for part in first.parts if isinstance(part, f.Chunk)).replace(".", "/")
        if inner is None:
            break
        expr = inner
    return ""
