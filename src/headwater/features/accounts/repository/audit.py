"""The SQL of the audit log: its entries, and the hash chains that seal them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    LargeBinary,
    Row,
    Select,
    Uuid,
    bindparam,
    collate,
    func,
    literal_column,
    select,
    text,
    true,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.audit_filter import AuditFilter, AuditScope
from headwater.features.accounts.models import WORDS, AuditChain, AuditEntry

# Ids sort by the time at which they were made, which may differ from the start of their transaction by as much.
SLACK = timedelta(hours=1)
# Rows, not objects: every entry is read when a chain is checked.
SealedRow: TypeAlias = Row[*tuple[Any, ...]]
_COLUMNS = tuple(AuditEntry.__table__.columns)
SEAL_LOCK = 7_717_001
_ACTION = collate(AuditEntry.action, "C")  # in this order, the actions that begin alike stand together
_WORD = re.compile(r"[^\W_]+")


async def entries(
    db: AsyncSession, scope: AuditScope, wanted: AuditFilter, *, before: uuid.UUID | None, limit: int
) -> Sequence[AuditEntry]:
    """Return entries, newest first; one more than `limit`, if there are as many."""
    rows: Sequence[AuditEntry] = (
        (await db.execute(entries_query(scope, wanted, before=before, limit=limit))).scalars().all()
    )
    return rows


def entries_query(scope: AuditScope, wanted: AuditFilter, *, before: uuid.UUID | None, limit: int) -> Select[Any]:
    """Return the query of `entries`: each part of the scope is read in the order of an index, and only so far."""
    conditions = [*_conditions(wanted), *((AuditEntry.id < before,) if before else ())]
    if wanted.organization_id:
        scope = replace(
            scope,
            organizations=[one for one in scope.organizations if one == wanted.organization_id],
            user_id=None,
            instance=False,
        )
    newest = _newest_by_action if wanted.action else _newest
    parts = [newest(each, conditions, wanted, limit) for each in _visible_organizations(scope)]
    if scope.user_id:
        parts.append(_newest(AuditEntry.actor_id == scope.user_id, conditions, wanted, limit))
    every = union(*parts).subquery() if parts else select(AuditEntry.id).where(text("false")).subquery()
    ids = select(every.c.id).order_by(every.c.id.desc()).limit(limit + 1).subquery()
    return select(AuditEntry).join(ids, ids.c.id == AuditEntry.id).order_by(AuditEntry.id.desc())


def _visible_organizations(scope: AuditScope) -> list[Any]:
    visible: list[Any] = [AuditEntry.organization_id == organization for organization in scope.organizations]
    return visible + ([AuditEntry.organization_id.is_(None)] if scope.instance else [])


def _newest(visible: Any, conditions: list[Any], wanted: AuditFilter, limit: int) -> Select[Any]:
    matching = (
        (*conditions, AuditEntry.action.startswith(wanted.action, autoescape=True)) if wanted.action else conditions
    )
    ids = select(AuditEntry.id).where(visible, *matching).order_by(AuditEntry.id.desc()).limit(limit + 1)
    return select(ids.subquery().c.id)


def _newest_by_action(visible: Any, conditions: list[Any], wanted: AuditFilter, limit: int) -> Select[Any]:
    """Return the newest entries of each action that begins so.

    Statistics do not say which organization has which actions, so the planner would read one's whole log for an action
    that only others have. The actions are found by skipping through the index (a "loose index scan").
    """
    matching = _ACTION.startswith(wanted.action, autoescape=True)
    actions = select(func.min(_ACTION).label("action")).where(visible, matching).cte(recursive=True)
    following = select(func.min(_ACTION)).where(visible, matching, actions.c.action < _ACTION)
    actions = actions.union_all(select(following.scalar_subquery()).where(actions.c.action.is_not(None)))
    ids = (
        select(AuditEntry.id)
        .where(visible, actions.c.action == _ACTION, *conditions)
        .order_by(AuditEntry.id.desc())
        .limit(limit + 1)
        .lateral()
    )
    return select(ids.c.id).select_from(actions.join(ids, true()))


def _conditions(wanted: AuditFilter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.person:
        conditions.append(AuditEntry.actor_email == wanted.person.strip().lower())
    if wanted.database_id:
        conditions.append(AuditEntry.database_id == wanted.database_id)
    if wanted.outcome:
        conditions.append(AuditEntry.outcome == wanted.outcome)
    if words := _WORD.findall(wanted.words):
        query = " & ".join(f"{word}:*" for word in words)
        conditions.append(literal_column(WORDS).op("@@")(func.to_tsquery(literal_column("'simple'::regconfig"), query)))
    if wanted.since:
        conditions += [AuditEntry.at >= wanted.since, AuditEntry.id >= first_id(wanted.since - SLACK)]
    if wanted.until:
        conditions += [AuditEntry.at < wanted.until, AuditEntry.id < first_id(wanted.until + SLACK)]
    return conditions


def first_id(moment: datetime) -> uuid.UUID:
    """Return the smallest id that can be made at a moment."""
    return uuid.UUID(int=min(max(0, int(moment.timestamp() * 1000)), 2**48 - 1) << 80)


async def try_lock_chains(db: AsyncSession) -> bool:
    """Take the right to seal, until the end of the transaction; return False if another process has it."""
    return bool((await db.execute(select(func.pg_try_advisory_xact_lock(SEAL_LOCK)))).scalar_one())


async def lock_chains(db: AsyncSession) -> None:
    """Wait for the right to seal."""
    await db.execute(select(func.pg_advisory_xact_lock(SEAL_LOCK)))


async def unsealed(db: AsyncSession, limit: int) -> Sequence[SealedRow]:
    """Return committed entries that are not sealed, oldest first."""
    query = select(*_COLUMNS).where(AuditEntry.position.is_(None)).order_by(AuditEntry.id).limit(limit)
    return (await db.execute(query)).all()


async def count_unsealed(db: AsyncSession, organization_id: uuid.UUID | None) -> int:
    """Return how many entries of a chain are not sealed."""
    query = select(func.count()).select_from(AuditEntry).where(AuditEntry.position.is_(None), of_chain(organization_id))
    return int((await db.execute(query)).scalar_one())


async def put_seals(db: AsyncSession, seals: Sequence[tuple[uuid.UUID, int, bytes]]) -> None:
    """Set position and hash of entries."""
    ids, positions, hashes = (list(column) for column in zip(*seals, strict=True))
    arrays = (
        bindparam("ids", ids, ARRAY(Uuid())),
        bindparam("positions", positions, ARRAY(BigInteger)),
        bindparam("hashes", hashes, ARRAY(LargeBinary)),
    )
    rows = func.unnest(*arrays).table_valued("id", "position", "hash", name="seal").render_derived()
    statement = update(AuditEntry).where(AuditEntry.id == rows.c.id).values(position=rows.c.position, hash=rows.c.hash)
    await db.execute(statement.execution_options(synchronize_session=False))


async def chain(db: AsyncSession, id_: uuid.UUID) -> AuditChain | None:
    """Return the end of a chain; None if it has no entries."""
    return await db.get(AuditChain, id_, populate_existing=True)


async def chains(db: AsyncSession) -> Sequence[AuditChain]:
    """Return the ends of all chains."""
    return (await db.execute(select(AuditChain).order_by(AuditChain.id))).scalars().all()


async def put_chain(db: AsyncSession, row: dict[str, Any]) -> None:
    """Store the end of a chain."""
    statement = insert(AuditChain).values(**row)
    await db.execute(statement.on_conflict_do_update(index_elements=["id"], set_={**row, "sealed_at": func.now()}))


async def sealed(db: AsyncSession, organization_id: uuid.UUID | None, after: int, limit: int) -> Sequence[SealedRow]:
    """Return entries of a chain in its order, after a position."""
    query = select(*_COLUMNS).where(of_chain(organization_id), AuditEntry.position > after)
    return (await db.execute(query.order_by(AuditEntry.position).limit(limit))).all()


async def last_expired(db: AsyncSession, organization_id: uuid.UUID | None, before: datetime, limit: int) -> int | None:
    """Return the position up to which, within the first `limit` entries, all of a chain are from before a moment."""
    query = select(AuditEntry.position, AuditEntry.at).where(
        of_chain(organization_id), AuditEntry.position.is_not(None)
    )
    last = None
    for position, at in await db.execute(query.order_by(AuditEntry.position).limit(limit)):
        if at >= before:
            break
        last = position
    return last


async def expire(db: AsyncSession, chain_id: uuid.UUID, through: int, signature: bytes) -> int:
    """Remove the entries of a chain up to a position; return how many."""
    removed = await db.execute(select(func.audit_expire(chain_id, through, signature)))
    return int(removed.scalar_one())


def of_chain(organization_id: uuid.UUID | None) -> Any:
    """Return the condition for the entries of a chain, which an index serves."""
    return AuditEntry.organization_id == organization_id if organization_id else AuditEntry.organization_id.is_(None)


async def unsealed_backlog(db: AsyncSession) -> tuple[int, float]:
    """Return how many entries are not sealed, and the age of the oldest in seconds."""
    age = func.coalesce(func.extract("epoch", func.now() - func.min(AuditEntry.at)), 0)
    row = (await db.execute(select(func.count(), age).where(AuditEntry.position.is_(None)))).one()
    return int(row[0]), max(0.0, float(row[1]))
