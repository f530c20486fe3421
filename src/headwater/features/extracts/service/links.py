"""Signed links that download a file of a snapshot without signing in; they expire and can be revoked.

A link is the id of its row, signed with a key that is derived for its organization. The signed token is not stored, so
a link cannot be shown again. Whoever has it can read the data, so creating one takes a right of its own. A download
uses the rights that the link's creator has at that moment; it fails if the creator has lost them or has left the
organization meanwhile, the API key that created it has ended, the snapshot was deleted, or the link was revoked.
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
from headwater.features.accounts.rights import Actor, authorize, role_allows
from headwater.features.accounts.service import audit, credentials, identity
from headwater.features.accounts.service.credentials import CredentialUse
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
from headwater.store.master_keys import MasterKey

LONGEST = timedelta(days=7)
_VERSION = 2


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """The signed contents of a link: its row, and the organization whose key signs it."""

    version: int
    organization: uuid.UUID
    link: uuid.UUID


@dataclass(frozen=True, slots=True)
class Link:
    """A new link and its token."""

    row: SnapshotLink
    token: str


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link with the name of its creator."""

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
    """Create a link to a file of a snapshot; recorded in the audit log."""
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    authorize(actor, "link:write", opened)
    names = None if tables is None else [manifest_tables.display_name(table) for table in opened.choose(tables)]
    assert actor.user_id
    until = (now() + min(timedelta(seconds=seconds), LONGEST)).replace(microsecond=0)
    async with context.store.transaction() as db:
        snapshot = await snapshots.find(db, actor, snapshot_id)
        row = SnapshotLink(
            organization_id=snapshot.organization_id,
            snapshot_id=snapshot.id,
            created_by=actor.user_id,
            key_id=actor.key_id,
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
    return Link(row, f"{_text(body)}.{_text(_signature(context.cipher.key, row.organization_id, body))}")


async def list_of_snapshot(
    db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[LinkView]:
    """Return the valid links of a snapshot, newest first, without their tokens."""
    await snapshots.find(db, actor, snapshot_id)
    rows = await repository.of_snapshot(db, snapshot_id, now(), audit.before_id(cursor), limit)
    return cut([LinkView(row, by) for row, by in rows], limit, lambda item: (str(item.row.id),))


async def revoke(db: AsyncSession, actor: Actor, snapshot_id: uuid.UUID, link_id: uuid.UUID) -> None:
    """Revoke a link, which only its creator and admins may do; recorded in the audit log."""
    snapshot = await snapshots.find(db, actor, snapshot_id)
    row = await repository.find(db, link_id)
    if row is None or row.snapshot_id != snapshot.id:
        raise NotFound("There is no such link.")
    if row.created_by != actor.user_id:
        try:
            authorize(actor, "database:admin", snapshot)
        except Forbidden as error:
            raise NotFound(
                "You have not created such a link.", hint="Admins can also revoke links of others."
            ) from error
    await db.delete(row)
    snapshots.note(db, actor, "snapshot.link_revoked", snapshot, link=str(link_id), **row.request)


async def follow(context: Context, visitor: ClientInfo, token: str) -> File:
    """Return the file of a link; recorded in the audit log as an action of the link's creator.

    Raises:
        NotFound: the link is invalid, expired or revoked, or its creator lost the right; the error does not say which.
    """
    claims = _claims(context.settings, token)
    if claims is None:
        raise _Gone
    async with context.store.transaction() as db:
        row = await repository.find(db, claims.link)
        if row is None or row.expires_at < now():
            raise _Gone
        use = CredentialUse(row.key_id, row.created_by, row.organization_id)
        has_lasted = await credentials.has_lasted(db, use, row.created_at)
        actor = await identity.actor_of_user(db, row.created_by, visitor)
    if actor is None or not has_lasted or not role_allows(actor, "link:write", row.organization_id):
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
    """This link is invalid, or no longer valid."""


def _claims(settings: Settings, token: str) -> Claims | None:
    """Return the claims of a token, or None if its signature is wrong."""
    first, _, second = token.partition(".")
    try:
        body, signature = _bytes(first), _bytes(second)
        claims = msgspec.msgpack.decode(body, type=Claims)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    cipher = SecretCipher.of(settings)
    keys = (cipher.key, *cipher.previous)  # while the master key is being rotated, older links stay valid
    right = any(hmac.compare_digest(signature, _signature(key, claims.organization, body)) for key in keys)
    return claims if right and claims.version == _VERSION else None


def _signature(master: MasterKey, organization: uuid.UUID, body: bytes) -> bytes:
    return hmac.new(master.derive("download links", organization), body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    data = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(data) != text:
        raise ValueError("not canonical base64")
    return data
