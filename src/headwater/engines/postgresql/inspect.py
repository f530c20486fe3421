"""Reads the whole Schema from PostgreSQL's catalog: one query for each kind of object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal, TypeAlias

import msgspec
import psycopg

from headwater.catalog.model import (
    Attributes,
    Check,
    Column,
    Domain,
    Enum,
    ForeignKey,
    Index,
    Relation,
    RelationKind,
    Routine,
    Schema,
    Trigger,
)
from headwater.catalog.model import Sequence as Counter
from headwater.engines import Session
from headwater.engines.postgresql import attributes as a
from headwater.engines.postgresql import queries
from headwater.engines.postgresql.ddl import literal, quote
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.session import PostgresSession

Row: TypeAlias = Mapping[str, Any]
KINDS: Mapping[str, RelationKind] = {
    "r": "table",
    "p": "table",
    "f": "table",
    "v": "view",
    "m": "materialized_view",
}
ACTIONS = {"a": None, "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
ROUTINES: Mapping[str, Literal["function", "procedure", "aggregate", "window"]] = {
    "f": "function",
    "p": "procedure",
    "a": "aggregate",
    "w": "window",
}
COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "*": "ALL"}


async def inspect(session: Session) -> Schema:
    """Read the whole Schema of the database, as the role sees it."""
    assert isinstance(session, PostgresSession)
    rows = await _read(session.connection)
    parts = _Parts(rows)
    relations = [_relation(row, parts) for row in _in_order(rows["RELATIONS"], rows["VIEW_ORDER"])]
    return Schema(
        relations=tuple(relations),
        enums=tuple(Enum(row["name"], tuple(row["values"]), row["schema"], row["comment"]) for row in rows["ENUMS"]),
        domains=tuple(_domain(row) for row in rows["DOMAINS"]),
        sequences=tuple(_sequence(row) for row in rows["SEQUENCES"]),
        routines=tuple(_routine(row) for row in rows["ROUTINES"]),
        attrs=_of_schema(rows),
    )


QUERIES = (
    "SCHEMAS",
    "EXTENSIONS",
    "RELATIONS",
    "COLUMNS",
    "CONSTRAINTS",
    "INDEXES",
    "TRIGGERS",
    "POLICIES",
    "ENUMS",
    "DOMAINS",
    "COMPOSITES",
    "SEQUENCES",
    "ROUTINES",
    "VIEW_ORDER",
)


async def _read(connection: psycopg.AsyncConnection[Any]) -> dict[str, list[Row]]:
    """Run all queries in one snapshot, with only the system schema on the search path, so that names are qualified."""
    results: dict[str, list[Row]] = {}
    try:
        async with connection.transaction():
            await connection.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await connection.execute(b"SET LOCAL search_path = pg_catalog")
            await connection.execute(
                b"SET LOCAL jit = off"
            )  # JIT compilation of these queries takes longer than running them
            for name in QUERIES:
                query = "SELECT coalesce(json_agg(q), '[]')::text FROM (" + getattr(queries, name) + ") q"
                row = await (await connection.execute(query.encode())).fetchone()
                results[name] = msgspec.json.decode(row[0]) if row else []
    except psycopg.Error as error:
        raise error_from(error, 0, 0) from error
    return results


class _Parts:
    """The parts of relations (columns, keys, indexes …), by oid."""

    def __init__(self, rows: Mapping[str, list[Row]]) -> None:
        self.columns = _grouped(rows["COLUMNS"])
        self.constraints = _grouped(rows["CONSTRAINTS"])
        self.indexes = _grouped(rows["INDEXES"])
        self.triggers = _grouped(rows["TRIGGERS"])
        self.policies = _grouped(rows["POLICIES"])


def _grouped(rows: Sequence[Row]) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["oid"]].append(row)
    return groups


def _in_order(relations: Sequence[Row], needs: Sequence[Row]) -> list[Row]:
    """Return tables by name, then views so that each comes after the views that it uses."""
    tables = [row for row in relations if row["kind"] not in {"v", "m"}]
    tables.sort(key=lambda row: bool(row["parents"]))  # partitions and child tables after their parents
    views = {row["oid"]: row for row in relations if row["kind"] in {"v", "m"}}
    before: dict[int, set[int]] = {oid: set() for oid in views}
    for need in needs:
        if need["oid"] in before:
            before[need["oid"]].add(need["needs"])
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError:  # two views that use each other: no order works
        order = list(views)
    return tables + [views[oid] for oid in order if oid in views]


def _relation(row: Row, parts: _Parts) -> Relation:
    oid = row["oid"]
    constraints = parts.constraints[oid]
    primary = next((constraint for constraint in constraints if constraint["kind"] == "p"), None)
    return Relation(
        name=row["name"],
        schema=row["schema"],
        kind=KINDS[row["kind"]],
        columns=tuple(_column(column) for column in parts.columns[oid]),
        primary_key=tuple(primary["columns"]) if primary else (),
        foreign_keys=tuple(_foreign_key(constraint) for constraint in constraints if constraint["kind"] == "f"),
        indexes=tuple(_indexes(parts.indexes[oid], constraints)),
        checks=tuple(_check(constraint) for constraint in constraints if constraint["kind"] == "c"),
        triggers=tuple(
            Trigger(row["name"], row["definition"], row["enabled"], row["comment"]) for row in parts.triggers[oid]
        ),
        comment=row["comment"],
        definition=row["definition"].strip().rstrip(";") if row["definition"] else None,
        rows=row["rows"],
        size_bytes=row["size_bytes"],
        attrs=_of_relation(row, primary, parts.policies[oid]),
    )


def _of_relation(row: Row, primary: Row | None, policies: Sequence[Row]) -> Attributes:
    parents = row["parents"] or []
    security = "forced" if row["forced_row_security"] else "enabled" if row["row_security"] else None
    standard = f"{row['name']}_pkey"
    given = {
        a.PARTITION_BY: row["partition_by"],
        a.PARTITION_OF: parents[0] if row["is_partition"] and parents else None,
        a.PARTITION_BOUND: row["partition_bound"] if row["is_partition"] else None,
        a.INHERITS: ", ".join(parents) if parents and not row["is_partition"] else None,
        a.UNLOGGED: row["persistence"] == "u",
        a.STORAGE: ", ".join(row["options"]) if row["options"] else None,
        a.ROW_SECURITY: security,
        a.PRIMARY_KEY_PERIOD: bool(primary) and " WITHOUT OVERLAPS" in (primary or {})["definition"],
        a.PRIMARY_KEY_NAME: primary["name"] if primary and primary["name"] != standard else None,
        a.FOREIGN: row["kind"] == "f",
    }
    return a.attrs(**given, **{a.POLICY + policy["name"]: _policy(policy) for policy in policies})


def _policy(row: Row) -> str:
    parts = [
        f"AS {'PERMISSIVE' if row['permissive'] else 'RESTRICTIVE'}",
        f"FOR {COMMANDS[row['command']]}",
        f"TO {', '.join(row['roles'] or ['public'])}",
    ]
    parts += [f"USING ({row['using']})"] if row["using"] else []
    parts += [f"WITH CHECK ({row['check']})"] if row["check"] else []
    return " ".join(parts)


def _column(row: Row) -> Column:
    generated = row["generated"] in {"s", "v"}
    given = {
        a.IDENTITY: {"a": "always", "d": "by default"}.get(row["identity"]),
        a.COLLATION: row["collation"],
        a.VIRTUAL: row["generated"] == "v",
    }
    return Column(
        name=row["name"],
        type=row["type"],
        nullable=row["nullable"],
        default=None if generated else row["default"],
        generated=row["default"] if generated else None,
        identity=bool(row["identity"]),
        comment=row["comment"],
        attrs=a.attrs(**given),
    )


def _foreign_key(row: Row) -> ForeignKey:
    given = {a.MATCH: "FULL" if row["match"] == "f" else None} | _of_constraint(row)
    return ForeignKey(
        columns=tuple(row["columns"]),
        ref_table=row["ref_table"],
        ref_columns=tuple(row["ref_columns"]),
        name=row["name"],
        ref_schema=row["ref_schema"],
        on_delete=ACTIONS[row["on_delete"]],
        on_update=ACTIONS[row["on_update"]],
        attrs=a.attrs(**given),
    )


def _of_constraint(row: Row) -> dict[str, object]:
    deferrable = "deferred" if row["deferred"] else "immediate" if row["deferrable"] else None
    definition = row["definition"]
    enforced = not definition.endswith("NOT ENFORCED")
    return {
        a.DEFERRABLE: deferrable,
        a.NOT_VALID: not row["validated"] and enforced,
        a.NOT_ENFORCED: not enforced,
        a.PERIOD: " WITHOUT OVERLAPS" in definition or ", PERIOD " in definition,
    }


def _check(row: Row) -> Check:
    given = {a.NO_INHERIT: row["no_inherit"]} | _of_constraint(row)
    return Check(row["expression"], row["name"], a.attrs(**given))


def _indexes(rows: Sequence[Row], constraints: Sequence[Row]) -> list[Index]:
    by_index = {constraint["index_oid"]: constraint for constraint in constraints if constraint["kind"] in {"u", "x"}}
    return [_index(row, by_index.get(row["index_oid"])) for row in rows if not row["primary"]]


def _index(row: Row, constraint: Row | None) -> Index:
    parts = zip(row["columns"], row["options"], row["opclasses"], row["expressions"], strict=True)
    given: dict[str, object] = {
        a.METHOD: row["method"] if row["method"] != "btree" else None,
        a.INCLUDE: ", ".join(quote(name) for name in row["include"]) if row["include"] else None,
        a.STORAGE: ", ".join(row["storage"]) if row["storage"] else None,
        a.NULLS_NOT_DISTINCT: "NULLS NOT DISTINCT" in row["definition"],
    }
    if constraint:
        given[a.CONSTRAINT] = constraint["kind"] == "u"
        given[a.EXCLUDE] = constraint["definition"] if constraint["kind"] == "x" else None
        given |= _of_constraint(constraint)
    return Index(
        row["name"],
        tuple(_key(*part) for part in parts),
        row["unique"],
        row["where"],
        constraint["comment"] if constraint else row["comment"],
        a.attrs(**given),
    )


def _key(text: str, option: int, opclass: str, is_expression: bool) -> str:
    """Return one key of an index: a plain column name, or an expression with its order in parentheses."""
    order = {0: "", 1: " DESC NULLS LAST", 2: " NULLS FIRST", 3: " DESC"}[option & 3]
    if not is_expression and not order and not opclass and " COLLATE " not in text:
        return text[1:-1].replace('""', '"') if text.startswith('"') else text
    inner = text if not is_expression or text.startswith("(") else f"({text})"
    return f"({inner}{f' {opclass}' if opclass else ''}{order})"


def _domain(row: Row) -> Domain:
    names, texts = row["check_names"] or [], row["checks"] or []
    checks = tuple(Check(_inside(text), name) for name, text in zip(names, texts, strict=True))
    return Domain(
        row["name"],
        row["type"],
        row["schema"],
        row["nullable"],
        row["default"],
        checks,
        row["comment"],
        a.attrs(**{a.COLLATION: row["collation"]}),
    )


def _inside(definition: str) -> str:
    """Return the condition inside `CHECK (…)`."""
    return definition[definition.index("(") + 1 : definition.rindex(")")]


def _sequence(row: Row) -> Counter:
    owner = (row["owner_table"], row["owner_column"]) if row["owner_table"] else None
    given = {
        a.START: row["seqstart"],
        a.INCREMENT: row["seqincrement"],
        a.MINIMUM: row["seqmin"],
        a.MAXIMUM: row["seqmax"],
        a.CACHE: row["seqcache"],
        a.CYCLE: row["seqcycle"],
        a.OF_IDENTITY: row["dependency"] == "i",
        "owner_schema": row["owner_schema"],
    }
    return Counter(row["name"], row["type"], row["schema"], owner, row["comment"], a.attrs(**given))


def _routine(row: Row) -> Routine:
    definition = row["definition"]
    if row["kind"] == "a":
        final = f", FINALFUNC = {row['final']}" if row["final"] else ""
        initial = f", INITCOND = {literal(row['initial'])}" if row["initial"] is not None else ""
        name = quote(row["schema"], row["name"])
        definition = (
            f"CREATE AGGREGATE {name}({row['arguments'] or '*'}) "
            f"(SFUNC = {row['step']}, STYPE = {row['state']}{final}{initial})"
        )
    return Routine(
        row["name"],
        ROUTINES[row["kind"]],
        row["schema"],
        row["arguments"],
        row["returns"] or "",
        row["language"],
        definition.strip() if definition else None,
        row["comment"],
    )


def _of_schema(rows: Mapping[str, list[Row]]) -> Attributes:
    given: dict[str, object] = {a.SCHEMAS: ", ".join(row["nspname"] for row in rows["SCHEMAS"])}
    given |= {a.EXTENSION + row["extname"]: row["nspname"] for row in rows["EXTENSIONS"]}
    given |= {a.COMPOSITE + quote(row["schema"], row["name"]): ", ".join(row["fields"]) for row in rows["COMPOSITES"]}
    return a.attrs(**given)
