"""Which structs are tables: those with GORM's tags, a `TableName` method, or a use as a model in a call of GORM.

A struct that only looks like a model, as a request or the target of a `Scan` does, is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import calls
from headwater.readers._go import Packages, Struct
from headwater.readers.gorm.tags import settings

# Methods whose argument is a model whatever else the chain says.
_MODELS = frozenset(
    [
        "AutoMigrate",
        "Model",
        "CreateTable",
        "DropTable",
        "DropTableIfExists",
        "HasTable",
        "CreateIndex",
        "HasColumn",
        "AddColumn",
        "DropColumn",
        "MigrateColumn",
        "RenameTable",
        "AlterColumn",
        "HasIndex",
        "DropIndex",
        "SetupJoinTable",
    ]
)
# Methods whose argument is a row, unless the chain names a model or table of its own.
_ROWS = frozenset(
    [
        "First",
        "Last",
        "Take",
        "Find",
        "FirstOrCreate",
        "FirstOrInit",
        "Create",
        "Save",
        "Delete",
        "CreateInBatches",
        "FindInBatches",
        "Updates",
    ]
)
_OTHER_SOURCE = frozenset({"Model", "Table", "Raw", "Select", "Joins"})
_GORM = re.compile(r"(^|[/.])gorm(\.io)?(/|$)")
# Settings that a result of a query can have as well.
_WEAK = frozenset({"COLUMN", "-", "<-", "->", "EMBEDDED", "EMBEDDEDPREFIX", "INDEX"})


def models(packages: Packages, tests: bool) -> list[Struct]:
    """Return the structs that are tables, by path and place; those of tests only if asked for."""
    used = _used(packages, tests)
    embedded = _embedded(packages)
    result: list[Struct] = []
    for package in packages.by_folder.values():
        for struct in package.structs.values():
            if struct.stmt.kind == "interface" or (struct.path.endswith("_test.go") and not tests):
                continue
            if (
                struct.key in used
                or _names_its_table(struct)
                or (struct.key not in embedded and _has_strong_tags(struct) and _has_key(packages, struct))
            ):
                result.append(struct)
    return sorted(result, key=lambda struct: (struct.path, struct.stmt.start))


def _names_its_table(struct: Struct) -> bool:
    method = struct.methods.get("TableName")
    return method is not None and len(method.params) <= 2


def _has_strong_tags(struct: Struct) -> bool:
    if any(
        isinstance(base, f.Attr) and base.name == "Model" and _last(base.value) == "gorm" for base in struct.stmt.bases
    ):
        return True
    marks = [stmt.decorators for stmt in struct.stmt.body if isinstance(stmt, f.Assign)]
    return any(settings(decorators).keys() - _WEAK for decorators in marks)


def _embedded(packages: Packages) -> set[str]:
    """Return the keys of structs that others embed: these only share columns."""
    keys: set[str] = set()
    for package in packages.by_folder.values():
        for struct in package.structs.values():
            fields = [stmt for stmt in struct.stmt.body if isinstance(stmt, f.Assign) and stmt.annotation]
            flat = [stmt.annotation for stmt in fields if "EMBEDDED" in settings(stmt.decorators)]
            for part in (*struct.stmt.bases, *flat):
                target = packages.struct(struct.path, part)
                if target is not None and target is not struct:
                    keys.add(target.key)
    return keys


def _used(packages: Packages, tests: bool) -> set[str]:
    """Return the keys of structs that code passes to GORM as models."""
    keys: set[str] = set()
    for path, function in functions_with_gorm(packages, tests):
        local = local_types(function)
        queries = _queries(function)
        for call in calls(function.body):
            for kind in _model_arguments(call, local, queries):
                struct = packages.struct(path, kind)
                if struct is not None and struct.stmt.kind == "struct":
                    keys.add(struct.key)
    return keys


def functions_with_gorm(packages: Packages, tests: bool = False) -> Iterator[tuple[str, f.Function]]:
    """Yield the functions of the packages in which some file uses GORM; those of tests only if asked for."""
    folders = {
        path.rpartition("/")[0]
        for path, names in packages.imports.items()
        if any(_GORM.search(name) for name in names.values())
    }
    for path, module in packages.modules.items():
        if path.rpartition("/")[0] in folders and (tests or not path.endswith("_test.go")):
            yield from ((path, function) for function in _functions(module.body))


def _functions(body: tuple[f.Stmt, ...]) -> Iterator[f.Function]:
    for stmt in body:
        if isinstance(stmt, f.Function):
            yield stmt
        elif isinstance(stmt, f.Class):
            yield from _functions(stmt.body)


def local_types(function: f.Function) -> dict[str, f.Expr]:
    """Return the types of parameters and of variables that are declared or constructed."""
    known = {param.name: param.annotation for param in function.params if param.annotation is not None}
    stack: list[f.Stmt] = list(function.body)
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, f.Branch):
            stack += [*stmt.body, *stmt.otherwise]
        elif isinstance(stmt, (f.Loop, f.Scope)):
            stack += stmt.body
        elif isinstance(stmt, f.Assign):
            kind = stmt.annotation or _constructed(stmt.value)
            for target in stmt.targets:
                if isinstance(target, f.Name) and kind is not None:
                    known[target.id] = kind
    return known


def _constructed(value: f.Expr | None) -> f.Expr | None:
    if isinstance(value, f.Cast):
        return value.type
    if isinstance(value, f.Call) and isinstance(value.func, (f.Name, f.Attr)):
        name = _last(value.func)
        return value.func if name[:1].isupper() and (value.keywords or not value.args) else None
    return None


def _model_arguments(call: f.Call, local: dict[str, f.Expr], queries: frozenset[str]) -> Iterator[f.Expr]:
    method = call.func.name if isinstance(call.func, f.Attr) else ""
    if method not in _MODELS and not (method in _ROWS and not _names_other_source(call.func, queries)):
        return
    yield from argument_types(call, local)


def argument_types(call: f.Call, local: Mapping[str, f.Expr]) -> Iterator[f.Expr]:
    """Yield the types of the models in the arguments of a call."""
    method = call.func.name if isinstance(call.func, f.Attr) else ""
    for arg in call.args if method in ("AutoMigrate", "CreateTable", "DropTableIfExists") else call.args[:1]:
        kind = _constructed(arg)
        if kind is None and isinstance(arg, f.Name):
            kind = local.get(arg.id)
        if isinstance(kind, f.Subscript) and _last(kind.value) == "list":
            kind = kind.index
        if kind is not None:
            yield kind


def _queries(function: f.Function) -> frozenset[str]:
    """Return the variables that hold a query with a model or table of its own: `query := db.Model(&User{})`."""
    assigned: list[tuple[str, f.Expr]] = []
    stack: list[f.Stmt] = list(function.body)
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, f.Branch):
            stack += [*stmt.body, *stmt.otherwise]
        elif isinstance(stmt, (f.Loop, f.Scope)):
            stack += stmt.body
        elif isinstance(stmt, f.Assign) and isinstance(stmt.targets[0], f.Name) and stmt.value is not None:
            assigned.append((stmt.targets[0].id, stmt.value))
    known: frozenset[str] = frozenset()
    while True:
        more = frozenset(name for name, value in assigned if _names_other_source(value, known))
        if more <= known:
            return known
        known |= more


def _names_other_source(func: f.Expr, queries: frozenset[str]) -> bool:
    while isinstance(func, (f.Attr, f.Call)):
        if isinstance(func, f.Attr) and func.name in _OTHER_SOURCE:
            return True
        func = func.value if isinstance(func, f.Attr) else func.func
    return isinstance(func, f.Name) and func.id in queries


def _has_key(packages: Packages, struct: Struct, depth: int = 0) -> bool:
    """Return True if a struct has a primary key, as every table of GORM's has."""
    for stmt in struct.stmt.body:
        if isinstance(stmt, f.Assign):
            names = {target.id for target in stmt.targets if isinstance(target, f.Name)}
            if "ID" in names or "PRIMARYKEY" in settings(stmt.decorators):
                return True
    for base in struct.stmt.bases:
        target = packages.struct(struct.path, base)
        if _last(base) == "Model" or (target and depth < 5 and _has_key(packages, target, depth + 1)):
            return True
    return False


def _last(expr: f.Expr) -> str:
    if isinstance(expr, f.Subscript):
        return _last(expr.value)
    return expr.name if isinstance(expr, f.Attr) else expr.id if isinstance(expr, f.Name) else ""
