"""Opens an alert for each database whose newest snapshot has a schema that cannot be restored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases
from headwater.features.policies import repository
from headwater.features.policies.service import alerts
from headwater.features.policies.service.alerts import Kind
from headwater.features.snapshots.service import summaries
from headwater.features.snapshots.service.summaries import ProofReport
from headwater.kit.errors import NotFound
from headwater.store.session import Store

KIND: Kind = "not_restorable"


async def report(store: Store, at: datetime) -> None:
    """Open and resolve the alerts, after the newest proof of each database."""
    async with store.transaction() as db:
        proofs, alerted = await summaries.proofs(db), await repository.alerted(db, KIND)
    for proof in proofs:
        if _is_refuted(proof) != (proof.database_id in alerted):
            async with store.transaction() as db:
                await _report(db, proof, at)


def _is_refuted(report: ProofReport) -> bool:
    return report.proof.state == "refuted"


async def _report(db: AsyncSession, report: ProofReport, at: datetime) -> None:
    try:
        database = await databases.find(db, SYSTEM, report.database_id, lock=True)
    except NotFound:
        return
    is_alerted = report.database_id in await repository.alerted(db, KIND)  # perhaps by another process in the meantime
    if _is_refuted(report) and not is_alerted:
        names = (*report.proof.refused, *report.proof.different)
        message = (
            f"The newest snapshot {report.proof.sentence}. {names[0].rstrip('.')}." if names else report.proof.sentence
        )
        await alerts.raise_alert(db, database, KIND, message, at, snapshot_id=report.snapshot_id)
    elif not _is_refuted(report) and is_alerted:
        await alerts.resolve(db, report.database_id, at, KIND)
