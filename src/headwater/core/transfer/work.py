"""What a mapping is at: the Schema it reads, the names it has given away, the losses it has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headwater.catalog.model import Column, Domain, Enum, Relation, Schema
from headwater.core.transfer import constraints
from headwater.core.transfer.kinds import Kind, Severity
from headwater.core.transfer.reading import kind_of

# The namespace in which tables are made, where a dialect has namespaces.
HOME = {"postgres": "public"}
# How long names can be: PostgreSQL counts bytes, the others characters; MongoDB's 255 bytes hold the database too.
LONGEST = {"postgres": 63, "mysql": 64, "mongodb": 120}

COMMENTLESS = {"sqlite": "SQLite", "mongodb": "MongoDB"}


@dataclass(slots=True)
class Work:
    """What a mapping is at: where from, where to, and what it has found so far."""

    schema: Schema
    source: str
    target: str
    names: dict[tuple[str | None, str], str] = field(default_factory=dict)
    enums: list[Enum] = field(default_factory=list)
    losses: dict[tuple[Severity, str, str], list[str]] = field(default_factory=dict)
    index_names: set[str] = field(default_factory=set)

    def lose(self, severity: Severity, table: str, of: str, sentence: str) -> None:
        """Note a loss; those of one table that read the same become one."""
        known = self.losses.setdefault((severity, table, sentence), [])
        if of not in known:
            known.append(of)

    def lose_comment(self, table: str, of: str) -> bool:
        """Note a comment that the target cannot have; return whether it is so."""
        name = COMMENTLESS.get(self.target)
        if name:
            self.lose("left_out", table, of, f"{name} has no comments")
        return name is not None


def give_names(chosen: Sequence[Relation], work: Work) -> None:
    """Give each table its name on the other side: namespaces fall away, and of namesakes the later are told apart."""
    bare = {_folded(_cut(one.name, work), work) for one in chosen}
    taken: set[str] = set()
    for one in chosen:
        name = _cut(one.name, work)
        if _folded(name, work) in taken:
            wanted, number = f"{one.schema or 'other'}_{one.name}", 2
            name = _cut(wanted, work)
            while _folded(name, work) in taken | bare:
                name, number = _cut(wanted, work, f"_{number}"), number + 1
            sentence = f"becomes {name}: another table is named {one.name} there"
            work.lose("changed", one.qualified_name, one.name, sentence)
        elif name != one.name:
            work.lose("changed", one.qualified_name, one.name, f"the name is cut to {name}")
        taken.add(_folded(name, work))
        work.names[one.schema, one.name] = name
        if one.schema and one.schema not in {"public", HOME.get(work.target)}:
            work.lose("changed", "", one.schema, "the namespace is not kept: all tables are made in one")


def _folded(name: str, work: Work) -> str:
    """Return a name as the target compares it."""
    return name.casefold() if work.target == "sqlite" else name


def _cut(name: str, work: Work, end: str = "") -> str:
    longest = LONGEST.get(work.target, 200) - len(end)
    if work.target == "postgres":
        return name.encode()[:longest].decode(errors="ignore") + end
    return name[:longest] + end


def column_kind(column: Column, relation: Relation, work: Work) -> Kind:
    """Return what a column holds; enums, domains and MariaDB's JSON are looked up."""
    written = column.type
    if enum := find_enum(written, work.schema.enums):
        return Kind("enum", values=enum.values, written=written)
    bare = written.rpartition(".")[2].strip('"')
    for domain in work.schema.domains:
        if domain.name == bare:
            work.lose("changed", relation.qualified_name, column.name, f"the domain {bare} becomes its type")
            return _of_domain(domain, work)
    if work.source == "mysql" and any(constraints.is_json_check(check, column.name) for check in relation.checks):
        return Kind("json", written="json")
    return _raw(kind_of(work.source, written), work)


def find_enum(written: str, enums: Sequence[Enum]) -> Enum | None:
    """Return the enum that a type names: of namesakes the one of its namespace, `public` when it says none."""
    space, _, bare = written.rpartition(".")
    found = [one for one in enums if one.name == bare.strip('"')]
    wanted = space.strip('"') or "public"
    return next((one for one in found if one.schema == wanted), None) or next(iter(found), None)


def _raw(kind: Kind, work: Work) -> Kind:
    """Return the kind as it is moved: between two of the same dialect, what could be read otherwise stays its text."""
    if work.source != work.target:
        return kind
    if kind.name == "boolean" and work.source == "mysql":
        return Kind("integer", 8, written=kind.written)
    if work.source == "sqlite":
        return Kind("any", written=kind.written)
    return Kind("other", written=kind.written) if kind.name == "array" else kind


def _of_domain(domain: Domain, work: Work) -> Kind:
    return _raw(kind_of(work.source, domain.type), work)
