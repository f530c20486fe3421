"""Infers from the name of a parameter which model it is a row of, and confirms it by its use.

A parameter `user` without a type is a row of User if there is one such model and all attributes that the function reads
of it, at least two, are attributes of the model. That is inference: such usages are tier B.
"""

from __future__ import annotations

from collections.abc import Iterator

from headwater.catalog import facts as f
from headwater.core.lineage.orm.index import CodeIndex, singular
from headwater.core.lineage.orm.values import InstanceValue

ENOUGH = 2


def by_name(index: CodeIndex, param: f.Param, body: tuple[f.Stmt, ...]) -> InstanceValue | None:
    """Return the row value of a parameter, or None."""
    model = index.by_words.get(singular(param.name))
    if model is None:
        return None
    read = set(_attributes(body, param.name))
    path, _, name = model.rpartition(":")
    known = set(index.fields[model]) | set(index.models[model].inherited)
    for info in index.lineage(path, name):
        known |= set(info.members)
    columns = sum(index.column_of(model, attribute) is not None for attribute in read)
    if not read <= known or len(read) < ENOUGH or not columns:
        return None
    return InstanceValue(
        model, f"{param.name} is named like a model, and the model has all attributes that are read.", False
    )


def _attributes(body: object, name: str) -> Iterator[str]:
    """Yield the attributes that a body reads of a variable."""
    stack: list[object] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, f.Attr):
            if isinstance(node.value, f.Name):
                if node.value.id == name:
                    yield node.name
            else:
                stack.append(node.value)
        elif isinstance(node, f.Node):
            stack.extend(getattr(node, field) for field in type(node).__struct_fields__ if field not in _PLAIN)


_PLAIN = frozenset({"start", "end", "name", "id", "text", "op", "word", "kind", "exported"})
