"""Claimed rows: the newest claim writes, earlier ones and those of deleted rows do not."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from headwater.features.jobs.models import ClaimableRow
from headwater.features.jobs.service import row_claims
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.kit.errors import Cancelled
from headwater.store.session import Store
from people import AppFixture


class ErrandTables(DeclarativeBase):
    """Tables of this test alone: the product's metadata has none of it."""

    metadata: ClassVar[MetaData] = MetaData()


class Errand(ClaimableRow, ErrandTables):
    """A row that attempts claim."""

    __tablename__ = "test_errands"
    outcome: Mapped[str] = mapped_column(TEXT, default="")


@pytest.fixture
async def errands(app: AppFixture) -> AsyncIterator[Store]:
    store = app.server.database
    async with store.engine.begin() as connection:
        await connection.run_sync(ErrandTables.metadata.create_all)
    yield store
    async with store.engine.begin() as connection:
        await connection.run_sync(ErrandTables.metadata.drop_all)


async def create(store: Store) -> uuid.UUID:
    async with store.transaction() as db:
        row = Errand()
        db.add(row)
        await db.flush()
        return row.id


async def claim(store: Store, row_id: uuid.UUID) -> RowClaim[Errand]:
    async with store.transaction() as db:
        return row_claims.claim(await db.get_one(Errand, row_id, with_for_update=True))


async def outcome(store: Store, row_id: uuid.UUID) -> str:
    async with store.transaction() as db:
        return (await db.get_one(Errand, row_id)).outcome


async def test_the_newest_claim_writes(errands: Store) -> None:
    row_id = await create(errands)
    await (await claim(errands, row_id)).commit(errands, outcome="done")
    assert await outcome(errands, row_id) == "done"


async def test_an_earlier_claim_neither_writes_nor_passes_the_check(errands: Store) -> None:
    row_id = await create(errands)
    earlier, later = await claim(errands, row_id), await claim(errands, row_id)
    with pytest.raises(Cancelled, match="Another attempt has taken over"):
        await earlier.commit(errands, outcome="earlier")
    with pytest.raises(Cancelled):
        await earlier.commit(errands)
    async with errands.transaction() as db:
        assert not await earlier.try_update(db, outcome="earlier")
    await later.commit(errands)
    await later.commit(errands, outcome="later")
    assert await outcome(errands, row_id) == "later"


async def test_a_write_of_a_lost_claim_undoes_the_transaction_around_it(errands: Store) -> None:
    row_id, other_id = await create(errands), await create(errands)
    earlier = await claim(errands, row_id)
    await claim(errands, row_id)
    with pytest.raises(Cancelled):
        async with errands.transaction() as db:
            (await db.get_one(Errand, other_id)).outcome = "beside"
            await earlier.update(db, outcome="earlier")
    assert await outcome(errands, other_id) == ""


async def test_a_claim_ends_with_its_row(errands: Store) -> None:
    row_id = await create(errands)
    held = await claim(errands, row_id)
    async with errands.transaction() as db:
        await db.delete(await db.get_one(Errand, row_id))
    with pytest.raises(Cancelled):
        await held.commit(errands, outcome="done")
