"""Plans how a schema archive is restored: what is created before and after the rows, and what is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headwater.engines import ArchivePlan, ArchiveStatement
from headwater.engines.sqlite.ddl import quote
from headwater.engines.sqlite.schema_archive import SqliteObject, SqliteSchema, names_in, without_foreign_keys
from headwater.engines.sqlite.values import literal
from headwater.kit.errors import Conflict

# Numbers of statements that create no table.
STATISTICS, FILE_SETTINGS, OTHER = -3, -2, -1


@dataclass(frozen=True, slots=True)
class SqliteSelection:
    """The objects of an archive that are restored, in the order of their creation.

    `left_out` are the names of everything else, `parts_left_out` those of keys and triggers of restored tables.
    """

    objects: tuple[SqliteObject, ...]
    left_out: tuple[str, ...]
    parts_left_out: tuple[str, ...]
    whole: bool

    def of(self, *types: str) -> list[SqliteObject]:
        """Return the objects of some types."""
        return [item for item in self.objects if item.type in types]


def select(
    content: SqliteSchema, tables: Collection[str], present: Collection[str] = (), *, whole: bool | None = None
) -> SqliteSelection:
    """Return all objects, or if these are not all tables, those tables with their indexes and triggers.

    A full-text index over another table belongs to that table. Foreign keys to tables that are neither chosen nor
    `present` in the file are left out, and so are triggers that use them or views.

    Args:
        content: the content of the archive.
        tables: the chosen tables, with the shadow tables whose rows are restored.
        present: the tables of the file.
        whole: True if everything is restored; None if that depends on the tables.
    """
    every = [item for item in content.objects if item.type == "table"]
    if whole is None:
        whole = all(item.name in tables and (item.content is None or item.shadows_in(tables)) for item in every)
    if whole:
        return SqliteSelection(content.objects, (), (), whole=True)
    chosen = {item.name for item in every if _is_chosen(item, tables, every)}
    absent = {item.name for item in every} - chosen - set(present)
    unusable = absent | {item.name for item in content.objects if item.type == "view"}
    objects: list[SqliteObject] = []
    left_out: list[str] = []
    parts: list[str] = []
    for item in content.objects:
        if item.type == "table" and item.name in chosen:
            text, keys = (item.sql, ()) if item.is_virtual else without_foreign_keys(item.sql, absent)
            objects.append(replace(item, sql=text))
            parts += [f"foreign key of {item.name} to {name}" for name in keys]
        elif _belongs(item, chosen, unusable):
            objects.append(item)
        elif item.type == "trigger" and item.table in chosen:
            parts.append(item.display_name)
        else:
            left_out.append(item.display_name)
    return SqliteSelection(tuple(objects), (*parts, *left_out), tuple(parts), whole=False)


def _is_chosen(item: SqliteObject, tables: Collection[str], every: Sequence[SqliteObject]) -> bool:
    """Return True if a table is restored; a virtual table is if the tables that it reads are, or its shadow tables."""
    if not item.is_virtual:
        return item.name in tables
    if item.content is not None:
        wanted = {name.casefold() for name in tables}
        return item.shadows_in(tables) or item.content.casefold() in wanted
    others = names_in(item.sql, {other.name for other in every} - {item.name})
    return item.name in tables and others <= set(tables)


def _belongs(item: SqliteObject, tables: Collection[str], unusable: Collection[str]) -> bool:
    if item.type not in {"index", "trigger"} or item.table.casefold() not in {name.casefold() for name in tables}:
        return False
    return item.type == "index" or not names_in(item.sql, unusable)


def plan(
    content: SqliteSchema, extras: Mapping[str, Any], tables: Collection[str], existing: Collection[str]
) -> ArchivePlan:
    """Return the plan; see `ArchiveRestore.plan`.

    Args:
        content: the content of the archive.
        extras: the extras of the snapshot.
        tables: the tables to restore, with shadow tables; if they are all tables of the archive, everything is.
        existing: the names of what the file has.

    Raises:
        Conflict: the file already has one of the objects.
    """
    return plan_of(select(content, tables), content, extras, tables, existing)


def plan_of(
    selection: SqliteSelection,
    content: SqliteSchema,
    extras: Mapping[str, Any],
    tables: Collection[str],
    existing: Collection[str] = (),
) -> ArchivePlan:
    """Return the plan for a selection; for the other arguments see `plan`."""
    _check_free(selection.objects, existing)
    settings = [ArchiveStatement(FILE_SETTINGS, "", "settings of the file", True)]
    return ArchivePlan(
        (
            *(settings if selection.whole and not existing else ()),
            *(
                ArchiveStatement(number, item.sql, item.display_name, True)
                for number, item in enumerate(selection.of("table"))
            ),
            *_others(configurations(content, selection.of("table")), "configuration of a search index", essential=True),
        ),
        tuple(_created(selection, "index")),
        (
            *_others(rebuilds(selection, tables), "full-text index"),
            *_created(selection, "view", "trigger"),
            *(_others(statistics(content), "statistics", STATISTICS) if selection.whole else ()),
        ),
        tuple(_dropped(selection.objects)),
        selection.left_out,
        extras_of(selection, extras),
    )


def _created(selection: SqliteSelection, *types: str) -> Iterator[ArchiveStatement]:
    yield from (ArchiveStatement(OTHER, item.sql, item.display_name, False) for item in selection.of(*types))


def _others(
    texts: Iterator[str], subject: str, number: int = OTHER, *, essential: bool = False
) -> Iterator[ArchiveStatement]:
    yield from (ArchiveStatement(number, text, subject, essential) for text in texts)


def configurations(content: SqliteSchema, tables: Sequence[SqliteObject]) -> Iterator[str]:
    """Yield the statements that configure full-text indexes."""
    for table in tables:
        for key, value in content.configuration.get(table.name, ()):
            name = quote(table.name)
            yield f"INSERT INTO {name} ({name}, rank) VALUES ({_constant(key)}, {_constant(value)})"  # noqa: S608


def rebuilds(selection: SqliteSelection, tables: Collection[str]) -> Iterator[str]:
    """Yield the statements that index the text of other tables, where the index itself is not restored."""
    for item in selection.of("table"):
        if item.content and not selection.whole and not item.shadows_in(tables):
            name = quote(item.name)
            yield f"INSERT INTO {name} ({name}) VALUES ('rebuild')"  # noqa: S608 (quoted)


def statistics(content: SqliteSchema) -> Iterator[str]:
    """Yield the statements that restore the statistics of ANALYZE."""
    if not content.statistics:
        return
    yield "ANALYZE sqlite_schema"  # it creates their tables
    for table, rows in content.statistics.items():
        yield f"DELETE FROM {quote(table)}"  # noqa: S608 (quoted)
        for row in rows:
            yield f"INSERT INTO {quote(table)} VALUES ({', '.join(map(_constant, row))})"  # noqa: S608 (constants)
    yield "ANALYZE sqlite_schema"  # it reads them


def _constant(value: Any) -> str:
    if isinstance(value, dict):
        return f"x'{bytes.fromhex(value['blob']).hex()}'"
    return literal(value).decode()


def additions(content: SqliteSchema, missing: Collection[str], existing: Collection[str]) -> SqliteSelection:
    """Return the missing tables and what belongs to them, without what a file has already."""
    selection = select(content, missing, existing)
    taken = {name.casefold() for name in existing}
    objects = tuple(item for item in selection.objects if item.name.casefold() not in taken)
    return replace(selection, objects=objects)


def _check_free(objects: Sequence[SqliteObject], existing: Collection[str]) -> None:
    taken = {name.casefold() for name in existing}
    if clashes := [item.display_name for item in objects if item.name.casefold() in taken]:
        names = ", ".join(clashes[:5]) + (" …" if len(clashes) > 5 else "")
        raise Conflict(
            f"The database already has {names}.",
            hint="Choose an empty database, or only tables that it does not have.",
        )


def _dropped(objects: Sequence[SqliteObject]) -> Iterator[tuple[str, str]]:
    """Yield the (type, quoted name) of what must be dropped to undo a restore, dependents first."""
    yield from (
        (item.type, quote(item.name)) for type_ in ("view", "table") for item in reversed(objects) if item.type == type_
    )


def extras_of(selection: SqliteSelection, extras: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counters of tables, and with the whole file its settings."""
    names = {item.name for item in selection.of("table")}
    return {
        "settings": extras.get("settings", {}) if selection.whole else {},
        "counters": [counter for counter in extras.get("counters", ()) if counter[0] in names],
    }
