"""Rows that one attempt of a job at a time may write to.

A worker that was believed dead may still run while the next attempt works. Each attempt therefore puts a token of its
own into the row, and each of its writes requires that token (a fencing token: Kleppmann, "How to do distributed
locking", 2016). The job's own row is fenced in the same way, by `attempts.py`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.jobs import repository
from headwater.features.jobs.models import ClaimableRow
from headwater.kit.errors import Cancelled
from headwater.store.session import Store

RowT = TypeVar("RowT", bound=ClaimableRow)


@dataclass(frozen=True, slots=True)
class RowClaim(Generic[RowT]):
    """The right of one attempt to write to a row, until another attempt claims the row.

    Attributes:
        row: the row as it was when it was claimed.
        token: the value of the row's `attempt` while this claim holds.
    """

    row: RowT
    token: uuid.UUID

    async def try_update(self, db: AsyncSession, **values: Any) -> bool:
        """Set values of the row; return False when the claim no longer holds, or the row was deleted."""
        return await repository.update_claimed(db, type(self.row), self.row.id, self.token, **values)

    async def update(self, db: AsyncSession, **values: Any) -> None:
        """Set values of the row; without values only check that the claim holds, and lock the row.

        Raises:
            Cancelled: another attempt has claimed the row, or it was deleted.
        """
        if not await self.try_update(db, **values):
            raise Cancelled("Another attempt has taken over.")

    async def commit(self, store: Store, **values: Any) -> None:
        """Set values of the row in a transaction of their own; see `update`."""
        async with store.transaction() as db:
            await self.update(db, **values)


def claim(row: RowT) -> RowClaim[RowT]:
    """RowClaim a row that the caller has locked, in the caller's transaction; earlier claims no longer hold."""
    row.attempt = uuid.uuid4()
    return RowClaim(row, row.attempt)
