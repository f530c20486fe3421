"""Infers from the name of a parameter which model it is a row of, and confirms it by its use.

A parameter `user` without a type is a row of User if there is one such model and all attributes that the function reads
of it, at least two, are attributes of the model; one is enough in languages whose parameters never have a type. That is
inference: such usages are tier B.
"""

from __future__ import annotations

from collections.abc import Iterator

from headwater.catalog import facts as f
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.syntax import singular
from headwater.core.lineage.orm.values import InstanceValue
from headwater.languages import has_bare_calls

ENOUGH = 2
# Methods of all Ruby objects, which say nothing about the class.
_OF_ANY_OBJECT = frozenset(
    {
        "class",
        "present",
        "blank",
        "nil",
        "is_a",
        "respond_to",
        "send",
        "public_send",
        "try",
        "to_s",
        "to_param",
        "inspect",
    }
    | {"errors", "valid", "persisted", "new_record", "save", "destroyed", "attributes", "changed", "to_global_id"}
)


def by_name(
    index: CodeIndex, path: str, name: str, body: tuple[f.Stmt, ...], *, is_block: bool = False
) -> InstanceValue | None:
    """Return the row that a parameter or an attribute (`@user`) of this name stands for in a file, or None."""
    model = index.by_words.get(singular(name.removeprefix("@")))
    if model is None:
        return None
    enough = 1 if has_bare_calls(index.language(path)) and not is_block else ENOUGH
    read = set(_attributes(body, name))
    own_path, _, title = model.rpartition(":")
    known = set(index.fields[model]) | set(index.models[model].inherited)
    for info in index.lineage(own_path, title):
        known |= set(info.members)
    columns = sum(_is_own(index, model, attribute, relations=enough == 1) for attribute in read)
    if enough == 1:
        words = index.words_of(model)
        known |= {*words.query, *words.instance, *_OF_ANY_OBJECT}
        read = {word for word in read if word.rstrip("?!") not in known}
    if not read <= known or columns < 1 or (enough > 1 and len(read) < enough):
        return None
    return InstanceValue(model, f"{name} is named like a model, and the model has all attributes that are read.", False)


def _is_own(index: CodeIndex, model: str, attribute: str, *, relations: bool) -> bool:
    """Return True if an attribute is a column of a model; with `relations`, also if it is a relationship."""
    return index.column_of(model, attribute) is not None or (relations and attribute in index.fields[model])


def _attributes(body: object, name: str) -> Iterator[str]:
    """Yield the attributes that a body reads of a variable."""
    stack: list[object] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, f.Attr):
            owner = node.value
            if isinstance(owner, f.Name) or (isinstance(owner, f.Attr) and owner.name.startswith("@")):
                if name == (owner.id if isinstance(owner, f.Name) else owner.name):
                    yield node.name
            else:
                stack.append(node.value)
        elif isinstance(node, f.Node):
            stack.extend(getattr(node, field) for field in type(node).__struct_fields__ if field not in _PLAIN)


_PLAIN = frozenset({"start", "end", "name", "id", "text", "op", "word", "kind", "exported"})
