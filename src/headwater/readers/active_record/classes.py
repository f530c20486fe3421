"""The models of a code base: which classes are mapped, to which tables, and what their bodies declare."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.readers import CodeProject, SourceFile
from headwater.readers import _literals as s
from headwater.readers._inflections import Inflector

_DECLARATIONS = frozenset({"scope", "belongs_to", "has_many", "has_one", "validates", "before_save", "after_save"})
# What applications seldom set, and `"#{table_name_prefix}users"` names.
_NO_AFFIXES: Mapping[str, f.Expr] = dict.fromkeys(("table_name_prefix", "table_name_suffix"), f.Text(0, 0))
_ROOTS = frozenset({"ActiveRecord.Base", "ApplicationRecord"})


@dataclass(eq=False)
class RubyClass:
    """A class or module by its full name with dots; a class that is opened again has several statements."""

    name: str
    path: str
    stmt: f.Class
    line: int
    parts: list[tuple[str, f.Class]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The key of its Model."""
        return f"{self.path}:{self.name}"

    @property
    def namespace(self) -> str:
        """The full name of what it is nested in, or ""."""
        return self.name.rpartition(".")[0]

    def bases(self) -> Iterator[str]:
        """Yield the names of its superclass and of the modules that it includes."""
        for _, part in self.parts:
            for base in part.bases:
                if name := q.dotted_name(base.value if isinstance(base, f.Subscript) else base):
                    yield name


class RecordClasses:
    """All classes and modules of the files of models."""

    def __init__(self, project: CodeProject, files: Iterable[SourceFile], inflector: Inflector) -> None:
        self.inflector = inflector
        self.classes: dict[str, RubyClass] = {}
        self.adopted: dict[str, str] = {}
        self._mapped: dict[str, bool] = {}
        for file in files:
            module = project.module(file.path)
            for name, stmt in _classes(module.body if module else (), ""):
                line = q.line_of(file.source, stmt.start)
                known = self.classes.get(name)
                if known is None:
                    known = self.classes[name] = RubyClass(name, file.path, stmt, line)
                elif not known.stmt.bases and stmt.bases and stmt.kind != "extension":
                    known.path, known.stmt, known.line = file.path, stmt, line
                known.parts.append((file.path, stmt))

    def find(self, name: str, namespace: str) -> RubyClass | None:
        """Return the class of a name that is used inside of a namespace, looking outwards."""
        name = name.replace("::", ".").strip(".")
        while True:
            whole = f"{namespace}.{name}" if namespace else name
            if whole in self.classes:
                return self.classes[whole]
            if not namespace:
                return None
            namespace = namespace.rpartition(".")[0]

    def parent(self, cls: RubyClass) -> RubyClass | None:
        """Return the superclass, if it is in the code base."""
        for name in cls.bases():
            base = self.find(name, cls.namespace or "")
            if base is not None and base is not cls and base.stmt.kind == "class":
                return base
        return None

    def mixins(self, cls: RubyClass) -> list[RubyClass]:
        """Return the modules that a class includes, and those that they include."""
        result: list[RubyClass] = []
        queue = [cls]
        while queue:
            current = queue.pop(0)
            for name in current.bases():
                base = self.find(name, current.name)
                if base is not None and base.stmt.kind != "class" and base not in result and base is not cls:
                    result.append(base)
                    queue.append(base)
        return result

    def adopt(self, tables: Collection[str]) -> None:
        """Take classes of libraries that are opened here, and whose table is called after them, for models."""
        for cls in self.classes.values():
            if cls.stmt.kind != "class" or not cls.namespace or any(True for _ in cls.bases()):
                continue
            table = self.inflector.plural(self.inflector.underscore(cls.name).replace("/", "_"))
            declares = {s.called(expr) for expr in self.body(cls, mixins=False)}
            if table in tables and declares & _DECLARATIONS:
                self.adopted[cls.name] = table
                self._mapped[cls.name] = True

    def is_mapped(self, cls: RubyClass) -> bool:
        """Return True if a class descends from Active Record."""
        if cls.name not in self._mapped:
            self._mapped[cls.name] = False
            parent = self.parent(cls)
            outside = any(name.removeprefix(".") in _ROOTS for name in cls.bases())
            self._mapped[cls.name] = cls.stmt.kind != "module" and (
                outside or (parent is not None and self.is_mapped(parent))
            )
        return self._mapped[cls.name]

    def is_abstract(self, cls: RubyClass) -> bool:
        """Return True if a class has no table."""
        value = self.setting(cls, "abstract_class")
        primary = any(
            s.called(e) == "primary_abstract_class" or q.last_name(e) == "primary_abstract_class"
            for e in self.body(cls, mixins=False)
        )
        return s.is_true(value) or primary or cls.name in ("ApplicationRecord", "ActiveRecord.Base")

    def root(self, cls: RubyClass) -> RubyClass:
        """Return the class whose table this one uses: single-table inheritance has one for the family."""
        parent = self.parent(cls)
        seen = {cls.name}
        while (
            parent is not None and self.is_mapped(parent) and not self.is_abstract(parent) and parent.name not in seen
        ):
            seen.add(parent.name)
            cls, parent = parent, self.parent(parent)
        return cls

    def setting(self, cls: RubyClass, name: str) -> f.Expr | None:
        """Return the value of `self.name = value`, or of a class method `name`, in a class body."""
        for _, part in cls.parts:
            for stmt in _flat(part.body):
                if isinstance(stmt, f.Assign) and any(_is_own(target, name) for target in stmt.targets):
                    return stmt.value
                if isinstance(stmt, f.Function) and stmt.name == name and stmt.decorators:
                    return next(s.expressions(stmt.body), None)
        return None

    def constants(self, cls: RubyClass) -> dict[str, f.Expr]:
        """Return the constants of a class body."""
        values: dict[str, f.Expr] = {}
        for _, part in cls.parts:
            for stmt in part.body:
                if isinstance(stmt, f.Assign) and stmt.value is not None and isinstance(stmt.targets[0], f.Name):
                    values[stmt.targets[0].id] = stmt.value
        return values

    def body(self, cls: RubyClass, *, mixins: bool = True) -> Iterator[f.Expr]:
        """Yield the calls of a class body, and those of the modules that it includes."""
        owners = [cls, *self.mixins(cls)] if mixins else [cls]
        for owner in owners:
            for _, part in owner.parts:
                yield from s.expressions(part.body)

    def table(self, cls: RubyClass) -> str:
        """Return the name of the table of a class: what it sets, or what its name says."""
        if cls.name in self.adopted:
            return self.adopted[cls.name]
        root = self.root(cls)
        for owner in dict.fromkeys((cls, root)):
            explicit = s.text(self.setting(owner, "table_name"), {**_NO_AFFIXES, **self.constants(owner)})
            if explicit:
                return explicit.rpartition(".")[2]
        return self._by_convention(root)

    def _by_convention(self, cls: RubyClass) -> str:
        inflector = self.inflector
        last = cls.name.rpartition(".")[2]
        plural = inflector.plural(inflector.underscore(last))
        around = self.classes.get(cls.namespace)
        if around is not None and self.is_mapped(around) and not self.is_abstract(around):
            return f"{inflector.singular(self.table(around))}_{plural}"
        return self._prefix(cls) + plural

    def _prefix(self, cls: RubyClass) -> str:
        """Return the table name prefix of the modules around a class, or of its abstract parents."""
        space = cls.namespace
        while space:
            around = self.classes.get(space)
            prefix = s.text(self.setting(around, "table_name_prefix")) if around is not None else None
            if prefix:
                return prefix
            space = space.rpartition(".")[0]
        ancestor: RubyClass | None = cls
        for _ in range(8):
            prefix = s.text(self.setting(ancestor, "table_name_prefix")) if ancestor is not None else None
            if prefix:
                return prefix
            ancestor = self.parent(ancestor) if ancestor is not None else None
        return ""


def _is_own(target: f.Expr, name: str) -> bool:
    return isinstance(target, f.Attr) and target.name == name and q.last_name(target.value) == "self"


def _flat(body: Iterable[f.Stmt]) -> Iterator[f.Stmt]:
    for stmt in body:
        if isinstance(stmt, f.Branch):
            yield from _flat(stmt.body)
            yield from _flat(stmt.otherwise)
        elif isinstance(stmt, f.Scope):
            yield from _flat(stmt.body)
        else:
            yield stmt


def _classes(body: Iterable[f.Stmt], prefix: str) -> Iterator[tuple[str, f.Class]]:
    for stmt in _flat(body):
        if isinstance(stmt, f.Class):
            name = prefix + stmt.name
            yield name, stmt
            yield from _classes(stmt.body, f"{name}.")
