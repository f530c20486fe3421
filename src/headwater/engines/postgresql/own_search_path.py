"""The search path that a database gives its sessions, for statements that fail with an empty one.

Snapshots and restores run with an empty search path, as pg_dump and pg_restore do. The bodies of functions that name
others without their schema are then not found: by the planner, if a query reads a table with an index on such a
function, or when the index is created. The database's own path is used only after that error. `pg_catalog` comes first,
so that no other schema replaces a function of PostgreSQL.
"""

from __future__ import annotations

import psycopg

# What PostgreSQL reports if a name is not found: a function or an operator, a relation, a type or another object.
UNRESOLVED = (psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedObject)
UNRESOLVED_STATES = frozenset({"42883", "42P01", "42704"})
USE = """
SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', 'pg_catalog', NULLIF(reset_val, '')), false)
FROM pg_catalog.pg_settings WHERE name = 'search_path'
"""
EMPTY = "SET search_path = ''"
