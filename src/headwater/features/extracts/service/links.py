"""Links by which a file of a snapshot is downloaded without signing in: signed, of a limited time, and never kept.

A link says what it is for, and is signed with a key that is derived for its organization. It does what its maker may
do at the moment it is used, and nothing when the maker has lost the right or the snapshot is gone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import identity
from headwater.features.accounts.service.identity import Visitor
from headwater.features.extracts.service import exports, opening
from headwater.features.extracts.service.exports import FORMS, File, Form
from headwater.features.snapshots.service import contents, snapshots
from headwater.kit.clock import now
from headwater.kit.errors import BadInput, Forbidden, NotFound
from headwater.kit.settings import Settings
from headwater.store.sealing import Sealer
from headwater.store.session import Database as Store

LONGEST = timedelta(days=7)
# A URL of more characters does not pass everywhere.
LONGEST_TOKEN = 6000
_VERSION = 1


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """What a link is for: who made it, which file of what, until when (seconds since 1970)."""

    version: int
    organization: uuid.UUID
    snapshot: uuid.UUID
    user: uuid.UUID
    form: Form
    tables: tuple[str, ...] | None
    until: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link and when it ends."""

    token: str
    expires_at: datetime


async def make(
    settings: Settings, store: Store, actor: Actor, snapshot_id: uuid.UUID, form: Form, tables: Sequence[str] | None,
    seconds: int,
) -> Link:  # fmt: skip
    """Make a link to a file of a snapshot; noted in the audit."""
    opened = await opening.enter(settings, store, actor, snapshot_id)
    names = None if tables is None else tuple(contents.shown(one) for one in opened.choose(tables))
    assert actor.user_id
    until = (now() + min(timedelta(seconds=seconds), LONGEST)).replace(microsecond=0)
    claims = Claims(
        _VERSION, opened.organization_id, opened.id, actor.user_id, form, names, int(until.timestamp())
    )  # fmt: skip
    body = msgspec.msgpack.encode(claims)
    token = f"{_text(body)}.{_text(_signature(settings, claims.organization, body))}"
    if len(token) > LONGEST_TOKEN:
        raise BadInput("The names of so many tables do not fit into a link.", hint="Leave them out for all tables.")
    async with store.transaction() as db:
        row = await snapshots.find(db, actor, snapshot_id)
        snapshots.note(
            db, actor, "snapshot.link", row, format=form, tables=None if names is None else list(names),
            until=until.isoformat(),
        )  # fmt: skip
    return Link(token, until)


async def follow(settings: Settings, store: Store, visitor: Visitor, token: str) -> File:
    """Return the file that a link is for; noted in the audit as of its maker.

    Raises:
        NotFound: it is no link, has expired, or its maker may not do this any more; nobody is told which.
    """
    claims = _claims(settings, token)
    if claims is None or datetime.fromtimestamp(claims.until, UTC) < now():
        raise _Gone
    async with store.transaction() as db:
        actor = await identity.actor_of_user(db, claims.user, visitor)
    if actor is None:
        raise _Gone
    try:
        return await exports.export(
            settings, store, actor, claims.snapshot, claims.form, claims.tables, action="snapshot.link_used"
        )
    except (NotFound, Forbidden) as error:
        raise _Gone from error


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
    return claims if right and claims.version == _VERSION and claims.form in FORMS else None


def _signature(settings: Settings, organization: uuid.UUID, body: bytes) -> bytes:
    key = Sealer.of(settings).derive("download links", organization)
    return hmac.new(key, body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    data = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(data) != text:
        raise ValueError("not as it was written")
    return data
