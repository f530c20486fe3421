"""Plans how a schema archive is restored: what is created before and after the rows, and what is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from headwater.engines import ArchivePlan, ArchiveStatement
from headwater.engines.mysql.ddl import literal, quote
from headwater.engines.mysql.schema_archive import (
    MysqlObject,
    MysqlSchema,
    names_in,
    text_of,
    without_foreign_keys,
)
from headwater.kit.errors import Conflict

Name: TypeAlias = tuple[str, str]
# What exists before the rows are loaded.
WITH_ROWS = frozenset({"table", "sequence"})
_CALLED = frozenset({"function", "procedure", "package", "package body"})


@dataclass(frozen=True, slots=True)
class MysqlSelection:
    """The objects of an archive that are restored, in the order of their creation.

    `left_out` are the names of everything else, `parts_left_out` those of keys and triggers of restored tables.
    """

    objects: tuple[MysqlObject, ...]
    left_out: tuple[str, ...]
    parts_left_out: tuple[str, ...]
    whole: bool


def select(content: MysqlSchema, tables: Collection[str], present: Collection[str] = ()) -> MysqlSelection:
    """Return all objects, or if these are not all tables, those tables and what they need.

    Foreign keys to tables that are neither chosen nor `present` in the database are left out, and so are triggers that
    use them.
    """
    every = {item.name for item in content.objects if item.kind == "table"}
    if every <= set(tables):
        return MysqlSelection(content.objects, (), (), whole=True)
    absent = every - set(tables) - set(present)
    chosen, left_out = [], []
    for item in content.objects:
        if item.kind == "table" and item.name in tables:
            text, keys = without_foreign_keys(item.data, absent)
            chosen.append(replace(item, text=text_of(text)))
            left_out += [f"foreign key {key} of {item.name}" for key in keys]
    keys_left_out = len(left_out)
    chosen += _belonging(content, chosen, absent)
    numbers = {(item.kind, item.name) for item in chosen}
    ordered = {(item.kind, item.name): item for item in chosen}
    left_out += [item.display_name for item in content.objects if (item.kind, item.name) not in numbers]
    selected = [ordered[item.kind, item.name] for item in content.objects if (item.kind, item.name) in numbers]
    parts = [
        *left_out[:keys_left_out],
        *(
            item.display_name
            for item in content.objects
            if item.kind == "trigger" and item.table in tables and (item.kind, item.name) not in numbers
        ),
    ]
    return MysqlSelection(tuple(selected), tuple(left_out), tuple(parts), whole=False)


def _belonging(content: MysqlSchema, tables: Sequence[MysqlObject], absent: Collection[str]) -> list[MysqlObject]:
    """Return the triggers of tables, and the sequences and routines that tables and triggers name."""
    names = {table.name for table in tables}
    views = {item.name for item in content.objects if item.kind == "view"}
    named = {item.name: item for item in content.objects if item.kind in {*_CALLED, "sequence"}}
    belonging: list[MysqlObject] = []
    for item in [*tables, *(item for item in content.objects if item.kind == "trigger" and item.table in names)]:
        needed = _closure(item, named)
        if item.kind == "table" or not any(names_in(part.data, {*absent, *views}) for part in (item, *needed)):
            belonging += [part for part in needed if part not in belonging]
            belonging += [item] if item.kind == "trigger" else []
    bodies = {item.name for item in belonging if item.kind in {"package", "package body"}}
    return belonging + [
        item
        for item in content.objects
        if item.kind in {"package", "package body"} and item.name in bodies and item not in belonging
    ]


def _closure(item: MysqlObject, named: Mapping[str, MysqlObject]) -> list[MysqlObject]:
    """Return the sequences and routines that an object names, and those that they name."""
    called: dict[str, MysqlObject] = {}
    open_ = [item]
    while open_:
        for name in names_in(open_.pop().data, named.keys() - called.keys()):
            called[name] = named[name]
            open_.append(named[name])
    return list(called.values())


def plan(
    content: MysqlSchema, extras: Mapping[str, Any], tables: Collection[str], existing: Collection[Name]
) -> tuple[ArchivePlan, Mapping[int, MysqlObject]]:
    """Return the plan, and the object of each of its statements by number; see `ArchiveRestore.plan`.

    Args:
        content: the content of the archive.
        extras: the extras of the snapshot.
        tables: the tables to restore; if they are all tables of the archive, everything is.
        existing: the (kind, name) of what the database has; all kinds of relations are a "table".

    Raises:
        Conflict: the database already has one of the objects.
    """
    selection = select(content, tables)
    _check_free(selection.objects, existing)
    by_number = dict(enumerate((*selection.objects, *_database(content, whole=selection.whole))))
    statements = list(_statements(by_number))
    first = tuple(item for item in statements if by_number[item.number].kind in WITH_ROWS)
    later = tuple(item for item in statements if by_number[item.number].kind not in WITH_ROWS)
    return (
        ArchivePlan(
            first,
            (),
            later,
            tuple(_dropped(selection.objects)),
            selection.left_out,
            extras_of(selection.objects, extras),
        ),
        by_number,
    )


def _database(content: MysqlSchema, *, whole: bool) -> Iterator[MysqlObject]:
    """Yield the default collation of the database, which comes with all of its objects."""
    if whole and content.collation:
        yield MysqlObject("database", "", f"ALTER DATABASE COLLATE {literal(content.collation)}")


def additions(content: MysqlSchema, missing: Collection[str], existing: Collection[Name]) -> MysqlSelection:
    """Return the missing tables and what belongs to them, without what a database has already."""
    selection = select(content, missing, {name for kind, name in existing if kind == "table"})
    taken = {(kind, name.lower()) for kind, name in existing}
    return replace(selection, objects=tuple(item for item in selection.objects if identity(item) not in taken))


def _statements(by_number: Mapping[int, MysqlObject]) -> Iterator[ArchiveStatement]:
    """Yield a statement for each object; views need the views and routines that they name."""
    named = {item.name: number for number, item in by_number.items() if item.kind in {"view", *_CALLED}}
    for number, item in by_number.items():
        needs = names_in(item.data, named) - {item.name} if item.kind == "view" else ()
        yield ArchiveStatement(
            number,
            text_of(item.data),
            item.display_name,
            item.kind in WITH_ROWS,
            tuple(named[name] for name in sorted(needs)),
        )


def identity(item: MysqlObject) -> Name:
    """Return the kind and the name by which two objects exclude each other."""
    return ("table" if item.kind in {"table", "view", "sequence"} else item.kind), item.name.lower()


def _check_free(objects: Sequence[MysqlObject], existing: Collection[Name]) -> None:
    there = {(kind, name.lower()) for kind, name in existing}
    if taken := [item.display_name for item in objects if identity(item) in there]:
        names = ", ".join(taken[:5]) + (" …" if len(taken) > 5 else "")
        raise Conflict(
            f"The database already has {names}.",
            hint="Choose an empty database, or only tables that it does not have.",
        )


def _dropped(objects: Sequence[MysqlObject]) -> Iterator[Name]:
    """Yield the (kind, quoted name) of what must be dropped to undo a restore, dependents first."""
    for item in reversed(objects):
        if item.kind not in {"trigger", "package body"}:
            yield item.kind, quote(item.name)


def extras_of(objects: Sequence[MysqlObject], extras: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counters and the values of the sequences among some objects."""
    names = {item.name for item in objects if item.kind in WITH_ROWS}
    return {
        "counters": [counter for counter in extras.get("counters", ()) if counter[0] in names],
        "generators": {name: value for name, value in extras.get("generators", {}).items() if name in names},
    }
