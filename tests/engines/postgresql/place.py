"""Where the tests of PostgreSQL make their databases."""

from __future__ import annotations

import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg

from engines import texts as files
from headwater.engines import Address
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import PLAIN

HOST, PORT = "127.0.0.1", 5432

# The server's own word for every column of its tables: table, column, whether it may be NULL.
COLUMNS = r"""
SELECT c.relname, a.attname, NOT a.attnotnull FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
"""


def missing() -> str:
    with socket.socket() as probe:
        probe.settimeout(2)
        return files.unless_required("no PostgreSQL on port 5432") if probe.connect_ex((HOST, PORT)) else ""


def texts():
    return files.of(Path(__file__).parent)


@asynccontextmanager
async def fresh() -> AsyncIterator[Address]:
    name = f"hw_{uuid.uuid4().hex[:12]}"
    where = f"host={HOST} port={PORT} user=postgres dbname=postgres"
    async with await psycopg.AsyncConnection.connect(where, autocommit=True) as admin:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield Address(HOST, PORT, name, "postgres", tls=PLAIN, endpoint=Endpoint(HOST, PORT))
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
