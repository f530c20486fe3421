"""Definitions of Sequelize models: where they are, their attributes in order, their options, and their associations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.readers import CodeProject
from headwater.readers.sequelize import registry

ASSOCIATIONS = {
    "belongsTo": "belongsTo",
    "hasOne": "hasOne",
    "hasMany": "hasMany",
    "belongsToMany": "belongsToMany",
    "BelongsTo": "belongsTo",
    "HasOne": "hasOne",
    "HasMany": "hasMany",
    "BelongsToMany": "belongsToMany",
}
_STAMPS = {"CreatedAt": "createdAt", "UpdatedAt": "updatedAt", "DeletedAt": "deletedAt"}


class ModelAttribute(msgspec.Struct, frozen=True):
    """An attribute of a model: its name, its options or type, and the decorators before it."""

    name: str
    start: int
    path: str
    value: f.Expr | None = None
    marks: tuple[f.Expr, ...] = ()

    def options(self) -> dict[str, f.Expr]:
        """Return the options of the attribute."""
        column = q.decorator(self.marks, "Column")
        return q.options(self.value) or q.options(q.argument(column, 0))

    def type(self) -> f.Expr | None:
        """Return the expression of its data type."""
        declared = self.options().get("type")
        if declared is not None:
            return declared
        column = q.decorator(self.marks, "Column")
        return q.argument(column, 0) if column is not None else self.value

    def is_true(self, option: str, mark: str = "") -> bool:
        """Return True if an option, or the decorator of that meaning, is set."""
        return q.literal_flag(self.options().get(option)) is True or (
            bool(mark) and q.decorator(self.marks, mark) is not None
        )


class Definition(msgspec.Struct):
    """A model: the name of the class or variable, its own name, and what is declared for it."""

    path: str
    variable: str
    name: str
    start: int
    attributes: list[ModelAttribute]
    options: dict[str, f.Expr]

    @property
    def key(self) -> str:
        """The key of its model."""
        return f"{self.path}:{self.variable}"


class Association(msgspec.Struct, frozen=True):
    """A declared association, by the names in the code."""

    kind: str
    source: str
    target: str
    start: int
    path: str
    options: dict[str, f.Expr]
    name: str = ""


class ModelDefinitions:
    """The models and associations of a set of files."""

    def __init__(self, project: CodeProject, paths: Sequence[str]) -> None:
        self._project = project
        self.models: dict[str, Definition] = {}
        self.associations: list[Association] = []
        self.defaults: dict[str, f.Expr] = {}
        for path in paths:
            module = project.module(path)
            self._body(path, module.body if module else (), "")
        settings = registry.settings(project) if not self.defaults else {}
        self.defaults |= settings
        self.titles = registry.titles(project, {model.path: model.key for model in self.models.values()})

    def _body(self, path: str, body: Sequence[f.Stmt], owner: str) -> None:
        for stmt in body:
            if isinstance(stmt, f.Class):
                self._class(path, stmt)
            elif isinstance(stmt, f.Function):
                self._body(path, stmt.body, owner)
            elif isinstance(stmt, f.Assign):
                self._assign(path, stmt, owner)
            elif isinstance(stmt, (f.Do, f.Return)):
                self._call(path, stmt.value, owner, "")
            elif isinstance(stmt, f.Branch):
                self._body(path, (*stmt.body, *stmt.otherwise), owner)
            elif isinstance(stmt, (f.Scope, f.Loop)):
                self._body(path, stmt.body, owner)

    def _assign(self, path: str, stmt: f.Assign, owner: str) -> None:
        target = stmt.targets[0] if stmt.targets else None
        name = target.id if isinstance(target, f.Name) else q.last_name(target)
        if isinstance(stmt.value, f.Lambda):
            holder = q.last_name(target.value) if isinstance(target, f.Attr) else owner
            self._body(path, stmt.value.body, holder or owner)
        else:
            self._call(path, stmt.value, owner, name)

    def _class(self, path: str, stmt: f.Class) -> None:
        table = q.decorator(stmt.decorators, "Table")
        if table is not None or any(self._is_decorated(inner) for inner in stmt.body):
            self._decorated(path, stmt, table)
        for inner in stmt.body:
            if isinstance(inner, f.Function):
                self._body(path, inner.body, stmt.name)

    @staticmethod
    def _is_decorated(stmt: f.Stmt) -> bool:
        return isinstance(stmt, f.Assign) and q.decorator(stmt.decorators, "Column", *_STAMPS) is not None

    def _decorated(self, path: str, stmt: f.Class, table: f.Expr | None) -> None:
        options = q.options(q.argument(table, 0))
        attributes = list(self._attributes(path, stmt, frozenset()))
        if table is None:
            return
        name = q.literal_text(options.get("modelName")) or stmt.name
        definition = Definition(path, stmt.name, name, stmt.start, attributes, options)
        self.models[definition.key] = definition
        for owner_path, owner in self._lineage(path, stmt):
            for inner in owner.body:
                if isinstance(inner, f.Assign) and isinstance(inner.targets[0], f.Name):
                    self._decorated_association(owner_path, stmt.name, inner, inner.targets[0])

    def _decorated_association(self, path: str, owner: str, stmt: f.Assign, target: f.Name) -> None:
        mark = q.decorator(stmt.decorators, *ASSOCIATIONS)
        if mark is None:
            return
        args = mark.args if isinstance(mark, f.Call) else ()
        names = [q.last_name(q.returned_value(arg) or arg) for arg in args]
        options = q.options(args[-1]) if args else {}
        texts = [arg for arg in args if isinstance(arg, f.Text)]
        kind = ASSOCIATIONS[q.called_name(mark)]
        if kind == "belongsToMany" and len(args) > 1 and "through" not in options:
            options["through"] = q.returned_value(args[1]) or args[1]
        if texts and "foreignKey" not in options and texts[0] is not options.get("through"):
            options["foreignKey"] = texts[0]
        if len(texts) > 1 and "otherKey" not in options:
            options["otherKey"] = texts[1]
        if names:
            options["as"] = f.Text(target.start, target.end, (f.Chunk(target.start, target.end, target.id),))
            self.associations.append(Association(kind, owner, names[0], target.start, path, options, target.id))

    def _lineage(self, path: str, stmt: f.Class) -> Iterator[tuple[str, f.Class]]:
        queue, seen = [(path, stmt)], set()
        while queue:
            where, current = queue.pop(0)
            if (where, current.name) in seen:
                continue
            seen.add((where, current.name))
            yield where, current
            for base in current.bases:
                head = base.value if isinstance(base, f.Subscript) else base
                names = (q.dotted_name(part) for part in (head, *(head.args if isinstance(head, f.Call) else ())))
                known = (self._project.resolve(where, name) for name in names if name)
                queue += [(item[0], item[1]) for item in known if item and isinstance(item[1], f.Class)]

    def _attributes(self, path: str, stmt: f.Class, seen: frozenset[str]) -> Iterator[ModelAttribute]:
        by_name: dict[str, ModelAttribute] = {}
        for where, owner in reversed(list(self._lineage(path, stmt))):
            for inner in owner.body:
                target = inner.targets[0] if isinstance(inner, f.Assign) and inner.targets else None
                if isinstance(inner, f.Assign) and isinstance(target, f.Name):
                    marks = inner.decorators
                    if q.decorator(marks, "Column", *_STAMPS) is not None:
                        by_name[target.id] = ModelAttribute(target.id, target.start, where, None, marks)
                elif isinstance(inner, f.Function) and q.decorator(inner.decorators, "Column") is not None:
                    by_name[inner.name] = ModelAttribute(inner.name, inner.start, where, None, inner.decorators)
        yield from by_name.values()

    def _call(self, path: str, expr: f.Expr | None, owner: str, variable: str) -> None:
        if not isinstance(expr, f.Call):
            return
        name = q.called_name(expr)
        if name == "Sequelize":
            self.defaults |= q.options(
                next((q.options(arg)["define"] for arg in expr.args if "define" in q.options(arg)), None)
            )
        elif name == "define" and q.literal_text(q.argument(expr, 0)) and isinstance(q.argument(expr, 1), f.Mapping):
            title = q.literal_text(q.argument(expr, 0)) or ""
            self._defined(path, expr, variable if variable not in ("", "default", "exports") else title, title, 1)
        elif name == "init" and isinstance(q.argument(expr, 0), f.Mapping) and isinstance(expr.func, f.Attr):
            receiver = q.last_name(expr.func.value)
            cls = owner if receiver in ("super", "this", "") else receiver
            title = q.literal_text(q.options(q.argument(expr, 1)).get("modelName")) or cls
            self._defined(path, expr, cls, title, 0)
        elif name in ASSOCIATIONS and isinstance(expr.func, f.Attr) and expr.args:
            receiver = q.last_name(expr.func.value)
            source = owner if receiver in ("this", "super") else receiver
            target = q.last_name(expr.args[0])
            target = owner if target == "this" else target
            options = q.options(q.argument(expr, 1))
            self.associations.append(Association(name, source, target, expr.func.start, path, options))

    def _defined(self, path: str, call: f.Call, variable: str, title: str, position: int) -> None:
        attributes = [
            ModelAttribute(name, entry.start, path, entry.value)
            for entry, name in q.option_entries(q.argument(call, position))
        ]
        options = q.options(q.argument(call, position + 1))
        known = self._project.resolve(path, variable)
        where = known[0] if known else path
        definition = Definition(where, variable, title, call.start, attributes, options)
        definition.attributes = [ModelAttribute(a.name, a.start, path, a.value) for a in attributes]
        self.models[definition.key] = definition

    def named(self, name: str) -> Definition | None:
        """Return the model that a name means: the class or variable, or the model's own name."""
        for model in self.models.values():
            if model.variable == name:
                return model
        low = name.casefold()
        return next((m for m in self.models.values() if low in (m.name.casefold(), m.variable.casefold())), None)
