"""Large objects of PostgreSQL as rows of a separate table: pieces of their bytes, with OID and piece number.

Piece 0 also exists for an empty object, and contains its owner, its privileges and its comment. The bytes are read with
`lo_get`, because only superusers may read `pg_largeobject` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import psycopg

from headwater.engines import STANDALONE_ROWS, Batch, SnapshotColumn, SnapshotTable
from headwater.engines.postgresql.errors import error_from

Feed: TypeAlias = Callable[[psycopg.Cursor[Any], str, Iterable[Batch]], int]

PIECE_BYTES = 32_768
NAME = "pg_largeobject"
_COLUMNS = (
    SnapshotColumn("loid", "oid", "integer"),
    SnapshotColumn("number", "integer", "integer"),
    SnapshotColumn("owner", "name"),
    SnapshotColumn("rights", "jsonb"),
    SnapshotColumn("comment", "text"),
    SnapshotColumn("data", "bytea", "hex"),
)
_AT_ONCE = 500

# The objects that this role may read; before PostgreSQL 18 only their ACLs say so.
READABLE = """
SELECT m.oid, m.lomowner, m.lomacl FROM pg_largeobject_metadata m
WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR pg_has_role(m.lomowner, 'USAGE')
   OR current_setting('lo_compat_privileges')::bool
   OR EXISTS (SELECT FROM aclexplode(m.lomacl) x WHERE x.privilege_type = 'SELECT'
              AND CASE x.grantee WHEN 0 THEN true ELSE pg_has_role(x.grantee, 'USAGE') END)
"""
# Each object with its size; OFFSET 0 separates the steps: it is opened once, then measured, then closed. One lateral
# join for each step would let the planner remember the size of a handle, and handles are used again.
_SIZED = f"""
({READABLE}) o
CROSS JOIN LATERAL (SELECT greatest(lo_lseek64(handle, 0, 2) + lo_close(handle), 1) AS bytes
                    FROM (SELECT lo_open(o.oid, 262144) AS handle OFFSET 0) opened) sized
"""  # noqa: S608 (of ours)
# How many objects this role may read, and how many it may not.
THERE = f"""
SELECT (SELECT count(*) FROM ({READABLE}) r) AS readable,
       (SELECT count(*) FROM pg_largeobject_metadata) - (SELECT count(*) FROM ({READABLE}) r) AS hidden
"""  # noqa: S608 (of ours)
_COUNT = f"""
SELECT coalesce(sum((sized.bytes + {PIECE_BYTES - 1}) / {PIECE_BYTES}), 0)::bigint AS rows FROM {_SIZED}
"""  # noqa: S608 (of ours)
_RIGHTS = """
(SELECT jsonb_agg(jsonb_build_array(r.rolname, x.privilege_type, x.is_grantable)
                  ORDER BY r.rolname, x.privilege_type)
 FROM aclexplode(o.lomacl) x LEFT JOIN pg_roles r ON r.oid = x.grantee WHERE x.grantee <> o.lomowner)
"""
COPY_OUT = f"""
COPY (
SELECT o.oid, p.number, CASE p.number WHEN 0 THEN nullif(pg_get_userbyid(o.lomowner), current_user) END,
       CASE p.number WHEN 0 THEN {_RIGHTS} END,
       CASE p.number WHEN 0 THEN obj_description(o.oid, 'pg_largeobject') END,
       lo_get(o.oid, p.number::bigint * {PIECE_BYTES}, {PIECE_BYTES})
FROM {_SIZED}
CROSS JOIN LATERAL generate_series(0, ((sized.bytes - 1) / {PIECE_BYTES})::int) p(number)
ORDER BY o.oid, p.number
) TO STDOUT
"""  # noqa: S608 (of ours)
_PIECES, _SAID = "pg_temp.headwater_pieces", "pg_temp.headwater_said"
MAKE = (
    f"CREATE TEMPORARY TABLE headwater_pieces ({', '.join(f'{column.name} {column.type}' for column in _COLUMNS)})",
    "CREATE TEMPORARY TABLE headwater_said (loid oid, owner name, rights jsonb, comment text)",
)
COPY_IN = f"COPY {_PIECES} FROM STDIN"
# Creates objects from pieces; the metadata of piece 0 is kept for the end. The owner is the current role at first.
PUT = f"""
DO $headwater$ BEGIN
  PERFORM pg_catalog.lo_create(loid) FROM (SELECT DISTINCT loid FROM {_PIECES}) new
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid = new.loid);
  PERFORM pg_catalog.lo_put(loid, number::bigint * {PIECE_BYTES}, data) FROM {_PIECES} WHERE length(data) > 0;
  INSERT INTO {_SAID} SELECT loid, owner, rights, comment FROM {_PIECES}
    WHERE coalesce(owner, rights::text, comment) IS NOT NULL;
  TRUNCATE {_PIECES};
END $headwater$
"""  # noqa: S608 (of ours)
# The statements for the metadata, if the roles exist: comments, owners, privileges.
SAID = f"""
SELECT statement FROM (
  SELECT 1, loid, NULL::text, NULL::text, format('COMMENT ON LARGE OBJECT %s IS %L', loid, comment)
  FROM {_SAID} WHERE comment IS NOT NULL
  UNION ALL
  SELECT 2, loid, NULL, NULL, format('ALTER LARGE OBJECT %s OWNER TO %I', loid, owner)
  FROM {_SAID} JOIN pg_catalog.pg_roles r ON r.rolname = owner WHERE pg_has_role(r.oid, 'USAGE')
  UNION ALL
  SELECT 3, loid, x.role, x.kind, format('GRANT %s ON LARGE OBJECT %s TO %s%s', x.kind, loid,
                                         CASE WHEN x.role IS NULL THEN 'PUBLIC' ELSE quote_ident(x.role) END,
                                         CASE WHEN x.grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM {_SAID}, LATERAL (SELECT r->>0 AS role, r->>1 AS kind, (r->>2)::bool AS grantable
                         FROM jsonb_array_elements(rights) r) x
  WHERE x.role IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = x.role)
) said(step, loid, role, kind, statement) ORDER BY step, loid, role, kind
"""  # noqa: S608 (of ours)
# For scripts, after each batch: every statement locks its object until the end of its transaction.
_RUN_SAID = f"""
DO $headwater$ DECLARE command text; BEGIN
  FOR command IN {SAID.strip()} LOOP EXECUTE command; END LOOP;
  TRUNCATE {_SAID};
END $headwater$
"""
_ABSENT = f"""
SELECT name FROM (SELECT owner FROM {_SAID} UNION
                  SELECT r->>0 FROM {_SAID}, LATERAL jsonb_array_elements(rights) r) named(name)
WHERE name IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) ORDER BY 1
"""  # noqa: S608 (of ours)
DROP = (f"DROP TABLE {_PIECES}", f"DROP TABLE {_SAID}")
_UNLINK = f"""
SELECT count(lo_unlink(oid)) FROM (SELECT oid FROM pg_largeobject_metadata
                                   WHERE pg_has_role(lomowner, 'USAGE') LIMIT {_AT_ONCE}) next
"""  # noqa: S608 (of ours)


def table(count: int) -> SnapshotTable:
    """Return large objects as a table; it has no change tracking, so all are read again for each snapshot."""
    return SnapshotTable(None, NAME, _COLUMNS, (0, 1), count, {STANDALONE_ROWS: True})


def is_large_objects(table: SnapshotTable) -> bool:
    """Return True if a table is that of large objects; all other tables of this engine have a schema."""
    return table.schema is None and table.name == NAME


def load(connection: psycopg.Connection[Any], batches: Iterable[Batch], feed: Feed) -> tuple[int, list[str]]:
    """Create objects from their pieces in one transaction; return how many pieces, and notes on what failed.

    Comments, owners and privileges follow, each by itself: one transaction would need a lock for every object.
    """
    rows = 0
    with connection.transaction(), connection.cursor() as cursor:
        for statement in MAKE:
            cursor.execute(statement.encode())
        for batch in batches:
            rows += feed(cursor, COPY_IN, [batch])
            cursor.execute(PUT.encode())
    refused = 0
    for (statement,) in connection.execute(SAID.encode()).fetchall():
        try:
            connection.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            refused += 1
    absent = [name for (name,) in connection.execute(_ABSENT.encode())]
    notes = [
        f"Large objects: the rights of {name} were not restored, because this role does not exist here."
        for name in absent
    ]
    notes += (
        [f"Large objects: {refused} owners or rights could not be set, because this role is not allowed to."]
        if refused
        else []
    )
    return rows, notes


def count_objects(connection: psycopg.Connection[Any]) -> int:
    """Return how many pieces the readable objects have; runs in a transaction, which their handles need."""
    with connection.transaction():
        row = connection.execute(_COUNT.encode()).fetchone()
    return int(row[0]) if row else 0


def script(batches: Iterable[Batch], lines: Callable[[Batch], Any]) -> Iterator[bytes]:
    """Yield the part of a script for psql that creates objects from their pieces."""
    yield _written(MAKE)
    for batch in batches:
        yield f"\n{COPY_IN};\n".encode()
        yield bytes(lines(batch))
        yield b"\\.\n" + _written([PUT, _RUN_SAID])
    yield _written(DROP)


def _written(statements: Iterable[str]) -> bytes:
    return "".join(f"{statement.strip()};\n" for statement in statements).encode()


async def unlink_all(connection: psycopg.AsyncConnection[Any]) -> None:
    """Delete all large objects that this role may delete, in batches, because each is locked."""
    try:
        while (row := await (await connection.execute(_UNLINK.encode())).fetchone()) and row[0]:
            pass
    except psycopg.Error as error:
        raise error_from(error, 0, 0) from error
