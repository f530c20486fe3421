"""Takes and restores snapshots by their schema archive, and compares databases by pg_dump."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any

from engines.postgresql.place import HOST, PORT
from headwater.engines import Address, engine
from headwater.engines.postgresql.binaries import binaries

POSTGRES: Any = engine("postgresql")
_NOISE = ("--", "\\", "SET ", "SELECT pg_catalog.set_config")


def cases() -> dict[str, str]:
    """Return the schemas of `schemas.sql` by name."""
    text = (Path(__file__).parent / "schemas.sql").read_text()
    return dict(re.findall(r"^-- = (\w+)\n(.*?)(?=^-- = |\Z)", text, re.DOTALL | re.MULTILINE))


def script(address: Address, *options: str) -> str:
    """Return pg_dump's text of a database."""
    where = {"PGHOST": str(address.socket or HOST), "PGPORT": str(address.port or PORT), "PGUSER": address.user}
    done = subprocess.run(
        [binaries() / "pg_dump", *options, address.database],
        env={"PATH": os.environ["PATH"], "PGPASSWORD": address.password, **where},
        capture_output=True,
        check=True,
        timeout=120,
    )
    return done.stdout.decode()


def dump(address: Address, *options: str) -> list[str]:
    """Return pg_dump's text of a database, its rows included; rows and privileges are sorted."""
    result: list[str] = []
    rows: list[str] | None = None
    rights: list[str] = []
    for line in script(address, *options).splitlines():
        if rows is not None and line == "\\.":
            result += sorted(rows)
            rows = None
        elif rows is not None:
            rows.append(line)
        elif line.startswith(("GRANT ", "REVOKE ", "ALTER DEFAULT PRIVILEGES ")):
            rights.append(line)
        elif line and not line.startswith(_NOISE) and "SET (pg_attver=" not in line:
            result.append(line)
            rows = [] if line.startswith("COPY ") else None
    return result + sorted(rights)


async def restore(
    reader: Any, archive: bytes, target: Address, tables: Collection[tuple[str, str]] | None = None
) -> tuple[Any, list[str]]:
    """Restore a snapshot by its archive; return the plan and what was noted."""
    loader = await POSTGRES.snapshots.open_loader(target)
    notes: list[Any] = []
    try:
        names = [(relation.schema, relation.name) for relation in reader.schema if relation.kind == "table"]
        plan = await asyncio.to_thread(loader.archive_restore.plan, archive, reader.extras, tables or names)
        notes += [await loader.archive_restore.create(statement) for statement in plan.pre_data]
        for table in reader.tables:
            if tables is None or (table.schema, table.name) in tables:
                await asyncio.to_thread(loader.load_rows, table, reader.read(table))
        notes += [await loader.archive_restore.create(statement) for statement in plan.post_data]
        notes += await loader.restore_extras(plan.extras)
        notes += [await loader.archive_restore.create(statement) for statement in plan.final]
    finally:
        await loader.close()
    return plan, [getattr(note, "sentence", note) for note in notes if note]
