"""Pipelines of stages, as documents are aggregated: which fields each stage uses, until a stage makes new ones.

The keys of a stage name fields, or, where it makes new documents, the new fields; a text that begins with a dollar sign
names a field in an expression. What the stages are called and mean is in the vocabulary (`OptionsShape.stages`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.values import Dict, EntryValue, Literal, Row, Value, each
from headwater.readers import OptionsShape

Note = Callable[[str, tuple[int, int], str], bool]


def use(frame: Frame, model: str, value: Value, walk: Callable[[Value, str], None], note: Note) -> None:
    """Use the stages of a pipeline over a model; `walk` uses an object of conditions, `note` a name, in a role."""
    shape = frame.index.words_of(model).shape
    for stage in _stages(value):
        for entry in stage.entries:
            role = shape.stages.get(entry.key)
            if role == "join":
                _lookup(frame, model, entry)
            elif role in ("filter", "sort"):
                walk(entry.value, role)
            elif role is not None:
                _expressions(entry.value, role, note)
                if role == "projection":
                    _kept(entry.value, note)
        if _makes_new(stage, shape):
            return


def _stages(value: Value) -> Iterator[Dict]:
    for item in each(value):
        if isinstance(item, Dict):
            yield item
        elif isinstance(item, Row):
            for part in item.items:
                yield from _stages(part)


def _makes_new(stage: Dict, shape: OptionsShape) -> bool:
    return any(entry.key in shape.regroups for entry in stage.entries)


def _kept(value: Value, note: Note) -> None:
    """Use the fields that a projection keeps: `{ name: 1 }`."""
    for entry in value.entries if isinstance(value, Dict) else ():
        if entry.value is None:
            note(entry.key, entry.span, "projection")


def _expressions(value: Value, role: str, note: Note) -> None:
    """Use the fields that expressions name: `"$price"` anywhere inside; the key of a group is what it groups by."""
    for item in each(value):
        if isinstance(item, Literal) and item.text.startswith("$"):
            note(item.text.lstrip("$"), item.span, role)
        elif isinstance(item, Row):
            for part in item.items:
                _expressions(part, role, note)
        elif isinstance(item, Dict):
            for entry in item.entries:
                is_value = role == "group" and entry.key != "_id"
                _expressions(entry.value, "projection" if is_value else role, note)


def _lookup(frame: Frame, model: str, entry: EntryValue) -> None:
    """Use both sides of a join with another collection."""
    parts = {inner.key: inner for inner in entry.value.entries} if isinstance(entry.value, Dict) else {}
    named = {key: inner.value for key, inner in parts.items() if isinstance(inner.value, Literal)}
    local, remote, other = (named.get(key) for key in ("localField", "foreignField", "from"))
    joined = frame.index.of_table(other.text)[:1] if isinstance(other, Literal) else ()
    for owner, text in ((model, local), *((owner, remote) for owner in joined)):
        column = frame.index.named_column(owner, text.text) if isinstance(text, Literal) else None
        if column and isinstance(text, Literal):
            frame.record_usage(owner, column, text.span, "join", f"{text.text} is one side of a join.")
