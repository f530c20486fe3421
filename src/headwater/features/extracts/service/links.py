"""Links by which a file of a snapshot is downloaded without signing in: signed, of a limited time, and revocable.

A link is the id of its row, signed with a key that is derived for its organization; what is signed is not kept, so
nobody can be shown a link again. It does what its maker may do at the moment it is used, and nothing when the maker has
lost the right, the snapshot is gone, or somebody has revoked it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.snapshots import manifest_tables
from headwater.features.accounts.rights import Actor, authorize
from headwater.features.accounts.service import audit, identity
from headwater.features.accounts.service.identity import ClientInfo
from headwater.features.extracts import repository
from headwater.features.extracts.models import SnapshotLink
from headwater.features.extracts.service import exports, snapshot_access
from headwater.features.extracts.service.exports import File, Form
from headwater.features.snapshots.service import snapshots
from headwater.kit.clock import now
from headwater.kit.errors import Forbidden, NotFound
from headwater.kit.paging import Page, cut
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher

LONGEST = timedelta(days=7)
_VERSION = 2


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """What a link says: which row it is of, and whose key it is signed with."""

    version: int
    organization: uuid.UUID
    link: uuid.UUID


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was made, and what opens it."""

    row: SnapshotLink
    token: str


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link with the name of its maker."""

    row: SnapshotLink
    by: str


async def make(
    context: Context,
    actor: Actor,
    snapshot_id: uuid.UUID,
    form: Form,
    tables: Sequence[str] | None,
    seconds: int,
) -> Link:
    """Make a link to a file of a snapshot; noted in the audit."""
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    names = None if tables is None else [manifest_tables.display_name(one) for one in opened.choose(tables)]
    assert actor.user_id
    until = (now() + min(timedelta(seconds=seconds), LONGEST)).replace(microsecond=0)
    async with context.store.transaction() as db:
        snapshot = await snapshots.find(db, actor, snapshot_id)
        row = SnapshotLink(
            organization_id=snapshot.organization_id,
            snapshot_id=snapshot.id,
            created_by=actor.user_id,
            request={"format": form, "tables": names},
            expires_at=until,
            uses=0,
        )
        db.add(row)
        await db.flush()
        await db.refresh(row)
        snapshots.note(
            db, actor, "snapshot.link", snapshot, link=str(row.id), format=form, tables=names, until=until.isoformat()
        )
    body = msgspec.msgpack.encode(Claims(_VERSION, row.organization_id, row.id))
    return Link(row, f"{_text(body)}.{_text(_signature(context.settings, row.organization_id, body))}")


async def list_of_snapshot(
    db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[LinkView]:
    """Return the links to a snapshot that work, newest first; what opens them is not among it."""
    await snapshots.find(db, actor, snapshot_id)
    rows = await repository.of_snapshot(db, snapshot_id, now(), audit.before_id(cursor), limit)
    return cut([LinkView(row, by) for row, by in rows], limit, lambda one: (str(one.row.id),))


async def revoke(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, link_id: uuid.UUID) -> None:
    """Let a link open nothing any more: one's own, or with the rights of an admin anybody's; noted in the audit."""
    snapshot = await snapshots.find(db, actor, snapshot_id)
    row = await repository.find(db, link_id)
    if row is None or row.snapshot_id != snapshot.id:
        raise NotFound("There is no such link.")
    if row.created_by != actor.user_id:
        try:
            authorize(actor, "database:admin", snapshot)
        except Forbidden as error:
            raise NotFound("There is no such link of yours.", hint="An admin can revoke anybody's.") from error
    await db.delete(row)
    snapshots.note(db, actor, "snapshot.link_revoked", snapshot, link=str(link_id), **row.request)


async def follow(context: Context, visitor: ClientInfo, token: str) -> File:
    """Return the file that a link is for; noted in the audit as of its maker.

    Raises:
        NotFound: it is no link, has expired or was revoked, or its maker may not do this any more; not told which.
    """
    claims = _claims(context.settings, token)
    if claims is None:
        raise _Gone
    async with context.store.transaction() as db:
        row = await repository.find(db, claims.link)
        if row is None or row.expires_at < now():
            raise _Gone
        actor = await identity.actor_of_user(db, row.created_by, visitor)
    if actor is None:
        raise _Gone
    try:
        file = await exports.export(
            context,
            actor,
            row.snapshot_id,
            row.request["format"],
            row.request["tables"],
            action="snapshot.link_used",
        )
    except (NotFound, Forbidden) as error:
        raise _Gone from error
    async with context.store.transaction() as db:
        await repository.used(db, claims.link, now())
    return file


class _Gone(NotFound):
    """This link is not valid, or not any more."""


def _claims(settings: Settings, token: str) -> Claims | None:
    """Return what a link says, if it was made here."""
    first, _, second = token.partition(".")
    try:
        body, signature = _bytes(first), _bytes(second)
        claims = msgspec.msgpack.decode(body, type=Claims)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    right = hmac.compare_digest(signature, _signature(settings, claims.organization, body))
    return claims if right and claims.version == _VERSION else None


def _signature(settings: Settings, organization: uuid.UUID, body: bytes) -> bytes:
    key = SecretCipher.of(settings).derive("download links", organization)
    return hmac.new(key, body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    data = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(data) != text:
        raise ValueError("not as it was written")
    return data
