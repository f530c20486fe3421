"""Assignments, among them those that export values of a CommonJS module: `module.exports = …`, `exports.x = …`."""

from __future__ import annotations

from headwater.catalog import facts as f


def assigned(value: f.Bind) -> list[f.Stmt]:
    """Return an assignment as a statement, and as an export if it is one."""
    targets, given = [value.target], value.value
    while value.op == "=" and isinstance(given, f.Bind):  # `module.exports = exports = …`
        targets, given = [*targets, given.target], given.value
    assign = f.Assign(value.start, value.end, tuple(targets), given, None, value.op)
    exported = next((name for target in targets if (name := _common_js(target)) is not None), None)
    if exported is None:
        return [assign]
    if isinstance(given, f.Name):
        return [f.Export(value.start, value.end, exported, given.id)]
    if isinstance(given, f.Lambda) and value.op == "=":  # a function that has its name from its export
        function = f.Function(given.start, given.end, exported, given.params, None, (), given.body, True)
        return [function, f.Export(value.start, value.end, exported, exported)]
    named = f.Assign(value.start, value.end, (f.Name(value.start, value.start, exported),), given)
    return [named, f.Export(value.start, value.end, exported, exported)]


def _common_js(target: f.Expr) -> str | None:
    """Return the exported name of `module.exports = …` ("default") and `exports.x = …`, or None."""
    if not isinstance(target, f.Attr):
        return None
    if isinstance(target.value, f.Name) and target.value.id == "module" and target.name == "exports":
        return "default"
    inner = target.value
    is_exports = (isinstance(inner, f.Name) and inner.id == "exports") or _common_js(inner) == "default"
    return target.name if is_exports else None
