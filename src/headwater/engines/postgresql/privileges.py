"""Owners, privileges, and the comments that are not in the Schema.

A snapshot stores these as statements, each with the roles that it needs. Objects of the role that takes the snapshot
will belong to the role that restores it. If a role does not exist or is not allowed to own an object, a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection

from headwater.engines.postgresql.ddl import literal
from headwater.engines.postgresql.errors import error_from
from headwater.engines.postgresql.queries import OURS, not_of_extension

# Sequences of columns belong to the owner of the table, as do indexes and its row type.
OWNERS = f"""
SELECT pg_get_userbyid(t.owner) AS role, format('ALTER %s %s OWNER TO %I', t.word, t.name, pg_get_userbyid(t.owner))
       AS statement
FROM (
  SELECT 1 AS step, 'SCHEMA' AS word, quote_ident(n.nspname) AS name, n.nspowner AS owner
  FROM pg_namespace n
  WHERE {OURS} AND {not_of_extension("pg_namespace", "n.oid")} AND n.nspname <> 'public'
  UNION ALL
  SELECT 2, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
            WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, format('%I.%I', n.nspname, c.relname), c.relowner
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {OURS} AND {not_of_extension("pg_class", "c.oid")}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                    AND c.relkind = 'S' AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass)
  UNION ALL
  SELECT 3, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
         format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE {OURS} AND {not_of_extension("pg_proc", "p.oid")}
  UNION ALL
  SELECT 4, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, format('%I.%I', n.nspname, t.typname), t.typowner
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class r ON r.oid = t.typrelid
  WHERE (t.typtype IN ('e', 'd', 'r') OR r.relkind = 'c') AND {OURS} AND {not_of_extension("pg_type", "t.oid")}
) t WHERE t.owner <> (SELECT oid FROM pg_roles WHERE rolname = current_user) ORDER BY t.step, t.name
"""  # noqa: S608 (queries of ours)
# ACLs compared with the default ACL of a new object: missing privileges are revoked, additional ones granted.
GRANTS = f"""
WITH things (step, word, name, part, acl, usual) AS (
  SELECT 1, 'SCHEMA', quote_ident(n.nspname), '', n.nspacl,
         coalesce((SELECT i.initprivs FROM pg_init_privs i WHERE i.objoid = n.oid
                   AND i.classoid = 'pg_namespace'::regclass), acldefault('n', n.nspowner))
  FROM pg_namespace n WHERE {OURS} AND {not_of_extension("pg_namespace", "n.oid")}
  UNION ALL
  SELECT 2, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('%I.%I', n.nspname, c.relname), '',
         c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {OURS} AND {not_of_extension("pg_class", "c.oid")}
  UNION ALL
  SELECT 3, 'TABLE', format('%I.%I', n.nspname, c.relname), format(' (%I)', a.attname), a.attacl, NULL::aclitem[]
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL AND {OURS}
    AND {not_of_extension("pg_class", "c.oid")}
  UNION ALL
  SELECT 4, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
         format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), '', p.proacl,
         acldefault('f', p.proowner)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE {OURS} AND {not_of_extension("pg_proc", "p.oid")}
  UNION ALL
  SELECT 5, 'TYPE', format('%I.%I', n.nspname, t.typname), '', t.typacl, acldefault('T', t.typowner)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class r ON r.oid = t.typrelid
  WHERE (t.typtype IN ('e', 'd', 'r') OR r.relkind = 'c') AND {OURS} AND {not_of_extension("pg_type", "t.oid")}
), told AS (
  SELECT t.step, t.name, t.part, 1 AS turn, u.grantee, t.word, u.privilege_type, false AS is_grantable
  FROM things t, aclexplode(t.usual) u WHERE t.acl IS NOT NULL AND NOT EXISTS (
    SELECT FROM aclexplode(t.acl) x WHERE x.grantee = u.grantee AND x.privilege_type = u.privilege_type)
  UNION ALL
  SELECT t.step, t.name, t.part, 2, x.grantee, t.word, x.privilege_type, x.is_grantable
  FROM things t, aclexplode(t.acl) x WHERE NOT EXISTS (
    SELECT FROM aclexplode(t.usual) u WHERE u.grantee = x.grantee AND u.privilege_type = x.privilege_type
      AND (u.is_grantable OR NOT x.is_grantable))
)
SELECT CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END AS role,
       format('%s %s ON %s %s %s %s%s', CASE turn WHEN 1 THEN 'REVOKE' ELSE 'GRANT' END,
              string_agg(DISTINCT privilege_type || part, ', '), word, name,
              CASE turn WHEN 1 THEN 'FROM' ELSE 'TO' END,
              CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS statement
FROM told GROUP BY step, word, name, part, turn, grantee, is_grantable
ORDER BY step, name, part, turn, pg_get_userbyid(grantee), is_grantable
"""  # noqa: S608 (queries of ours)
DEFAULTS = f"""
WITH lists (owner, place, word, acl, usual) AS (
  SELECT d.defaclrole, n.nspname, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
           WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
         d.defaclacl, CASE WHEN n.oid IS NULL
           THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole)
           END
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace WHERE n.oid IS NULL OR {OURS}
), told AS (
  SELECT l.*, 1 AS turn, u.grantee, u.privilege_type, false AS is_grantable
  FROM lists l, aclexplode(l.usual) u WHERE NOT EXISTS (
    SELECT FROM aclexplode(l.acl) x WHERE x.grantee = u.grantee AND x.privilege_type = u.privilege_type)
  UNION ALL
  SELECT l.*, 2, x.grantee, x.privilege_type, x.is_grantable
  FROM lists l, aclexplode(l.acl) x WHERE NOT EXISTS (
    SELECT FROM aclexplode(l.usual) u WHERE u.grantee = x.grantee AND u.privilege_type = x.privilege_type
      AND (u.is_grantable OR NOT x.is_grantable))
)
SELECT pg_get_userbyid(owner) AS owner, CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END AS role,
       format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s %s %s ON %s %s %s%s', pg_get_userbyid(owner),
              ' IN SCHEMA ' || quote_ident(place), CASE turn WHEN 1 THEN 'REVOKE' ELSE 'GRANT' END,
              string_agg(DISTINCT privilege_type, ', '), word, CASE turn WHEN 1 THEN 'FROM' ELSE 'TO' END,
              CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS statement
FROM told GROUP BY owner, place, word, turn, grantee, is_grantable
ORDER BY pg_get_userbyid(owner), place, word, turn, pg_get_userbyid(grantee), is_grantable
"""  # noqa: S608 (queries of ours)
# Comments on objects that are not in the Schema, or have no comment there. Extensions bring their own.
COMMENTS = f"""
SELECT format('COMMENT ON %s IS %L', t.thing, d.description) AS statement
FROM (
  SELECT 'pg_namespace'::regclass AS catalog, n.oid, 0 AS part, format('SCHEMA %I', n.nspname) AS thing
  FROM pg_namespace n WHERE {OURS} AND {not_of_extension("pg_namespace", "n.oid")}
  UNION ALL
  SELECT 'pg_constraint'::regclass, k.oid, 0, format('CONSTRAINT %I ON %I.%I', k.conname, n.nspname, c.relname)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {OURS} AND {not_of_extension("pg_class", "c.oid")}
  UNION ALL
  SELECT 'pg_constraint'::regclass, k.oid, 0, format('CONSTRAINT %I ON DOMAIN %I.%I', k.conname, n.nspname, t.typname)
  FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE {OURS} AND {not_of_extension("pg_type", "t.oid")}
  UNION ALL
  SELECT 'pg_policy'::regclass, p.oid, 0, format('POLICY %I ON %I.%I', p.polname, n.nspname, c.relname)
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {OURS} AND {not_of_extension("pg_class", "c.oid")}
  UNION ALL
  SELECT 'pg_class'::regclass, x.oid, 0, format('INDEX %I.%I', n.nspname, x.relname)
  FROM pg_constraint k JOIN pg_class x ON x.oid = k.conindid JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = x.relnamespace
  WHERE k.contype IN ('p', 'u', 'x') AND {OURS} AND {not_of_extension("pg_class", "c.oid")}
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, 0, format('TYPE %I.%I', n.nspname, t.typname)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class r ON r.oid = t.typrelid
  WHERE (r.relkind = 'c' OR t.typtype = 'r') AND {OURS} AND {not_of_extension("pg_type", "t.oid")}
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, a.attnum, format('COLUMN %I.%I.%I', n.nspname, c.relname, a.attname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'c' AND a.attnum > 0 AND {OURS} AND {not_of_extension("pg_class", "c.oid")}
) t JOIN pg_description d ON d.classoid = t.catalog AND d.objoid = t.oid AND d.objsubid = t.part
WHERE NOT (t.thing = 'SCHEMA public' AND d.description = 'standard public schema')
ORDER BY t.thing
"""  # noqa: S608 (queries of ours)


def _needed(extras: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    """Yield statements, each with the roles that must exist, and the roles of which one must be granted to us."""
    yield from (((), (), statement) for statement in extras.get("comments", ()))
    yield from (((role,), (role,), statement) for role, statement in extras.get("owners", ()))
    yield from ((_roles(role), (), statement) for role, statement in extras.get("grants", ()))
    yield from ((_roles(owner, role), (owner,), text) for owner, role, text in extras.get("defaults", ()))


def _roles(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name is not None)


async def give(connection: AsyncConnection[Any], extras: Mapping[str, Any]) -> list[str]:
    """Run the statements that can be run, and return sentences about the others."""
    try:
        there = {row[0] async for row in await connection.execute(b"SELECT rolname::text FROM pg_roles")}
    except psycopg.Error as error:
        raise error_from(error, 0, 0) from error
    absent: set[str] = set()
    refused: list[str] = []
    for roles, _, statement in _needed(extras):
        if missing := set(roles) - there:
            absent |= missing
            continue
        try:
            await connection.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege as error:
            refused.append(f"{statement}: {error.diag.message_primary}")
        except psycopg.Error as error:
            raise error_from(error, 0, 0) from error
    notes = [
        f"The rights of {role} were not restored, because this role does not exist here." for role in sorted(absent)
    ]
    if refused:
        notes.append(f"{len(refused)} owners or rights could not be set, for example {refused[0]}.")
    return notes


def script(extras: Mapping[str, Any]) -> Sequence[str]:
    """Return the statements for a script: each runs if its roles exist where the script is loaded."""
    return [_guarded(*needed) for needed in _needed(extras)]


def _guarded(roles: tuple[str, ...], member: tuple[str, ...], statement: str) -> str:
    if not roles:
        return statement
    there = [f"EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal(role)})" for role in roles]
    there += [f"pg_catalog.pg_has_role({literal(role)}, 'USAGE')" for role in member]
    nested = "".join(f"IF {condition} THEN " for condition in there)
    return f"DO $headwater$ BEGIN {nested}{statement}; {'END IF; ' * len(there)}END $headwater$"
