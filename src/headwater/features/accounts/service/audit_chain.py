"""Seals the audit log: a hash chain for each organization, and one for what belongs to the instance (decision 0031).

Entries are written without a lock, in the transactions of what they are about. Shortly after, a server puts the
committed ones into their chain: each gets a position, and a SHA-256 of itself and of the hash before it. The end of the
chain is signed with a key that is not in the store.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import AuditChain, AuditEntry
from headwater.features.accounts.repository import audit as repository
from headwater.features.accounts.repository.audit import SealedRow
from headwater.features.accounts.rights import Actor, allow_scope, reach
from headwater.kit.clock import now
from headwater.kit.errors import BadInput, Forbidden
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher
from headwater.store.master_keys import MasterKey

log = structlog.get_logger()
INSTANCE = uuid.UUID(int=0)
START = bytes(32)
BATCH, EXPIRED_AT_ONCE = 1000, 5000
FIELDS = (
    "id",
    "at",
    "organization_id",
    "actor_id",
    "actor_email",
    "actor_kind",
    "action",
    "resource_kind",
    "resource_id",
    "resource_name",
    "details",
    "ip",
    "door",
    "key_name",
    "database_id",
    "outcome",
    "request_id",
    "position",
)


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """The first entry of a chain that is not what was sealed; `id` is None if it is missing."""

    position: int
    id: uuid.UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The result of the check of a chain: the positions that it has, its end, and the first broken entry."""

    organization_id: uuid.UUID | None
    first: int
    last: int
    head: str
    unsealed: int
    broken: BrokenEntry | None = None

    @property
    def entries(self) -> int:
        """How many sealed entries there are."""
        return max(0, self.last - self.first + 1)


def plain(entry: AuditEntry | SealedRow) -> dict[str, Any]:
    """Return what is sealed of an entry, as JSON."""
    values = {name: getattr(entry, name) for name in FIELDS}
    values["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return {name: str(value) if isinstance(value, uuid.UUID) else value for name, value in values.items()}


def entry_hash(previous: bytes, sealed: dict[str, Any]) -> bytes:
    """Return the hash of an entry: SHA-256 of the hash before it and of its JSON, with sorted keys and no spaces."""
    return hashlib.sha256(previous + json.dumps(sealed, sort_keys=True, separators=(",", ":")).encode()).digest()


async def seal_all(context: Context) -> int:
    """Seal all committed entries, batch by batch; return how many. Does nothing while another process does."""
    total = 0
    while True:
        async with context.store.transaction() as db:
            if not await repository.try_lock_chains(db):
                return total
            cipher = context.cipher
            number = await _seal_batch(db, cipher)
            cipher.check_current()
        total += number
        if number < BATCH:
            return total


async def _seal_batch(db: AsyncSession, cipher: SecretCipher) -> int:
    rows = await repository.unsealed(db, BATCH)
    by_chain: dict[uuid.UUID, list[SealedRow]] = {}
    for row in rows:
        by_chain.setdefault(row.organization_id or INSTANCE, []).append(row)
    for chain_id, members in by_chain.items():
        end = await repository.chain(db, chain_id)
        position, last = (end.position, end.hash) if end else (0, START)
        seals = []
        for row in members:
            position += 1
            last = entry_hash(last, plain(row) | {"position": position})
            seals.append((row.id, position, last))
        await repository.put_seals(db, seals)
        anchor = (end.anchor_position, end.anchor_hash) if end else (0, START)
        await _put_end(db, cipher.key, chain_id, (position, last), anchor)
    return len(rows)


async def _put_end(
    db: AsyncSession, key: MasterKey, chain_id: uuid.UUID, end: tuple[int, bytes], anchor: tuple[int, bytes]
) -> None:
    row = {
        "id": chain_id,
        "position": end[0],
        "hash": end[1],
        "anchor_position": anchor[0],
        "anchor_hash": anchor[1],
        "signature": _signature(key, chain_id, end, anchor),
    }
    await repository.put_chain(db, row)


def _signature(key: MasterKey, chain_id: uuid.UUID, end: tuple[int, bytes], anchor: tuple[int, bytes]) -> bytes:
    text = b"".join(position.to_bytes(8, "big") + hashed for position, hashed in (end, anchor))
    return hmac.digest(key.derive("audit chain", chain_id), chain_id.bytes + text, "sha256")


def is_signed(cipher: SecretCipher, end: AuditChain) -> bool:
    """Return True if a key of this instance has signed the end of a chain."""
    ends = (end.position, end.hash), (end.anchor_position, end.anchor_hash)
    return any(
        hmac.compare_digest(_signature(key, end.id, *ends), end.signature) for key in (cipher.key, *cipher.previous)
    )


async def sign_anew(db: AsyncSession, context: Context) -> None:
    """Sign the ends of all chains with the current key, except those that no key has signed: a check names them."""
    await repository.lock_chains(db)
    cipher = context.cipher  # read after the lock: see `SecretCipher.check_current`
    for end in await repository.chains(db):
        if is_signed(cipher, end):
            ends = (end.position, end.hash), (end.anchor_position, end.anchor_hash)
            end.signature = _signature(cipher.key, end.id, *ends)
        else:
            log.warning("audit.chain_not_signed", chain=str(end.id))


async def expire(context: Context) -> int:
    """Remove the entries that are older than the setting allows, from the beginning of each chain; return how many."""
    days, total = context.settings.audit_days, 0
    if days == 0:
        return 0
    async with context.store.transaction() as db:
        ids = [end.id for end in await repository.chains(db)]
    for chain_id in ids:
        while removed := await _expire_some(context, chain_id, days):
            total += removed
    return total


async def _expire_some(context: Context, chain_id: uuid.UUID, days: int) -> int:
    async with context.store.transaction() as db:
        await repository.lock_chains(db)
        organization = _organization(chain_id)
        through = await repository.last_expired(db, organization, now() - timedelta(days=days), EXPIRED_AT_ONCE)
        end = await repository.chain(db, chain_id)
        if through is None or end is None:
            return 0
        (last,) = await repository.sealed(db, organization, through - 1, 1)
        assert last.hash
        signature = _signature(context.cipher.key, chain_id, (end.position, end.hash), (through, last.hash))
        return await repository.expire(db, chain_id, through, signature)


async def verify(context: Context, actor: Actor, *, expected: tuple[int, str] | None = None) -> list[ChainReport]:
    """Check the chains whose entries the actor may read.

    Args:
        context: settings and store.
        actor: an admin of organizations, or the administrator of the instance.
        expected: a position and the hash that one of the chains had there, from an earlier check.

    Raises:
        Forbidden: the actor may read no chain.
        BadInput: none of the chains had the expected hash.
    """
    allow_scope(actor, "audit:read")
    chains: list[uuid.UUID | None] = [
        *reach(actor, "audit:read").organizations,
        *((None,) if actor.is_admin else ()),
    ]
    if not chains:
        raise Forbidden("Only owners and admins of an organization can check its audit log.")
    reports, was_expected = [], expected is None
    for organization_id in chains:
        async with context.store.transaction() as db:
            await db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            check = _Check(context.cipher, organization_id, expected)
            reports.append(await check.run(db))
            was_expected = was_expected or check.was_expected
    if not was_expected:
        raise BadInput(
            "No chain has the expected hash at this position.",
            hint="The log was changed since, or this is the hash of another Headwater.",
        )
    return reports


class _Check:
    """The check of one chain, in one snapshot of the store."""

    def __init__(
        self, cipher: SecretCipher, organization_id: uuid.UUID | None, expected: tuple[int, str] | None
    ) -> None:
        self._cipher, self._organization_id, self._expected = cipher, organization_id, expected
        self._position, self._hash = 0, START
        self.was_expected = False

    async def run(self, db: AsyncSession) -> ChainReport:
        """Compute every hash again, and return what was seen."""
        end = await repository.chain(db, self._organization_id or INSTANCE)
        first = 1
        if end:
            self._position, self._hash = end.anchor_position, end.anchor_hash
            first = end.anchor_position + 1
            self._compare_expected()
        broken = await self._broken(db)
        broken = broken or self._broken_end(end)
        unsealed = await repository.count_unsealed(db, self._organization_id)
        return ChainReport(
            self._organization_id, first, self._position, self._hash.hex() if end else "", unsealed, broken
        )

    async def _broken(self, db: AsyncSession) -> BrokenEntry | None:
        while rows := await repository.sealed(db, self._organization_id, self._position, BATCH):
            if (broken := await asyncio.to_thread(self._first_broken, rows)) is not None:
                return broken
        return None

    def _first_broken(self, rows: Sequence[SealedRow]) -> BrokenEntry | None:
        for row in rows:
            if row.position != self._position + 1:
                return BrokenEntry(self._position + 1, None, "This entry is missing.")
            hashed = entry_hash(self._hash, plain(row))
            if hashed != row.hash:
                return BrokenEntry(row.position, row.id, "This entry was changed after it was sealed.")
            self._position, self._hash = row.position, hashed
            self._compare_expected()
        return None

    def _broken_end(self, end: AuditChain | None) -> BrokenEntry | None:
        if end is None:
            return BrokenEntry(1, None, "The end of the chain is missing.") if self._position else None
        if end.position > self._position:
            return BrokenEntry(self._position + 1, None, "This entry is missing.")
        if (end.position, end.hash) != (self._position, self._hash):
            return BrokenEntry(end.position, None, "The end of the chain is not the last entry.")
        if not is_signed(self._cipher, end):
            return BrokenEntry(
                end.position,
                None,
                "The end of the chain is not signed by this instance: it was written by somebody else.",
            )
        return None

    def _compare_expected(self) -> None:
        if self._expected == (self._position, self._hash.hex()):
            self.was_expected = True


def _organization(chain_id: uuid.UUID) -> uuid.UUID | None:
    return None if chain_id == INSTANCE else chain_id
