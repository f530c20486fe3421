"""Column declarations in all syntaxes: Column, mapped_column, Mapped[...], Field, mixin methods, helpers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from headwater.catalog import facts as f
from headwater.readers import CodeProject
from headwater.readers.sqlalchemy import syntax as s
from headwater.readers.sqlalchemy.classes import MappedClass

MAKERS = frozenset({"Column", "mapped_column"})
WRAPPERS = frozenset({"deferred", "column_property", "composite", "relationship_column", "encrypted"})
RELATIONSHIPS = frozenset({"relationship", "Relationship", "relation", "dynamic_loader"})
# Declared with Mapped[...] or a bare annotation, but not a column.
_NO_COLUMN = frozenset(
    {"association_proxy", "synonym", "hybrid_property", "query_expression", "column_property", "composite"}
    | {"object_session", "Relationship", "relationship", "relation", "dynamic_loader", "PrivateAttr"}
)
_CONSTRAINTS = frozenset({"ForeignKey", "Sequence", "CheckConstraint", "Computed", "Identity", "FetchedValue"})
_DECLARED_ATTR = frozenset({"declared_attr", "cascading", "directive"})


@dataclass(frozen=True)
class DeclaredColumn:
    """One declared column: `target` is what its ForeignKey names, as `table.column` or as an expression."""

    attribute: str
    name: str
    type: f.Expr | None
    annotation: f.Expr | None
    nullable: bool
    primary_key: bool
    target: f.Expr | None
    default: f.Expr | None
    unique: bool
    path: str
    at: int
    owner: MappedClass | None = None


def of_class(project: CodeProject, cls: MappedClass) -> Iterator[DeclaredColumn]:
    """Yield the columns that a class body declares, without those of its bases."""
    for name, stmt in cls.body.items():
        if name.startswith("__"):
            continue
        if isinstance(stmt, f.Assign):
            yield from _of_assign(project, cls, name, stmt)
        elif isinstance(stmt, f.Function) and is_declared_attr(stmt):
            for value in s.returned(stmt.body):
                call = maker(project, cls.path, value)
                if call:
                    yield _declared(project, cls, name, call, stmt.returns, stmt.start)
                    break


def is_declared_attr(stmt: f.Function) -> bool:
    """Return True if a method declares an attribute of each class that inherits it."""
    return any(s.last(d) in _DECLARED_ATTR for d in stmt.decorators)


def maker(project: CodeProject, path: str, value: f.Expr | None, depth: int = 3) -> f.Call | None:
    """Return the Column or mapped_column call behind a value, through wrappers and helpers."""
    if not isinstance(value, f.Call):
        return None
    name = s.called(value)
    if name in MAKERS:
        return value
    if name in WRAPPERS:
        return next((call for arg in value.args if (call := maker(project, path, arg, depth))), None)
    return _through_helper(project, path, value, depth) if depth else None


def _through_helper(project: CodeProject, path: str, value: f.Call, depth: int) -> f.Call | None:
    name = s.dotted(value.func)
    resolved = project.resolve(path, name) if name else None
    if resolved is None:
        return None
    where, stmt = resolved
    if isinstance(stmt, f.Function):
        for result in s.returned(stmt.body):
            if call := maker(project, where, result, depth - 1):
                return _merged(call, stmt, value)
    if isinstance(stmt, f.Assign) and s.called(stmt.value) == "partial" and isinstance(stmt.value, f.Call):
        first, *rest = stmt.value.args or (None,)
        if s.last(first) in MAKERS and first is not None:
            return f.Call(value.start, value.end, first, (*rest, *value.args), value.keywords + stmt.value.keywords)
    return None


def _merged(maker_call: f.Call, helper: f.Function, call: f.Call) -> f.Call:
    """Insert the arguments of a helper's caller in place of the helper's parameters."""
    given = {param.name: arg for param, arg in zip(helper.params, call.args, strict=False) if not param.kind}
    given |= {k.name: k.value for k in call.keywords if k.name}
    stars = {param.kind: param.name for param in helper.params if param.kind}
    args: list[f.Expr] = []
    for arg in maker_call.args:
        if isinstance(arg, f.Spread) and s.last(arg.value) == stars.get("*"):
            args.extend(call.args[sum(not param.kind for param in helper.params) :])
        else:
            args.append(given.get(arg.id, arg) if isinstance(arg, f.Name) else arg)
    keywords: list[f.Keyword] = []
    names = {param.name for param in helper.params}
    for word in maker_call.keywords:
        if word.name is None and s.last(word.value) == stars.get("**"):
            keywords.extend(k for k in call.keywords if k.name not in names)
        else:
            value = given.get(word.value.id, word.value) if isinstance(word.value, f.Name) else word.value
            keywords.append(f.Keyword(word.start, word.end, word.name, value))
    return f.Call(call.start, call.end, maker_call.func, tuple(args), tuple(keywords))


def _of_assign(project: CodeProject, cls: MappedClass, name: str, stmt: f.Assign) -> Iterator[DeclaredColumn]:
    called = s.called(stmt.value)
    if called == "composite" and isinstance(stmt.value, f.Call):
        # The attribute is the first of its columns; the others keep their own names.
        attribute = name
        for arg in stmt.value.args:
            inner = maker(project, cls.path, arg)
            column = s.text_of(inner.args[0] if inner and inner.args else None)
            if inner and column:
                yield _declared(project, cls, attribute or column, inner, None, stmt.start)
                attribute = ""
        return
    call = maker(project, cls.path, stmt.value)
    if call:
        yield _declared(project, cls, name, call, stmt.annotation, stmt.start)
    elif stmt.annotation is not None and called not in _NO_COLUMN:
        yield from _of_annotation(project, cls, name, stmt)


def _of_annotation(project: CodeProject, cls: MappedClass, name: str, stmt: f.Assign) -> Iterator[DeclaredColumn]:
    """A bare `x: Mapped[int]`, `x: Annotated[int, mapped_column(…)]`, or a field of a SQLModel."""
    annotation = stmt.annotation
    mapped = mapped_type(annotation)
    if mapped is None:
        if cls.is_sqlmodel and _is_field(annotation):
            call = stmt.value if isinstance(stmt.value, f.Call) and s.called(stmt.value) == "Field" else None
            yield _of_field(project, cls, name, call, stmt)
        return
    call = annotated_maker(project, cls.path, mapped) or f.Call(stmt.start, stmt.end, f.Name(0, 0, "mapped_column"))
    yield _declared(project, cls, name, call, annotation, stmt.start)


def mapped_type(annotation: f.Expr | None) -> f.Expr | None:
    """Return T of `Mapped[T]`, or None for other annotations."""
    if annotation is not None:
        annotation = s.forward(annotation)
    if isinstance(annotation, f.Subscript) and s.last(annotation.value) == "Mapped":
        return s.forward(annotation.index)
    return None


def annotated_maker(project: CodeProject, path: str, type_: f.Expr, depth: int = 4) -> f.Call | None:
    """Return the mapped_column call inside `Annotated[T, mapped_column(…)]`, which may be behind an alias."""
    if isinstance(type_, f.Binary):
        return next((c for t in (type_.left, type_.right) if (c := annotated_maker(project, path, t, depth))), None)
    if isinstance(type_, f.Subscript):
        if s.last(type_.value) in ("Annotated", "Optional"):
            return next((c for arg in s.arguments(type_) if (c := _maker_or_alias(project, path, arg, depth))), None)
        return None
    return _maker_or_alias(project, path, type_, depth)


def _maker_or_alias(project: CodeProject, path: str, expr: f.Expr, depth: int) -> f.Call | None:
    if isinstance(expr, f.Call):
        return expr if s.called(expr) in MAKERS else None
    name = s.dotted(expr)
    resolved = project.resolve(path, name) if name and depth else None
    if resolved and isinstance(resolved[1], f.Assign) and isinstance(resolved[1].value, f.Subscript):
        return annotated_maker(project, resolved[0], resolved[1].value, depth - 1)
    return None


def _is_field(annotation: f.Expr | None) -> bool:
    """Return True if the annotation of a SQLModel attribute is that of a column: not ClassVar, not a list of models."""
    if isinstance(annotation, f.Subscript):
        return s.last(annotation.value) not in ("ClassVar", "list", "List")
    return annotation is not None


def _of_field(project: CodeProject, cls: MappedClass, name: str, call: f.Call | None, stmt: f.Assign) -> DeclaredColumn:
    inner = maker(project, cls.path, s.keyword(call, "sa_column")) if call else None
    if inner:
        return _declared(project, cls, name, inner, stmt.annotation, stmt.start)
    key = bool(call and s.is_true(s.keyword(call, "primary_key")))
    unique = bool(call and s.is_true(s.keyword(call, "unique")))
    target = s.keyword(call, "foreign_key") if call else None
    nullable = is_optional(stmt.annotation) and not key
    type_, at = stmt.annotation, stmt.start
    return DeclaredColumn(name, name, None, type_, nullable, key, target, None, unique, cls.path, at, cls)


def _declared(
    project: CodeProject, cls: MappedClass, attribute: str, call: f.Call, annotation: f.Expr | None, at: int
) -> DeclaredColumn:
    return replace(from_call(project, cls.path, attribute, call, annotation, at), owner=cls)


def from_call(
    project: CodeProject, path: str, attribute: str, call: f.Call, annotation: f.Expr | None, at: int
) -> DeclaredColumn:
    """Read the arguments of a Column or mapped_column call."""
    name = s.constant(project, path, s.keyword(call, "name")) or attribute
    type_: f.Expr | None = s.keyword(call, "type_")
    target: f.Expr | None = None
    for number, arg in enumerate(call.args):
        text = s.text_of(arg) if number == 0 else None
        if text:
            name = text
        elif s.called(arg) == "ForeignKey":
            target = target or (arg.args[0] if isinstance(arg, f.Call) and arg.args else None)
        elif type_ is None and s.called(arg) not in _CONSTRAINTS and not isinstance(arg, (f.Const, f.Spread)):
            type_ = arg
    key = s.is_true(s.keyword(call, "primary_key"))
    null = s.keyword(call, "nullable")
    nullable = s.is_true(null) if null is not None else not key and (annotation is None or is_optional(annotation))
    default = s.keyword(call, "server_default")
    unique = s.is_true(s.keyword(call, "unique"))
    return DeclaredColumn(attribute, name, type_, annotation, nullable, key, target, default, unique, path, at)


def is_optional(annotation: f.Expr | None) -> bool:
    """Return True if a type allows None."""
    if isinstance(annotation, f.Subscript):
        name = s.last(annotation.value)
        return name == "Optional" or (name in s.MAPPED | {"Annotated"} and is_optional(s.arguments(annotation)[0]))
    if isinstance(annotation, f.Binary):
        return is_optional(annotation.left) or is_optional(annotation.right)
    if isinstance(annotation, f.Text):
        text = s.text_of(annotation) or ""
        return "None" in text or "Optional" in text
    return isinstance(annotation, f.Const) and annotation.text == "None"
