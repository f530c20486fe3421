"""Repository classes of the code base as queries of the rows that they store."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.typehints import bindings_of, read, sources
from headwater.core.lineage.orm.values import (
    Callable,
    Entity,
    InstanceValue,
    Object,
    QueryValue,
    Variable,
)


def repository_query(index: CodeIndex, value: Object) -> QueryValue | None:
    """Return the query of all rows that a repository class of the code base stands for."""
    known = index.repository_model(value.path, value.name)
    if known is None and index.is_query(value.path, value.name):
        return QueryValue()
    if known is None:
        bound = value.args[:1] if value.args and index.is_repository(value.path, value.name) else ()
        items = tuple(item for item in bound if isinstance(item, InstanceValue))
        if not items:
            models = index.stored_in(value.path, value.name)
            items = tuple(InstanceValue(model) for model in models) if len(models) == 1 else ()
        return QueryValue(items, sources=sources(items)) if items else None
    info, expr = known
    item = read(index, info.path, expr, bindings_of(index, value, info))
    if isinstance(item, Object) and (item.path, item.name) != (value.path, value.name):
        return repository_query(index, item)  # a service that is made of a repository stands for the same rows
    if not isinstance(item, InstanceValue) and len(models := index.stored_in(value.path, value.name)) == 1:
        item = InstanceValue(models[0])  # its model names the repository
    return QueryValue((item,), sources=sources((item,))) if isinstance(item, (InstanceValue, Variable)) else None


def own_method(index: CodeIndex, model: str, name: str) -> Callable | None:
    """Return the method of this name of the repository class that a model names."""
    for (path, owner), models in index.repositories.items():
        where = index.member(path, owner, name) if model in models else None
        if where is not None and isinstance(where[1], f.Function):
            return Callable(where[0].path, f"{where[0].name}.{name}", Object(path, owner))
    return None


def named_model_query(index: CodeIndex, value: Object, methods: frozenset[str]) -> QueryValue | None:
    """Return the query of the model that a method of a repository names: `model(): string { return User::class; }`."""
    for info in index.lineage(value.path, value.name):
        for name in methods & info.members.keys():
            summary = index.summaries.get((info.path, f"{info.name}.{name}"))
            model = summary.returns if summary is not None else None
            if isinstance(model, Entity):
                return QueryValue((InstanceValue(model.model, "It comes from a repository."),), sources=(model.model,))
    return None
