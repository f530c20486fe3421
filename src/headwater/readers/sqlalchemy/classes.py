"""Finds the mapped classes of a code base, their ancestors, and their tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from headwater.catalog import facts as f
from headwater.catalog.names import snake
from headwater.readers import CodeProject
from headwater.readers.sqlalchemy import syntax as s

# Functions that create a declarative base, and library classes that are one.
_BASE_MAKERS = frozenset({"declarative_base", "automap_base", "generate_base", "make_declarative_base"})
_BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "MappedAsDataclass", "AsyncAttrs", "SQLModel"})
_BASE_DECORATORS = frozenset({"as_declarative", "mapped", "mapped_as_dataclass", "as_declarative_base"})
_ROOTS = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta"})
_MAKES_BASE = frozenset({"as_declarative", "as_declarative_base"})
_COLUMN_MAKERS = frozenset({"Column", "mapped_column"})


@dataclass(eq=False)
class MappedClass:
    """One class of the code base, with its bases resolved."""

    path: str
    name: str
    stmt: f.Class
    bases: list[MappedClass] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The key of its Model."""
        return f"{self.path}:{self.name}"

    @cached_property
    def ancestors(self) -> tuple[MappedClass, ...]:
        """All ancestors, nearest first, without duplicates."""
        bases: dict[str, MappedClass] = {}
        queue = list(self.bases)
        while queue:
            base = queue.pop(0)
            if base.key not in bases and base is not self:
                bases[base.key] = base
                queue.extend(base.bases)
        return tuple(bases.values())

    @cached_property
    def body(self) -> dict[str, f.Stmt]:
        """The definitions in the class body, by name."""
        definitions: dict[str, f.Stmt] = {}
        for stmt in flat(self.stmt.body):
            if isinstance(stmt, (f.Function, f.Class)):
                definitions.setdefault(stmt.name, stmt)
            elif isinstance(stmt, f.Assign):
                for target in stmt.targets:
                    if isinstance(target, f.Name):
                        definitions[target.id] = stmt
        return definitions

    def value(self, name: str) -> f.Expr | None:
        """Return the value that the class body assigns to a name."""
        stmt = self.body.get(name)
        return stmt.value if isinstance(stmt, f.Assign) else None

    @cached_property
    def is_sqlmodel(self) -> bool:
        """True if it inherits from SQLModel."""
        roots = [self, *self.ancestors]
        return any(name.split(".")[-1] == "SQLModel" for root in roots for name in root.outside)

    @cached_property
    def is_flask(self) -> bool:
        """True if it inherits from Flask-SQLAlchemy's `db.Model`, which names tables by convention."""
        return any(_is_flask_base(name) for root in (self, *self.ancestors) for name in root.outside)


def _is_flask_base(name: str) -> bool:
    # `models.Model` is how Django writes it.
    return name.endswith(".Model") and not name.endswith("models.Model")


def flat(body: tuple[f.Stmt, ...]) -> Iterator[f.Stmt]:
    """Yield the statements of a body, including those inside `if` and `try`."""
    for stmt in body:
        if isinstance(stmt, f.Branch):
            yield from flat(stmt.body)
            yield from flat(stmt.otherwise)
        elif isinstance(stmt, f.Scope):
            yield from flat(stmt.body)
        else:
            yield stmt


def collect(project: CodeProject, paths: list[str]) -> dict[str, MappedClass]:
    """Return the classes of these files by key, together with all that they inherit from."""
    classes: dict[str, MappedClass] = {}
    for path in paths:
        module = project.module(path)
        if module is not None and module.language == "python":
            for name, stmt in _classes(module.body, ""):
                classes.setdefault(f"{path}:{name}", MappedClass(path, name, stmt))
    queue = list(classes.values())
    while queue:
        queue.extend(_resolve_bases(project, queue.pop(), classes))
    return classes


def _classes(body: tuple[f.Stmt, ...], prefix: str) -> Iterator[tuple[str, f.Class]]:
    for stmt in flat(body):
        if isinstance(stmt, f.Class):
            yield prefix + stmt.name, stmt
            yield from _classes(stmt.body, f"{prefix}{stmt.name}.")


def _resolve_bases(project: CodeProject, cls: MappedClass, classes: dict[str, MappedClass]) -> list[MappedClass]:
    """Link a class to its bases; return those that are new."""
    new: list[MappedClass] = []
    for base in cls.stmt.bases:
        name = s.dotted(base.value if isinstance(base, f.Subscript) else base)
        target = project.resolve(cls.path, name) if name else None
        if target and isinstance(target[1], f.Class):
            key = f"{target[0]}:{target[1].name}"
            known = next((c for c in classes.values() if c.stmt is target[1]), None) or classes.get(key)
            if known is None:
                known = classes[key] = MappedClass(target[0], target[1].name, target[1])
                new.append(known)
            if known is not cls:
                cls.bases.append(known)
        elif target and isinstance(target[1], f.Assign):
            cls.outside.append(_made_by(target[1]) or name)
        elif name:
            cls.outside.append(name)
        elif isinstance(base, f.Call):
            cls.outside.append(s.called(base))
    return new


def _made_by(stmt: f.Assign) -> str:
    return s.called(stmt.value)


def is_declarative(cls: MappedClass) -> bool:
    """Return True if a class or one of its ancestors is a declarative base."""
    for root in (cls, *cls.ancestors):
        if any(_is_base(name) for name in root.outside):
            return True
        decorators = (d.func if isinstance(d, f.Call) else d for d in root.stmt.decorators)
        if any(s.last(decorator) in _BASE_DECORATORS for decorator in decorators):
            return True
    return "__tablename__" in cls.body or "__table__" in cls.body


def _is_base(name: str) -> bool:
    tail = name.split(".")[-1]
    return tail in _BASES or tail in _BASE_MAKERS or _is_flask_base(name) or tail in ("Base", "BaseModel", "Model")


def is_abstract(cls: MappedClass) -> bool:
    """Return True if a class has no table of its own: it says so, or it is the declarative base itself."""
    if s.is_true(cls.value("__abstract__")) or any(n.split(".")[-1] in _ROOTS for n in cls.outside):
        return True
    return any(s.last(d.func if isinstance(d, f.Call) else d) in _MAKES_BASE for d in cls.stmt.decorators)


def table_name(project: CodeProject, cls: MappedClass) -> str | None:
    """Return the table name of a class, declared by itself or by a mixin or convention; or None."""
    for root in (cls, *(base for base in cls.ancestors if not has_table(project, base))):
        stmt = root.body.get("__tablename__")
        name: str | None = None
        if isinstance(stmt, f.Assign):
            name = s.constant(project, root.path, stmt.value)
        elif isinstance(stmt, f.Function):
            results = list(s.returned(stmt.body))
            names = (s.constant(project, root.path, r) or s.name_from_class(r, cls.stmt.name) for r in results)
            name = next((n for n in names if n), None)
        if name:
            return name
    if cls.is_sqlmodel:
        return cls.stmt.name.lower() if _is_sqlmodel_table(cls) else None
    if cls.is_flask and is_declarative(cls):
        return snake(cls.stmt.name)
    return None


def _is_sqlmodel_table(cls: MappedClass) -> bool:
    return any(k.name == "table" and s.is_true(k.value) for k in cls.stmt.keywords)


def has_table(project: CodeProject, cls: MappedClass) -> bool:
    """Return True if a class is mapped to a table, its own or its parent's."""
    known = cls.__dict__.get("_has_table")
    if known is None:
        cls.__dict__["_has_table"] = False
        known = cls.__dict__["_has_table"] = _has_table(project, cls)
    return bool(known)


def _has_table(project: CodeProject, cls: MappedClass) -> bool:
    if is_abstract(cls) or not is_declarative(cls):
        return False
    if cls.is_sqlmodel and not _is_sqlmodel_table(cls):
        return False
    if "__table__" in cls.body:
        return True
    if any(has_table(project, base) for base in cls.ancestors):
        return True
    return table_name(project, cls) is not None and declares_key(cls)


def declares_key(cls: MappedClass) -> bool:
    """Return True if a class or a base of it declares a column: otherwise it is a mixin that only names tables."""
    if any(_is_flask_base(name) for name in cls.outside):
        return any(isinstance(stmt, f.Assign) and isinstance(stmt.value, f.Call) for stmt in cls.body.values())
    return any(_has_columns(root) for root in (cls, *cls.ancestors)) or "__tablename__" in cls.body


def _has_columns(cls: MappedClass) -> bool:
    for stmt in cls.body.values():
        if isinstance(stmt, f.Assign):
            if s.called(stmt.value) in _COLUMN_MAKERS:
                return True
            annotation = stmt.annotation
            if isinstance(annotation, f.Subscript) and s.last(annotation.value) in s.MAPPED:
                return True
    return cls.is_sqlmodel
