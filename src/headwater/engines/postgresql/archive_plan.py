"""Plans how a schema archive is restored: which statements run before and after the rows, and what is left out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from headwater.engines import ArchivePlan, ArchiveStatement
from headwater.engines.postgresql.ddl import quote
from headwater.engines.postgresql.schema_archive import ArchivedObject, Identity
from headwater.kit.errors import Conflict

TABLE_KINDS = frozenset({"TABLE", "FOREIGN TABLE"})
# Large objects, rows, owners and privileges are restored by other means; a database is the caller's.
_OTHERS = frozenset({"DATABASE", "DATABASE PROPERTIES", "ACL", "DEFAULT ACL", "SEQUENCE SET", "TABLE DATA", "BLOBS"})
# They may exist already at the target and are then used as they are.
SHARED = frozenset({"SCHEMA", "EXTENSION"})
_SETTINGS = frozenset({"ENCODING", "STDSTRINGS", "SEARCHPATH"})
# What belongs to a table and comes with it, if everything else that it needs comes, too.
_PARTS = frozenset(
    {
        "CHECK CONSTRAINT",
        "COMMENT",
        "CONSTRAINT",
        "DEFAULT",
        "FK CONSTRAINT",
        "INDEX",
        "INDEX ATTACH",
        "POLICY",
        "ROW SECURITY",
        "RULE",
        "SEQUENCE",
        "SEQUENCE OWNED BY",
        "STATISTICS",
        "TABLE ATTACH",
        "TRIGGER",
    }
)
_DROP = re.compile(r"DROP ((?:[A-Z]+ )+)(.+?)(?: CASCADE)?;?\s*", re.DOTALL)
# As `pg_restore`; the archive itself sets the search path.
PREPARE = (
    "SET check_function_bodies = off",
    "SET xmloption = content",
    "SET client_min_messages = warning",
    "SET row_security = off",
    "SET default_tablespace = ''",
)
Name: TypeAlias = tuple[str | None, str]


def plan(
    listed: Sequence[ArchivedObject],
    extras: Mapping[str, Any],
    tables: Collection[Name],
    existing: Collection[Identity],
) -> ArchivePlan:
    """Return the plan for all objects, or for some tables and what they need; see `ArchiveRestore.plan`.

    Args:
        listed: the entries of the archive.
        extras: the extras of the snapshot.
        tables: the tables to restore; if they are all tables of the archive, everything is.
        existing: what the database has already, except relations.

    Raises:
        Conflict: the database already has one of the objects.
    """
    usable = chosen(listed)
    wanted = chosen(listed, tables)
    numbers = {entry.number for entry in wanted}
    created = [entry for entry in wanted if entry.kind not in SHARED or entry.identity not in existing]
    _check_free(created, existing)
    first, later, last = _phases(created)
    return ArchivePlan(
        (*_prepared(), *first),
        tuple(later),
        (*_refreshes(wanted, extras), *last),
        tuple(_objects(created)),
        tuple(entry.display_name for entry in usable if entry.number not in numbers and entry.kind != "COMMENT"),
        _extras(wanted, extras, whole=len(wanted) == len(usable)),
        _needed_extensions(created),
    )


def chosen(listed: Sequence[ArchivedObject], tables: Collection[Name] | None = None) -> list[ArchivedObject]:
    """Return the entries that are restored by statements: all, or those of some tables and what these need.

    If the tables are all tables of the archive, everything is chosen.
    """
    usable = [entry for entry in listed if entry.kind not in _OTHERS and not _of_database(entry)]
    if tables is None:
        return usable
    wanted = {(schema or "", name) for schema, name in tables}
    whole = all((entry.schema, entry.tag) in wanted for entry in usable if entry.kind in TABLE_KINDS)
    return usable if whole else _Selection(usable, wanted).chosen()


def is_object(entry: ArchivedObject) -> bool:
    """Return True if an entry creates an object; others set the session, or say that an object exists already."""
    return entry.kind not in _SETTINGS and _is_statement(entry.create)


def _needed_extensions(created: Sequence[ArchivedObject]) -> tuple[str, ...]:
    essential = _essential(created)
    return tuple(entry.tag for entry in created if entry.kind == "EXTENSION" and entry.number in essential)


def _check_free(created: Iterable[ArchivedObject], existing: Collection[Identity]) -> None:
    taken = [
        entry.display_name
        for entry in created
        if entry.kind not in _SETTINGS and entry.section != "none" and entry.identity in existing
    ]
    if taken:
        names = ", ".join(taken[:5]) + (" …" if len(taken) > 5 else "")
        raise Conflict(
            f"The database already has {names}.",
            hint="Choose an empty database, or only tables that it does not have.",
        )


def _of_database(entry: ArchivedObject) -> bool:
    return entry.kind in {"COMMENT", "SECURITY LABEL"} and entry.tag.startswith("DATABASE ")


def _prepared() -> Iterator[ArchiveStatement]:
    yield from (ArchiveStatement(-1, statement, "the session", True) for statement in PREPARE)


def _phases(
    chosen: Iterable[ArchivedObject],
) -> tuple[list[ArchiveStatement], list[ArchiveStatement], list[ArchiveStatement]]:
    """Return the statements before the rows, after them, and at the end; a comment follows its object."""
    chosen = list(chosen)
    essential = _essential(chosen)
    phases: tuple[list[ArchiveStatement], list[ArchiveStatement], list[ArchiveStatement]] = ([], [], [])
    section, method = "pre-data", ""
    methods = {entry.tag: entry.number for entry in chosen if entry.kind == "ACCESS METHOD"}
    for entry in chosen:
        section = entry.section if entry.section != "none" else section
        if not _is_statement(entry.create):
            continue
        needs = tuple(methods[name] for name in (entry.access_method,) if name in methods)
        if entry.access_method and entry.access_method != method and not entry.is_partitioned:
            method = entry.access_method
            setting = f"SET default_table_access_method = {quote(method)}"
            phases[0].append(ArchiveStatement(-1, setting, f"access method {method}", True, needs))
        phase = 2 if entry.kind == "EVENT TRIGGER" or entry.tag.startswith("EVENT TRIGGER ") else section == "post-data"
        statement = ArchiveStatement(
            entry.number, entry.create, entry.display_name, entry.number in essential, entry.needs
        )
        phases[phase].append(statement)
        if entry.access_method and entry.is_partitioned:
            text = f"ALTER TABLE {quote(entry.schema, entry.tag)} SET ACCESS METHOD {quote(entry.access_method)}"
            phases[phase].append(ArchiveStatement(-1, text, entry.display_name, True, (entry.number, *needs)))
    return phases


def _is_statement(text: str) -> bool:
    """Return False for an entry that only says something, such as that `public` exists already."""
    return any(line.strip() and not line.startswith("--") for line in text.split("\n"))


def _essential(chosen: Sequence[ArchivedObject]) -> set[int]:
    """Return the entries without which a table or a sequence could not be created."""
    by_number = {entry.number: entry for entry in chosen}
    essential: set[int] = set()
    open_ = [entry.number for entry in chosen if entry.kind in {"TABLE", "TABLE ATTACH", "SEQUENCE", *_SETTINGS}]
    while open_:
        number = open_.pop()
        if number in by_number and number not in essential:
            essential.add(number)
            open_ += by_number[number].needs
    return essential


def _refreshes(chosen: Iterable[ArchivedObject], extras: Mapping[str, Any]) -> Iterator[ArchiveStatement]:
    """Yield the statements that fill materialised views that were filled."""
    filled = {(schema, name) for schema, name in extras.get("populated", ())}
    for entry in chosen:
        if entry.kind == "MATERIALIZED VIEW" and (entry.schema, entry.tag) in filled:
            text = f"REFRESH MATERIALIZED VIEW {quote(entry.schema, entry.tag)}"
            yield ArchiveStatement(-1, text, entry.display_name, False, (entry.number,))


def _objects(created: Sequence[ArchivedObject]) -> Iterator[tuple[str, str]]:
    """Yield the (kind, name) of what must be dropped to undo a restore, dependents first."""
    for entry in reversed(created):
        parts = _DROP.fullmatch(entry.drop)
        if parts and (entry.section == "pre-data" or entry.kind in {"PUBLICATION", "EVENT TRIGGER"}):
            yield parts[1].strip(), parts[2]


def _extras(chosen: Sequence[ArchivedObject], extras: Mapping[str, Any], *, whole: bool) -> Mapping[str, Any]:
    """Return the extras that the archive does not contain."""
    created = {(entry.schema, entry.tag) for entry in chosen if entry.kind == "SEQUENCE"}
    sequences = [item for item in extras.get("sequences", ()) if (item[0], item[1]) in created]
    rights = {name: extras.get(name, ()) for name in ("owners", "grants", "defaults") if whole}
    return {"sequences": sequences, **rights}


class _Selection:
    """The entries that some tables need, and those that belong to them."""

    def __init__(self, listed: Sequence[ArchivedObject], wanted: Collection[tuple[str, str]]) -> None:
        self._listed, self._wanted = listed, wanted
        self._by_number = {entry.number: entry for entry in listed}
        self._schemas = {entry.tag: entry.number for entry in listed if entry.kind == "SCHEMA"}
        self._owned: dict[int, list[ArchivedObject]] = defaultdict(list)
        for entry in listed:
            if entry.kind in _PARTS:
                for number in set(entry.needs):
                    self._owned[number].append(entry)

    def chosen(self) -> list[ArchivedObject]:
        """Return the entries in the order of the archive."""
        taken: set[int] = set()
        for entry in self._listed:
            if entry.kind in _SETTINGS or (entry.kind in TABLE_KINDS and (entry.schema, entry.tag) in self._wanted):
                taken |= self._closure(entry.number)
        open_ = list(taken)
        while open_:
            number = open_.pop()
            for part in self._owned[number]:
                if part.number not in taken and self._belongs(part, number, taken):
                    added = self._closure(part.number) - taken
                    taken |= added
                    open_ += added
        return [entry for entry in self._listed if entry.number in taken]

    def _closure(self, start: int) -> set[int]:
        """Return an entry with everything that must exist before it."""
        closed: set[int] = set()
        open_ = [start]
        while open_:
            number = open_.pop()
            entry = self._by_number.get(number)
            if entry is None or number in closed:
                continue
            closed.add(number)
            open_ += entry.needs
            open_ += [self._schemas[entry.schema]] if entry.schema in self._schemas else []
        return closed

    def _belongs(self, part: ArchivedObject, number: int, taken: set[int]) -> bool:
        """Return True if an entry comes with another one: it needs no further table or view."""
        if part.kind == "COMMENT":
            return True
        if self._by_number[number].kind not in {*TABLE_KINDS, "INDEX", "SEQUENCE", "CONSTRAINT"}:
            return False
        return not any(
            self._by_number[other].kind in {*TABLE_KINDS, "VIEW", "MATERIALIZED VIEW"}
            for other in self._closure(part.number) - taken
        )
