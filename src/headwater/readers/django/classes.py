"""Model classes of a Django code base, with their options, their bases, and their fields in order."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

import msgspec

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.readers import CodeProject

_ROOTS = frozenset({"Model"})
# The fields of Django's own abstract models, with their kinds.
_BASE_USER = {"password": "CharField", "last_login": "DateTimeField"}
_PERMISSIONS = {
    "is_superuser": "BooleanField",
    "groups": "ManyToManyField",
    "user_permissions": "ManyToManyField",
}
_CONTRIB_BASES = {
    "AbstractUser": {
        **_BASE_USER,
        **_PERMISSIONS,
        **dict.fromkeys(("username", "first_name", "last_name"), "CharField"),
        "email": "EmailField",
        **dict.fromkeys(("is_staff", "is_active"), "BooleanField"),
        "date_joined": "DateTimeField",
    },
    "AbstractBaseUser": _BASE_USER,
    "PermissionsMixin": _PERMISSIONS,
    "TimeStampedModel": dict.fromkeys(("created", "modified"), "DateTimeField"),
    "SoftDeletableModel": {"is_removed": "BooleanField"},
    "SoftDeleteModel": {**dict.fromkeys(("deleted_at", "restored_at"), "DateTimeField"), "transaction_id": "UUIDField"},
    "AbstractBaseSession": {"session_key": "CharField", "session_data": "TextField", "expire_date": "DateTimeField"},
}
_CONTRIB_TARGETS = {"groups": "Group", "user_permissions": "Permission"}
RELATIONS = frozenset({"ForeignKey", "OneToOneField", "ManyToManyField", "ParentalKey", "TreeForeignKey"})
_NO_COLUMN = frozenset({"GenericForeignKey", "GenericRelation", "ManyToManyField", "CompositePrimaryKey"})


class DjangoField(msgspec.Struct, frozen=True):
    """A field of a model: its name, the call that declares it, and the kind of field that is called."""

    name: str
    kind: str
    call: f.Call | None
    start: int
    path: str

    def option(self, name: str) -> f.Expr | None:
        """Return the value of a keyword argument."""
        return q.keyword(self.call, name)

    @property
    def is_relation(self) -> bool:
        """Whether it refers to another model."""
        return self.kind in RELATIONS

    @property
    def many(self) -> bool:
        """Whether it refers to many rows over a join table."""
        return self.kind == "ManyToManyField"

    @property
    def has_column(self) -> bool:
        """Whether it is stored in a column of the model's own table."""
        return self.kind not in _NO_COLUMN

    @property
    def column(self) -> str:
        """The physical name of its column."""
        own = q.literal_text(self.option("db_column"))
        return own or (f"{self.name}_id" if self.is_relation else self.name)

    @property
    def is_key(self) -> bool:
        """Whether it is the primary key."""
        return q.literal_flag(self.option("primary_key")) is True


class DjangoModel(msgspec.Struct, frozen=True):
    """A model class: `meta` are the options of its Meta class."""

    path: str
    name: str
    stmt: f.Class
    meta: dict[str, f.Expr]

    @property
    def key(self) -> str:
        """The key of its model."""
        return f"{self.path}:{self.name}"

    @property
    def is_abstract(self) -> bool:
        """Whether it has no table and only hands down its fields."""
        return q.literal_flag(self.meta.get("abstract")) is True

    @property
    def is_proxy(self) -> bool:
        """Whether it uses the table of its base."""
        return q.literal_flag(self.meta.get("proxy")) is True

    def text(self, option: str) -> str | None:
        """Return a text among its Meta options."""
        return q.literal_text(self.meta.get(option))


class ModelReader:
    """Finds the models of a code base."""

    def __init__(self, project: CodeProject, paths: Sequence[str]) -> None:
        self._project = project
        self._is_model: dict[str, bool] = {}
        self._bases: dict[str, list[DjangoModel]] = {}
        self._labels = dict(_app_labels(project, paths))
        self.user_model = _user_model(project, paths)
        self.models: dict[str, DjangoModel] = {}
        for path in paths:
            module = project.module(path)
            for stmt in module.body if module else ():
                self._add(path, stmt, "")

    def _add(self, path: str, stmt: f.Stmt, prefix: str) -> None:
        if isinstance(stmt, f.Class) and self._derives(path, stmt, frozenset()):
            model = DjangoModel(path, prefix + stmt.name, stmt, _meta(stmt))
            self.models[model.key] = model
        elif isinstance(stmt, (f.Branch, f.Scope)):
            for inner in stmt.body:
                self._add(path, inner, prefix)

    def _derives(self, path: str, stmt: f.Class, seen: frozenset[str]) -> bool:
        """Return True if a class has Django's Model among its bases."""
        key = f"{path}:{stmt.name}"
        if key in seen:
            return False
        if key not in self._is_model:
            bases = stmt.bases
            self._is_model[key] = any(self._is_base(path, base, seen | {key}) for base in bases) or (
                _declares_fields(stmt) and any(self._is_outside(path, base) for base in bases)
            )
        return self._is_model[key]

    def _is_outside(self, path: str, base: f.Expr) -> bool:
        """Return True for a base of a library that is called a model: `SoftDeleteModel`, `MPTTModel`."""
        name = q.dotted_name(base)
        return name.endswith("Model") and self._project.resolve(path, name) is None

    def _is_base(self, path: str, base: f.Expr, seen: frozenset[str]) -> bool:
        head = base.value if isinstance(base, f.Subscript) else base
        known = self._project.resolve(path, q.dotted_name(head)) if q.dotted_name(head) else None
        if known:
            return isinstance(known[1], f.Class) and self._derives(known[0], known[1], seen)
        name = q.last_name(head)
        return name in _CONTRIB_BASES or (name in _ROOTS and isinstance(head, f.Attr)) or name == "Model"

    def bases(self, model: DjangoModel) -> list[DjangoModel]:
        """Return the models and abstract models that a model inherits from directly, without those that inherit it."""
        if model.key not in self._bases:
            self._bases[model.key] = [base for base in self._named_bases(model) if not self._inherits(base, model.key)]
        return self._bases[model.key]

    def _inherits(self, model: DjangoModel, key: str) -> bool:
        todo, seen = [model], set[str]()
        while todo:
            current = todo.pop()
            if current.key == key:
                return True
            if current.key not in seen:
                seen.add(current.key)
                todo += self._named_bases(current)
        return False

    def _named_bases(self, model: DjangoModel) -> list[DjangoModel]:
        bases = []
        for base in model.stmt.bases:
            known = self._project.resolve(model.path, q.dotted_name(base)) if q.dotted_name(base) else None
            if known and isinstance(known[1], f.Class):
                bases.append(
                    self.models.get(f"{known[0]}:{known[1].name}")
                    or DjangoModel(known[0], known[1].name, known[1], {"abstract": f.Const(0, 0, "True")})
                )
        return bases

    def fields(self, model: DjangoModel) -> list[DjangoField]:
        """Return the fields that a model's own table has: its own and those of its abstract bases."""
        by_name: dict[str, DjangoField] = {}
        for base in reversed(model.stmt.bases):
            for name, kind in _CONTRIB_BASES.get(q.last_name(base), {}).items():
                by_name[name] = DjangoField(name, kind, None, model.stmt.start, model.path)
        for parent in reversed(self.bases(model)):
            if parent.is_abstract:
                by_name |= {field.name: field for field in self.fields(parent)}
        for stmt in model.stmt.body:
            target = stmt.targets[0] if isinstance(stmt, f.Assign) and stmt.targets else None
            if isinstance(stmt, f.Assign) and isinstance(target, f.Name):
                field = self._field(model, target, stmt.value)
                if field:
                    by_name[field.name] = field
                elif isinstance(stmt.value, f.Const) and stmt.value.text == "None":
                    by_name.pop(target.id, None)
        return list(by_name.values())

    def _field(self, model: DjangoModel, target: f.Name, value: f.Expr | None) -> DjangoField | None:
        if not isinstance(value, f.Call):
            return None
        kind = self._kind(model.path, value.func, 0)
        return DjangoField(target.id, kind, value, target.start, model.path) if kind else None

    def _kind(self, path: str, func: f.Expr, depth: int) -> str:
        """Return the class of a field that is called, of Django's where a class of the code base derives from one."""
        name = q.dotted_name(func)
        known = self._project.resolve(path, name) if name else None
        if known and isinstance(known[1], f.Class) and depth < 5:
            kinds = (self._kind(known[0], base, depth + 1) for base in known[1].bases)
            return next((kind for kind in kinds if kind), "")
        last = name.rsplit(".", 1)[-1]
        is_field = last in RELATIONS or last in _NO_COLUMN or (last.endswith("Field") and last != "Field")
        return last if is_field or (last == "Field" and depth > 0) else ""

    def app_label(self, model: DjangoModel) -> str:
        """Return the label of the app that a model belongs to."""
        own = model.text("app_label")
        if own:
            return own
        parts = posixpath.dirname(model.path).split("/")
        if "models" in parts:
            parts = parts[: parts.index("models")]
        folder = "/".join(parts)
        while folder and folder not in self._labels and not _is_app(self._project, folder):
            above = posixpath.dirname(folder)
            if not above or not any(_is_app(self._project, part) or part in self._labels for part in _above(folder)):
                break
            folder = above
        return self._labels.get(folder) or posixpath.basename(folder) or "app"

    def target(self, model: DjangoModel, field: DjangoField) -> str | None:
        """Return the key of the model that a relation refers to, or the dotted name of one outside the code base."""
        if field.call is None:
            return _CONTRIB_TARGETS.get(field.name)
        expr = q.argument(field.call, 0) or field.option("to")
        text = q.literal_text(expr)
        if text is None:
            name = q.dotted_name(expr)
            if name.endswith("AUTH_USER_MODEL") or q.called_name(expr) == "get_user_model":
                text = self.user_model
            else:
                known = self._project.resolve(field.path, name) if name else None
                key = f"{known[0]}:{known[1].name}" if known and isinstance(known[1], f.Class) else ""
                return key if key in self.models else name.rsplit(".", 1)[-1] or None
        return self.named(model, text)

    def named(self, model: DjangoModel, text: str) -> str | None:
        """Return the key of the model that a text names: self, Model, or app.Model."""
        if text == "self":
            return model.key
        app, _, name = text.rpartition(".")
        fitting = [key for key, known in self.models.items() if known.name.casefold() == name.casefold()]
        wanted = app or self.app_label(model)
        exact = [key for key in fitting if self.app_label(self.models[key]).casefold() == wanted.casefold()]
        return (exact or fitting or [name])[0]


def _declares_fields(stmt: f.Class) -> bool:
    """Return True if a class has a field of Django: `models.CharField(…)`."""
    calls = (inner.value for inner in stmt.body if isinstance(inner, f.Assign) and isinstance(inner.value, f.Call))
    return any(q.dotted_name(call.func).startswith("models.") for call in calls)


def _meta(stmt: f.Class) -> dict[str, f.Expr]:
    """Return the options of the Meta class of a model."""
    inner = next((part for part in stmt.body if isinstance(part, f.Class) and part.name == "Meta"), None)
    assigns = (part for part in inner.body if isinstance(part, f.Assign)) if inner else ()
    return {
        target.id: assign.value
        for assign in assigns
        for target in assign.targets
        if isinstance(target, f.Name) and assign.value is not None
    }


def _above(folder: str) -> Iterator[str]:
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


def _is_app(project: CodeProject, folder: str) -> bool:
    return any(
        project.module(f"{folder}/{name}") is not None for name in ("apps.py", "models.py", "models/__init__.py")
    )


def _app_labels(project: CodeProject, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the folders of apps whose AppConfig sets a label."""
    for path in paths:
        module = project.module(path) if posixpath.basename(path) == "apps.py" else None
        for stmt in module.body if module else ():
            for inner in stmt.body if isinstance(stmt, f.Class) else ():
                target = inner.targets[0] if isinstance(inner, f.Assign) and inner.targets else None
                label = q.literal_text(inner.value) if isinstance(inner, f.Assign) else None
                if isinstance(target, f.Name) and target.id == "label" and label:
                    yield posixpath.dirname(path), label


def _user_model(project: CodeProject, paths: Sequence[str]) -> str:
    """Return the setting AUTH_USER_MODEL."""
    for path in paths:
        module = project.module(path)
        for stmt in module.body if module else ():
            target = stmt.targets[0] if isinstance(stmt, f.Assign) and stmt.targets else None
            if isinstance(stmt, f.Assign) and isinstance(target, f.Name) and target.id == "AUTH_USER_MODEL":
                text = q.literal_text(stmt.value)
                if text:
                    return text
    return "auth.User"
