"""Where the tests of MySQL and MariaDB make their databases."""

from __future__ import annotations

import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pymysql

from engines import texts as files
from headwater.engines import Address
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import PLAIN

HOST, PORT = "127.0.0.1", 3306

# The server's own word for every column of its tables: table, column, whether it may be NULL.
COLUMNS = """
SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
"""


def missing() -> str:
    with socket.socket() as probe:
        probe.settimeout(2)
        return files.unless_required("no MariaDB on port 3306") if probe.connect_ex((HOST, PORT)) else ""


def texts():
    return files.of(Path(__file__).parent)


@asynccontextmanager
async def fresh() -> AsyncIterator[Address]:
    name = f"hw_{uuid.uuid4().hex[:12]}"
    admin = pymysql.connect(host=HOST, port=PORT, user="root", autocommit=True, ssl_disabled=True)
    try:
        admin.query("SET lock_wait_timeout = 20")  # a test that failed may have left a transaction open
        admin.query(f"CREATE DATABASE {name}")
        yield Address(HOST, PORT, name, "root", tls=PLAIN, endpoint=Endpoint(HOST, PORT))
    finally:
        admin.query(f"DROP DATABASE {name}")
        admin.close()
