"""PostgreSQL 18 from the wheel passes the same laws as version 15, also for its new features."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from engines.test_every_engine import subject
from headwater.engines import Address
from headwater.testing.engines.schemas import each_change_does_what_it_says, the_round_trip_holds
from headwater.testing.engines.subject import Subject, run_all

TEXTS = [path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("everything*.sql"))]


@pytest.fixture
def eighteen(store) -> Subject:
    url = make_url(store.cluster.url("postgres", "postgres"))
    home = Address(
        database="postgres",
        user=url.username or "",
        password=url.password or "",
        socket=Path(str(url.query["host"])),
        port=int(str(url.query.get("port", 5432))),
    )
    tested = subject("postgresql")

    @asynccontextmanager
    async def fresh() -> AsyncIterator[Address]:
        name = f"hw_{uuid.uuid4().hex[:12]}"
        admin = await tested.engine.connect(home)
        await run_all(admin, f"CREATE DATABASE {name}")
        try:
            yield replace(home, database=name)
        finally:
            await run_all(admin, f"DROP DATABASE {name} WITH (FORCE)")
            await admin.close()

    return replace(tested, fresh=fresh)


@pytest.mark.parametrize("text", TEXTS, ids=["everything", "new"])
async def test_ddl_round_trip(eighteen: Subject, text: str) -> None:
    await the_round_trip_holds(replace(eighteen, everything=text))


async def test_changes_apply(eighteen: Subject) -> None:
    await each_change_does_what_it_says(eighteen)
