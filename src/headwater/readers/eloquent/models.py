"""Eloquent models: which classes are models, their tables, keys and relationships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.readers import CodeProject, Field, SourceFile
from headwater.readers import _literals as s
from headwater.readers._inflections import laravel, laravel_snake, laravel_table

_ROOTS = frozenset({"Model", "Authenticatable", "User", "Pivot", "MorphPivot"})
_PIVOTS = frozenset({"Pivot", "MorphPivot"})
RELATIONS = frozenset(
    {"belongsTo", "hasOne", "hasMany", "belongsToMany", "hasManyThrough", "hasOneThrough", "morphTo", "morphOne"}
    | {"morphMany", "morphToMany", "morphedByMany", "hasOneOfMany"}
)


@dataclass(eq=False)
class PhpClass:
    """A class, trait or interface by its full name with dots."""

    name: str
    path: str
    stmt: f.Class
    line: int
    imports: Mapping[str, str]
    package: str

    @property
    def key(self) -> str:
        """The key of its Model."""
        return f"{self.path}:{self.stmt.name}"

    def full(self, name: str) -> str:
        """Return the full name of a class that is used in this class's file."""
        head, _, rest = name.partition(".")
        if head in self.imports:
            return self.imports[head] + (f".{rest}" if rest else "")
        return f"{self.package}.{name}" if self.package else name


class EloquentClasses:
    """All classes of the files of models, and what Eloquent derives from them."""

    def __init__(self, project: CodeProject, files: Iterable[SourceFile]) -> None:
        self.classes: dict[str, PhpClass] = {}
        self._mapped: dict[str, bool] = {}
        for file in files:
            module = project.module(file.path)
            body = module.body if module else ()
            package = module.package if module else ""
            imports = {
                i.alias: f"{i.module}.{i.name}" if i.module else i.name or "" for i in body if isinstance(i, f.Import)
            }
            for stmt in body:
                if isinstance(stmt, f.Class):
                    name = f"{package}.{stmt.name}" if package else stmt.name
                    line = q.line_of(file.source, stmt.start)
                    self.classes.setdefault(name, PhpClass(name, file.path, stmt, line, imports, package))

    def find(self, cls: PhpClass, name: str) -> PhpClass | None:
        """Return the class of a name that is used in the file of another."""
        whole = cls.full(name)
        return self.classes.get(whole) or self.classes.get(name)

    def bases(self, cls: PhpClass) -> list[tuple[str, PhpClass | None]]:
        """Return the full names of what a class extends, implements and uses, with those in the code base."""
        names = (q.dotted_name(base) for base in cls.stmt.bases)
        return [(cls.full(name), self.find(cls, name)) for name in names if name]

    def line(self, cls: PhpClass) -> list[PhpClass]:
        """Return a class with its ancestors and traits, nearest first."""
        result = [cls]
        queue = [cls]
        while queue:
            for _, base in self.bases(queue.pop(0)):
                if base is not None and base not in result:
                    result.append(base)
                    queue.append(base)
        return result

    def is_mapped(self, cls: PhpClass) -> bool:
        """Return True if a class is an Eloquent model."""
        if cls.name not in self._mapped:
            self._mapped[cls.name] = False
            found = False
            for full, base in self.bases(cls):
                last = full.rpartition(".")[2]
                outside = base is None and (_is_root(full) or (last in _ROOTS and ".Eloquent." in f".{full}"))
                found = found or outside or (base is not None and base.stmt.kind == "class" and self.is_mapped(base))
            self._mapped[cls.name] = found and cls.stmt.kind == "class"
        return self._mapped[cls.name]

    def is_pivot(self, cls: PhpClass) -> bool:
        """Return True if a class is the model of a join table."""
        return any(full.rpartition(".")[2] in _PIVOTS for c in self.line(cls) for full, _ in self.bases(c))

    def setting(self, cls: PhpClass, name: str) -> str | None:
        """Return the text that a class or an ancestor assigns to a property or constant."""
        for owner in self.line(cls):
            values = _values(owner.stmt)
            if name in values:
                return s.text(values[name], values)
        return None

    def table(self, cls: PhpClass) -> str:
        """Return the table of a model."""
        explicit = self.setting(cls, "table")
        if explicit:
            return explicit.rpartition(".")[2]
        last = cls.stmt.name
        return laravel_snake(laravel().singular(last)) if self.is_pivot(cls) else laravel_table(last)

    def key(self, cls: PhpClass) -> str:
        """Return the primary key of a model."""
        return self.setting(cls, "primaryKey") or "id"

    def foreign_key(self, cls: PhpClass) -> str:
        """Return the name of columns that refer to a model by convention."""
        return f"{laravel_snake(cls.stmt.name)}_{self.key(cls)}"


def _is_root(full: str) -> bool:
    last = full.rpartition(".")[2]
    if full in ("Illuminate.Foundation.Auth.User", "Eloquent", "Model"):
        return True
    return last in ("Model", "Pivot", "MorphPivot") or (".Models." in full and not full.startswith("App."))


def _values(stmt: f.Class) -> dict[str, f.Expr]:
    return {
        inner.targets[0].id: inner.value
        for inner in stmt.body
        if isinstance(inner, f.Assign) and inner.value is not None and isinstance(inner.targets[0], f.Name)
    }


@dataclass(frozen=True)
class EloquentRelations:
    """Turns the methods of models that return relationships into fields."""

    registry: EloquentClasses
    tables: Mapping[str, str]
    known: dict[str, dict[str, Field]] = field(default_factory=dict)

    def of(self, cls: PhpClass) -> Iterator[Field]:
        """Yield the relationships of a model."""
        seen: set[str] = set()
        for owner in self.registry.line(cls):
            for stmt in owner.stmt.body:
                if isinstance(stmt, f.Function) and stmt.name not in seen:
                    call = next((c for e in s.expressions(stmt.body) if (c := _relation_call(e))), None)
                    relation = self._field(cls, owner, stmt.name, call) if call is not None else None
                    if relation is not None:
                        seen.add(stmt.name)
                        yield relation

    def _field(self, cls: PhpClass, owner: PhpClass, name: str, call: f.Call) -> Field | None:
        kind = q.last_name(call.func)
        if kind == "morphTo":
            stem = _text(call, 0, "name") or laravel_snake(name)
            return Field(name, local=(_text(call, 2, "id") or f"{stem}_id", _text(call, 1, "type") or f"{stem}_type"))
        target = self._target(owner, call)
        if target is None:
            return None
        if kind == "belongsTo":
            remote = _text(call, 2, "ownerKey") or self.registry.key(target)
            local = _text(call, 1, "foreignKey") or f"{laravel_snake(name)}_{self.registry.key(target)}"
            return Field(name, target=target.key, local=(local,), remote=(remote,))
        if kind in ("hasOne", "hasMany"):
            remote = _text(call, 1, "foreignKey") or self.registry.foreign_key(cls)
            local = _text(call, 2, "localKey") or self.registry.key(cls)
            return Field(name, target=target.key, many=kind == "hasMany", local=(local,), remote=(remote,))
        if kind in ("morphOne", "morphMany"):
            remote = _text(call, 3, "id") or f"{_text(call, 1, 'name')}_id"
            return Field(
                name, target=target.key, many=kind == "morphMany", local=(self.registry.key(cls),), remote=(remote,)
            )
        if kind in ("hasManyThrough", "hasOneThrough"):
            return self._through(cls, owner, name, call, target)
        return self._pivot(cls, name, call, target)

    def _target(self, owner: PhpClass, call: f.Call) -> PhpClass | None:
        given = call.args[0] if call.args else s.keyword(call, "related")
        word = q.dotted_name(given) or (s.text(given) or "").strip("\\").replace("\\", ".")
        target = self.registry.find(owner, word) if word else None
        return target if target is not None and target.name in self.tables else None

    def _through(self, cls: PhpClass, owner: PhpClass, name: str, call: f.Call, target: PhpClass) -> Field | None:
        given = q.dotted_name(call.args[1]) if len(call.args) > 1 else ""
        middle = self.registry.find(owner, given) if given else None
        if middle is None or middle.name not in self.tables:
            return None
        return Field(
            name,
            target=target.key,
            many=q.last_name(call.func) == "hasManyThrough",
            local=(_text(call, 4, "localKey") or self.registry.key(cls),),
            remote=(_text(call, 3, "secondKey") or self.registry.foreign_key(middle),),
            through=self.tables[middle.name],
            through_local=(_text(call, 2, "firstKey") or self.registry.foreign_key(cls),),
            through_remote=(_text(call, 5, "secondLocalKey") or self.registry.key(middle),),
        )

    def _pivot(self, cls: PhpClass, name: str, call: f.Call, target: PhpClass) -> Field:
        kind, registry = q.last_name(call.func), self.registry
        if kind == "belongsToMany":
            names = sorted((laravel_snake(cls.stmt.name), laravel_snake(target.stmt.name)))
            table = _text(call, 1, "table") or self._pivot_model(cls, call) or "_".join(names)
            mine = _text(call, 2, "foreignPivotKey") or registry.foreign_key(cls)
            theirs = _text(call, 3, "relatedPivotKey") or registry.foreign_key(target)
        else:
            stem = _text(call, 1, "name") or ""
            front, _, last = stem.rpartition("_")
            table = _text(call, 2, "table") or (f"{front}_" if front else "") + laravel().plural(last)
            own, other = f"{stem}_id", registry.foreign_key(target)
            if kind == "morphedByMany":
                own, other = registry.foreign_key(cls), f"{stem}_id"
            mine = _text(call, 3, "foreignPivotKey") or own
            theirs = _text(call, 4, "relatedPivotKey") or other
        return Field(
            name,
            target=target.key,
            many=True,
            local=(registry.key(cls),),
            remote=(registry.key(target),),
            through=table,
            through_local=(mine,),
            through_remote=(theirs,),
        )

    def _pivot_model(self, cls: PhpClass, call: f.Call) -> str | None:
        """Return the table of a join model that stands in the place of the table's name."""
        given = q.dotted_name(call.args[1]) if len(call.args) > 1 else ""
        model = self.registry.find(cls, given) if given else None
        return self.tables.get(model.name) if model is not None else None


def _text(call: f.Call, position: int, name: str) -> str | None:
    given = call.args[position] if len(call.args) > position else s.keyword(call, name)
    return s.text(given)


def _relation_call(expr: f.Expr) -> f.Call | None:
    """Return the call `$this->hasMany(…)` at the bottom of a chain."""
    while isinstance(expr, f.Call) and isinstance(expr.func, f.Attr):
        if isinstance(expr.func.value, f.Name):
            return expr if expr.func.value.id == "this" and expr.func.name in RELATIONS else None
        expr = expr.func.value
    return None
