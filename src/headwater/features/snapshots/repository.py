"""All SQL on the rows of snapshots, restores and vaults."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, Row, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots import schema_proof
from headwater.core.snapshots.schema_proof import SchemaProof
from headwater.features.accounts.models import User
from headwater.features.snapshots.models import Restore, Snapshot, VaultRecord
from headwater.kit.ids import new_id

_PROOF_KEY = Snapshot.proof["key"].astext
_IS_PROOF = Restore.request["proof"].as_boolean().is_(True)
_IS_NO_PROOF = Restore.request["proof"].as_boolean().is_not(True)


@dataclass(frozen=True, slots=True)
class Sums:
    """Number and total sizes of some snapshots."""

    snapshots: int
    raw_bytes: int
    stored_bytes: int
    new_bytes: int


async def get(db: AsyncSession, snapshot_id: uuid.UUID, *, lock: bool = False) -> Snapshot | None:
    """Return a snapshot; with `lock`, its row is locked until the end of the transaction."""
    query = select(Snapshot).where(Snapshot.id == snapshot_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def names(db: AsyncSession, people: Iterable[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    """Return the names of users by their ids."""
    rows = await db.execute(select(User.id, User.name).where(User.id.in_(people)))
    return {row.id: row.name for row in rows}


async def of_database(
    db: AsyncSession, database_id: uuid.UUID, before: uuid.UUID | None, limit: int
) -> Sequence[Snapshot]:
    """Return the snapshots of a database, newest first."""
    query = select(Snapshot).where(Snapshot.database_id == database_id)
    if before:
        query = query.where(Snapshot.id < before)
    return (await db.execute(query.order_by(Snapshot.id.desc()).limit(limit + 1))).scalars().all()


async def of_organization(
    db: AsyncSession, organization_id: uuid.UUID, before: uuid.UUID | None, limit: int
) -> Sequence[Snapshot]:
    """Return the snapshots of an organization, newest first, including those of deleted databases."""
    query = select(Snapshot).where(Snapshot.organization_id == organization_id)
    if before:
        query = query.where(Snapshot.id < before)
    return (await db.execute(query.order_by(Snapshot.id.desc()).limit(limit + 1))).scalars().all()


async def complete_of_database(db: AsyncSession, database_id: uuid.UUID, limit: int) -> Sequence[Snapshot]:
    """Return the complete snapshots of a database, newest first."""
    query = select(Snapshot).where(Snapshot.database_id == database_id, Snapshot.status == "complete")
    return (await db.execute(query.order_by(Snapshot.id.desc()).limit(limit))).scalars().all()


async def unfinished_of_job(db: AsyncSession, job_id: uuid.UUID, database_id: uuid.UUID) -> uuid.UUID | None:
    """Return the snapshot of a database that a job has begun and not finished."""
    query = select(Snapshot.id).where(Snapshot.job_id == job_id, Snapshot.database_id == database_id)
    return (await db.execute(query.where(Snapshot.status == "taking").limit(1))).scalar_one_or_none()


async def restored_into(db: AsyncSession, database_id: uuid.UUID, limit: int) -> Sequence[Snapshot]:
    """Return the snapshots that were restored into a database, the one that was restored last first."""
    query = select(Snapshot).join(Restore, Restore.snapshot_id == Snapshot.id)
    query = query.where(
        Restore.target_id == database_id, Restore.result != {}, _IS_NO_PROOF, Snapshot.status == "complete"
    )
    rows = (await db.execute(query.order_by(Restore.id.desc()).limit(limit))).scalars()
    return list(dict.fromkeys(rows))


async def retention_rows(db: AsyncSession, database_id: uuid.UUID) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the columns of the complete snapshots of a database that policies need, newest first.

    `contents` is left out, because it is large.
    """
    query = select(
        Snapshot.id,
        Snapshot.taken_at,
        Snapshot.created_at,
        Snapshot.label,
        Snapshot.held,
        Snapshot.request,
        Snapshot.stored_bytes,
        Snapshot.new_bytes,
        Snapshot.grew,
        Snapshot.verified_at,
        Snapshot.verification,
    ).where(Snapshot.database_id == database_id, Snapshot.status == "complete")
    return (await db.execute(query.order_by(Snapshot.id.desc()))).all()


async def proof_with_key(db: AsyncSession, organization_id: uuid.UUID, key: str) -> SchemaProof | None:
    """Return a proof of the same schema that was made or is being made; None if there is none."""
    query = select(Snapshot.proof).where(Snapshot.organization_id == organization_id, key == _PROOF_KEY)
    query = query.where(or_(Snapshot.proof["server"].astext != "", Snapshot.proof["state"].astext == "pending"))
    row = (await db.execute(query.order_by(Snapshot.id.desc()).limit(1))).scalar_one_or_none()
    return schema_proof.of_row(row) if row else None


async def set_proof(db: AsyncSession, organization_id: uuid.UUID, key: str, proof: SchemaProof) -> None:
    """Give the snapshots of the same schema a proof."""
    same = Snapshot.organization_id == organization_id, key == _PROOF_KEY
    await db.execute(update(Snapshot).where(*same).values(proof=proof.plain))


async def unfinished_proofs(db: AsyncSession) -> Sequence[Restore]:
    """Return the proofs that have no result: they are running, or were abandoned."""
    return (await db.execute(select(Restore).where(_IS_PROOF, Restore.result == {}))).scalars().all()


async def end_proof(db: AsyncSession, restore_id: uuid.UUID) -> None:
    """Record that a proof ended without a result."""
    await db.execute(update(Restore).where(Restore.id == restore_id).values(result={"proof": "unproven"}))


async def scratch_databases(db: AsyncSession, snapshot_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return the scratch databases of unfinished proofs of a snapshot."""
    query = select(Restore.target_id).where(Restore.snapshot_id == snapshot_id, _IS_PROOF, Restore.result == {})
    return [target_id for target_id in (await db.execute(query)).scalars() if target_id]


_DAMAGED = Snapshot.status == "complete", Snapshot.verification["ok"].as_boolean().is_(False)


async def damage_found_at(db: AsyncSession, database_id: uuid.UUID, vault_id: uuid.UUID) -> datetime | None:
    """Return when damage was last found in a snapshot of a database that is still damaged; None if there is none."""
    query = select(func.max(Snapshot.verified_at)).where(
        Snapshot.database_id == database_id, Snapshot.vault_id == vault_id, *_DAMAGED
    )
    return (await db.execute(query)).scalar_one()


async def damaged(db: AsyncSession) -> list[tuple[uuid.UUID, uuid.UUID, datetime]]:
    """Return (database, snapshot, time of the verification) of every damaged snapshot, the latest found first."""
    query = select(Snapshot.database_id, Snapshot.id, Snapshot.verified_at)
    query = query.where(Snapshot.database_id.is_not(None), Snapshot.verified_at.is_not(None), *_DAMAGED)
    rows: Any = await db.execute(query.order_by(Snapshot.verified_at.desc(), Snapshot.id))
    return [(row.database_id, row.id, row.verified_at) for row in rows]


async def newest_proofs(db: AsyncSession) -> list[tuple[uuid.UUID, uuid.UUID, dict[str, Any]]]:
    """Return (database, snapshot, proof) of the newest snapshot of each database whose schema was proven or refuted."""
    query = select(Snapshot.database_id, Snapshot.id, Snapshot.proof).ext(distinct_on(Snapshot.database_id))
    query = query.where(Snapshot.database_id.is_not(None), Snapshot.status == "complete")
    query = query.where(Snapshot.proof["state"].astext.in_(("proven", "refuted")))
    rows: Any = await db.execute(query.order_by(Snapshot.database_id, Snapshot.id.desc()))
    return [(row.database_id, row.id, row.proof) for row in rows]


async def scheduled_before(db: AsyncSession, database_id: uuid.UUID, before: datetime) -> Sequence[Snapshot]:
    """Return the incomplete snapshots that a policy requested before a point in time."""
    query = select(Snapshot).where(Snapshot.database_id == database_id, Snapshot.status == "taking")
    query = query.where(Snapshot.created_at < before, Snapshot.request["scheduled"].as_boolean())
    return (await db.execute(query)).scalars().all()


async def ids_by_vault(db: AsyncSession, database_id: uuid.UUID) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Return the ids of the complete snapshots of a database, grouped by vault."""
    query = select(Snapshot.vault_id, Snapshot.id).where(
        Snapshot.database_id == database_id, Snapshot.status == "complete"
    )
    ids: dict[uuid.UUID, list[uuid.UUID]] = {}
    for vault_id, snapshot_id in await db.execute(query.order_by(Snapshot.id)):
        ids.setdefault(vault_id, []).append(snapshot_id)
    return ids


async def unfinished_restores_of(
    db: AsyncSession, snapshot_ids: Iterable[uuid.UUID]
) -> Sequence[tuple[uuid.UUID, uuid.UUID | None]]:
    """Return (snapshot id, job id) of the restores of some snapshots that have no result yet.

    Proofs of its schema do not count: they end when the snapshot is deleted.
    """
    query = select(Restore.snapshot_id, Restore.job_id)
    rows = await db.execute(
        query.where(Restore.snapshot_id.in_(list(snapshot_ids)), Restore.result == {}, _IS_NO_PROOF)
    )
    return [(row.snapshot_id, row.job_id) for row in rows]


async def mark(db: AsyncSession, snapshot_id: uuid.UUID, **values: Any) -> None:
    """Set values of a snapshot, regardless of which attempt works on it."""
    await db.execute(update(Snapshot).where(Snapshot.id == snapshot_id).values(**values))


async def forget(db: AsyncSession, snapshot_id: uuid.UUID) -> None:
    """Delete the row of a snapshot that was deleted from its vault."""
    await db.execute(delete(Snapshot).where(Snapshot.id == snapshot_id))


async def being_deleted(db: AsyncSession) -> Sequence[Snapshot]:
    """Return the snapshots whose deletion has begun."""
    return (await db.execute(select(Snapshot).where(Snapshot.status == "deleting"))).scalars().all()


async def sums(db: AsyncSession, vault_id: uuid.UUID) -> Sums:
    """Return the number and total sizes of the complete snapshots of a vault."""
    query = select(
        func.count(),
        func.coalesce(func.sum(Snapshot.raw_bytes), 0),
        func.coalesce(func.sum(Snapshot.stored_bytes), 0),
        func.coalesce(func.sum(Snapshot.new_bytes), 0),
    ).where(Snapshot.vault_id == vault_id, Snapshot.status == "complete")
    row = (await db.execute(query)).one()
    return Sums(row[0], int(row[1]), int(row[2]), int(row[3]))


async def current_vault(db: AsyncSession, organization_id: uuid.UUID) -> VaultRecord | None:
    """Return the vault in which an organization stores new snapshots, if it has one yet."""
    query = select(VaultRecord).where(VaultRecord.organization_id == organization_id, VaultRecord.current)
    return (await db.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def vault(db: AsyncSession, vault_id: uuid.UUID) -> VaultRecord:
    """Return a vault by id."""
    return (await db.execute(select(VaultRecord).where(VaultRecord.id == vault_id))).scalar_one()


async def vaults(db: AsyncSession) -> Sequence[VaultRecord]:
    """Return the vaults of all organizations, for maintenance."""
    return (await db.execute(select(VaultRecord))).scalars().all()


async def vaults_of(db: AsyncSession, organization_id: uuid.UUID) -> Sequence[VaultRecord]:
    """Return the vaults of an organization, the one for new snapshots first."""
    query = select(VaultRecord).where(VaultRecord.organization_id == organization_id)
    return (await db.execute(query.order_by(VaultRecord.current.desc(), VaultRecord.id))).scalars().all()


async def vaults_opened_as(db: AsyncSession, opened: str) -> Sequence[VaultRecord]:
    """Return the rows, of all organizations, of the vault with this id."""
    return (await db.execute(select(VaultRecord).where(VaultRecord.opened == opened))).scalars().all()


async def lock_opening(db: AsyncSession, opened: str) -> None:
    """Wait for other transactions that open the same vault."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"vault {opened}", 0))))


async def is_used(db: AsyncSession, vault_id: uuid.UUID) -> bool:
    """Return True if a vault has snapshots, complete or not."""
    query = select(Snapshot.id).where(Snapshot.vault_id == vault_id).limit(1)
    return (await db.execute(query)).first() is not None


async def states_of_vault(db: AsyncSession, vault_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """Return the status of each snapshot of a vault; their rows are locked until the end of the transaction."""
    query = select(Snapshot.id, Snapshot.status).where(Snapshot.vault_id == vault_id).with_for_update()
    return {row.id: row.status for row in await db.execute(query)}


async def forget_vault(db: AsyncSession, vault_id: uuid.UUID) -> None:
    """Delete the rows of a vault and its snapshots."""
    await db.execute(delete(Snapshot).where(Snapshot.vault_id == vault_id))
    await db.execute(delete(VaultRecord).where(VaultRecord.id == vault_id))


async def add_missing(db: AsyncSession, rows: Sequence[dict[str, Any]]) -> frozenset[uuid.UUID]:
    """Insert rows of snapshots whose ids do not exist; return the ids that were inserted."""
    if not rows:
        return frozenset()
    statement = insert(Snapshot).on_conflict_do_nothing().returning(Snapshot.id)
    return frozenset((await db.execute(statement, list(rows))).scalars())


async def any_secret(db: AsyncSession) -> bytes | None:
    """Return an encrypted secret of some vault; None if there is none."""
    query = select(func.coalesce(VaultRecord.sealed, VaultRecord.sealed_key))
    query = query.where(or_(VaultRecord.sealed.is_not(None), VaultRecord.sealed_key.is_not(None)))
    return (await db.execute(query.limit(1))).scalar_one_or_none()


async def lock_vaults(db: AsyncSession) -> None:
    """Wait for the transactions that write rows of vaults, and keep others from writing until the end of this one."""
    await db.execute(text("LOCK TABLE vaults IN SHARE ROW EXCLUSIVE MODE"))


async def make_local_vault(db: AsyncSession, organization_id: uuid.UUID, user_id: uuid.UUID | None) -> None:
    """Create the row of a local vault for an organization, unless it has a current vault by now."""
    values = {"id": new_id(), "organization_id": organization_id, "kind": "local", "settings": {}, "current": True}
    await db.execute(insert(VaultRecord).values(**values, created_by=user_id).on_conflict_do_nothing())


async def note_opened(db: AsyncSession, vault_id: uuid.UUID, opened: str) -> None:
    """Record the id that a vault has given itself."""
    await db.execute(update(VaultRecord).where(VaultRecord.id == vault_id).values(opened=opened))


async def to_collect(db: AsyncSession, interval: timedelta) -> Sequence[VaultRecord]:
    """Return the vaults whose last garbage collection is at least `interval` ago, and record that it runs now."""
    due = or_(VaultRecord.collected_at.is_(None), VaultRecord.collected_at < func.now() - interval)
    writable = VaultRecord.opened.is_not(None), VaultRecord.read_only.is_(False)
    statement = update(VaultRecord).where(due, *writable).values(collected_at=func.now())
    return (await db.execute(statement.returning(VaultRecord))).scalars().all()


async def step_back(db: AsyncSession, organization_id: uuid.UUID) -> None:
    """Unmark the current vault of an organization."""
    await db.execute(
        update(VaultRecord)
        .where(VaultRecord.organization_id == organization_id, VaultRecord.current)
        .values(current=False)
    )


async def restore(db: AsyncSession, restore_id: uuid.UUID, *, lock: bool = False) -> Restore | None:
    """Return a restore; with `lock`, its row is locked until the end of the transaction."""
    query = select(Restore).where(Restore.id == restore_id).execution_options(populate_existing=True)
    return (await db.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def restores_of(
    db: AsyncSession, snapshot_id: uuid.UUID, before: uuid.UUID | None, limit: int
) -> Sequence[Restore]:
    """Return the restores of a snapshot, newest first, without proofs of its schema."""
    query = select(Restore).where(Restore.snapshot_id == snapshot_id, _IS_NO_PROOF)
    if before:
        query = query.where(Restore.id < before)
    return (await db.execute(query.order_by(Restore.id.desc()).limit(limit + 1))).scalars().all()


async def unfinished_restores(db: AsyncSession) -> Sequence[Restore]:
    """Return the restores into new databases that have no result: they are running, or were abandoned."""
    query = select(Restore).where(Restore.fresh, Restore.target_id.is_not(None), Restore.result == {})
    return (await db.execute(query)).scalars().all()


async def forget_target(db: AsyncSession, restore_id: uuid.UUID) -> None:
    """Clear the target of a restore, because that database is deleted."""
    await db.execute(update(Restore).where(Restore.id == restore_id).values(target_id=None, created={}))


async def same_vault(
    db: AsyncSession, organization_id: uuid.UUID, kind: str, settings: dict[str, Any]
) -> VaultRecord | None:
    """Return the vault that an organization already has at the same location, if any."""
    query = select(VaultRecord).where(VaultRecord.organization_id == organization_id, VaultRecord.kind == kind)
    names = ("folder", "bucket", "prefix", "endpoint")
    rows = (await db.execute(query.execution_options(populate_existing=True))).scalars().all()
    return next((row for row in rows if all(row.settings.get(n) == settings.get(n) for n in names)), None)


async def snapshot_figures(db: AsyncSession) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return for each status the number of snapshots, the bytes added, the newest (Unix time) and the damaged ones."""
    newest = func.extract("epoch", func.max(Snapshot.taken_at)).cast(Float)
    damaged = func.count().filter(*_DAMAGED)
    columns = func.count().label("number"), func.sum(Snapshot.new_bytes).label("added"), newest.label("newest")
    query = select(Snapshot.status, *columns, damaged.label("damaged")).group_by(Snapshot.status)
    return (await db.execute(query)).all()
