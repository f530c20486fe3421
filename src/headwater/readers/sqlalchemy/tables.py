"""`Table(...)` objects, beside mapped classes, in their `__table__`, or without classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headwater.catalog import facts as f
from headwater.readers import CodeProject
from headwater.readers.sqlalchemy import syntax as s
from headwater.readers.sqlalchemy.classes import MappedClass, flat
from headwater.readers.sqlalchemy.columns import DeclaredColumn, from_call, maker


@dataclass(frozen=True)
class TableCall:
    """One Table object and the variable or class that it is assigned to."""

    key: str
    path: str
    variable: str
    name: str
    schema: str | None
    columns: tuple[DeclaredColumn, ...]
    constraints: tuple[f.Call, ...]
    at: int


def collect(project: CodeProject, paths: list[str]) -> Iterator[TableCall]:
    """Yield the Table objects at the top level of files."""
    for path in paths:
        module = project.module(path)
        if module is None or module.language != "python":
            continue
        for stmt in flat(module.body):
            if isinstance(stmt, f.Assign) and isinstance(stmt.value, f.Call) and s.called(stmt.value) == "Table":
                variable = s.last(stmt.targets[0])
                table = read(project, path, variable, stmt.value)
                if table:
                    yield table


def of_class(project: CodeProject, cls: MappedClass) -> TableCall | None:
    """Return the Table in the `__table__` of a class, defined there or elsewhere."""
    value = cls.value("__table__")
    path = cls.path
    name = s.dotted(value)
    resolved = project.resolve(path, name) if name else None
    if resolved and isinstance(resolved[1], f.Assign):
        path, value = resolved[0], resolved[1].value
    if isinstance(value, f.Call) and s.called(value) == "Table":
        return read(project, path, cls.name, value)
    return None


def read(project: CodeProject, path: str, variable: str, call: f.Call) -> TableCall | None:
    """Read the arguments of a Table call; None if its name is not a literal."""
    name = s.constant(project, path, call.args[0] if call.args else s.keyword(call, "name"))
    if not name:
        return None
    columns: list[DeclaredColumn] = []
    constraints: list[f.Call] = []
    for arg in call.args[1:]:
        column_call = maker(project, path, arg)
        if column_call:
            columns.append(from_call(project, path, "", column_call, None, arg.start))
        elif isinstance(arg, f.Call):
            constraints.append(arg)
    schema = s.constant(project, path, s.keyword(call, "schema"))
    named = tuple(column for column in columns if column.name)
    return TableCall(f"{path}:{variable}", path, variable, name, schema, named, tuple(constraints), call.start)
