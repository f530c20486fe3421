"""What the names in a template stand for: what its controller assigns, what is handed to views, or a row of that name.

Templates are the files below the folder that a vocabulary names in `views`. `self` is the controller that the folder
is called after. A name that nothing sets is a row of the model of that name if the template reads columns of it.
"""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import nodes
from headwater.catalog.names import words
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.signatures import Summary
from headwater.core.lineage.orm.syntax import singular
from headwater.core.lineage.orm.values import InstanceValue, ListValue, Object, Value
from headwater.core.lineage.symbols import Found

SHARED = "@"


def prepare(frame: Frame, module: f.Module) -> None:
    """Bind the names of a template; other files are left alone."""
    views = frame.words.views
    if views is None or views[0] not in f"/{module.path}":
        return
    owner = _controller(frame.index, module.path, *views)
    if owner is not None:
        frame.env["self"] = frame.env["this"] = owner
    for name, attributes in _reads(module.body).items():
        bare = name.removeprefix("self.").lstrip("@")
        shared = _shared(frame.index, module.path, views[0], bare) if bare == name else None
        value = shared.returns if shared is not None else _by_name(frame.index, bare, attributes)
        if value is not None and name not in frame.env:
            frame.env[name] = value


def _shared(index: CodeIndex, path: str, folder: str, name: str) -> Summary | None:
    """Return what is handed to this template under a name, or else to any template."""
    view = path[path.index(folder) + len(folder) :].partition(".")[0]
    own = index.summaries.get(("", f"{SHARED}{view}:{name}"))
    return own if own is not None else index.summaries.get(("", SHARED + name))


def _controller(index: CodeIndex, path: str, folder: str, ending: str) -> Object | None:
    """Return the object whose attributes a template sees: `views/admin/users/` is of `Admin.UsersController`."""
    inside = path[path.index(folder) + len(folder) :].split("/")[:-1]
    name = ".".join("".join(word.capitalize() for word in words(part)) for part in inside)
    for title in (name + ending, name) if name else ():
        symbol = index.symbols.lookup(path, title)
        if isinstance(symbol, Found) and isinstance(symbol.stmt, f.Class):
            return Object(symbol.path, symbol.name)
    return None


def _by_name(index: CodeIndex, name: str, attributes: set[str]) -> Value:
    model = index.by_words.get(singular(name))
    if model is None:
        return None
    row = InstanceValue(model, f"{name} is named like a model.", False)
    if singular(name) != words(name):
        return ListValue(row)
    columns = sum(index.column_of(model, attribute) is not None for attribute in attributes)
    path, _, title = model.rpartition(":")
    known = sum(
        attribute in index.fields[model] or index.member(path, title, attribute) is not None for attribute in attributes
    )
    return row if columns and known * 2 >= len(attributes) else None


def _reads(body: tuple[f.Stmt, ...]) -> dict[str, set[str]]:
    """Return the names in a template, `self.` before those of its controller, with the attributes read of each."""
    reads: dict[str, set[str]] = {}
    for node in nodes(body):
        name = _head(node)
        if name:
            reads.setdefault(name, set())
        if isinstance(node, f.Attr) and (owner := _head(node.value)):
            reads.setdefault(owner, set()).add(node.name)
    return reads


def _head(expr: f.Node) -> str:
    if isinstance(expr, f.Call) and not expr.args and not expr.keywords:
        expr = expr.func
        return expr.id if isinstance(expr, f.Name) else ""
    if isinstance(expr, f.Attr):
        return f"self.{expr.name}" if isinstance(expr.value, f.Name) and expr.value.id == "self" else ""
    return expr.id if isinstance(expr, f.Name) and expr.id not in ("self", "this") else ""
