"""Sessions: their begin, refresh and end, and the actor behind a token or key."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import RefreshToken, User, UserSession
from headwater.features.accounts.repository import actors
from headwater.features.accounts.rights import SCOPES, Actor, KeyLimit, Role
from headwater.features.accounts.service import addresses, audit
from headwater.features.accounts.tokens import (
    AccessClaims,
    Signer,
    digest,
    matches,
    new_refresh_token,
    split_api_key,
)
from headwater.kit.clock import now
from headwater.kit.errors import Forbidden, Invalid, Unauthenticated
from headwater.kit.settings import Settings
from headwater.store.context import Context

log = structlog.get_logger()
EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)*")
# Two tabs that wake up at once both send the same refresh token: within this time that is not theft.
REUSE_GRACE = timedelta(seconds=20)
# The beginning of the user agent of the command line.
COMMAND_LINE = "headwater-cli/"
KEEP_USED_TOKENS = timedelta(days=2)
LAST_USE_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """The address and user agent of a client."""

    ip: str = ""
    user_agent: str = ""

    @property
    def is_command_line(self) -> bool:
        """Whether the client says that it is `headwater` on a command line."""
        return self.user_agent.startswith(COMMAND_LINE)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with a live session and the tokens for it."""

    user: User
    access_token: str
    expires_in: int
    refresh_token: str
    actor: Actor


def normal_email(email: str) -> str:
    """Return an address in the form in which it is stored, or raise Invalid."""
    folded = email.strip().lower()
    if len(folded) > 254 or not EMAIL.fullmatch(folded):
        raise Invalid({"email": "This is not an email address."})
    return folded


async def refresh(
    db: AsyncSession, settings: Settings, signer: Signer, visitor: ClientInfo, token: str
) -> SignedIn | None:
    """Exchange a refresh token for new tokens.

    Returns:
        None when the token was used before (outside a short grace): its session is then revoked, and the
        caller must let this transaction commit.

    Raises:
        Unauthenticated: no such token, or its session has ended.
    """
    known = await repository.refresh_token(db, digest(token))
    live = await repository.live_session(db, known.session_id) if known else None
    if known is None or live is None:
        raise Unauthenticated("The session has ended.", hint="Sign in again.")
    session, user = live
    if known.used_at and now() - known.used_at > REUSE_GRACE:
        await repository.revoke_session(db, session.id, user.id)
        thief = Actor("user", user.id, user.email, ip=visitor.ip)
        audit.record(db, thief, "auth.refresh_reused", "session", session.id)
        return None
    known.used_at = known.used_at or now()
    await repository.drop_old_refresh_tokens(db, session.id, now() - KEEP_USED_TOKENS)
    await repository.touch_session(db, session.id, _end(settings, session.created_at))
    return await _issue(db, signer, session, user, visitor)


async def sign_out_by_access_token(db: AsyncSession, signer: Signer, visitor: ClientInfo, token: str) -> None:
    """End the session of an access token, which may have expired; one that we have not signed ends nothing."""
    claims = signer.read_expired(token)
    live = await repository.live_session(db, claims.session_id) if claims else None
    if live and claims and live[1].id == claims.user_id:
        session, user = live
        await repository.revoke_session(db, session.id, user.id)
        audit.record(db, Actor("user", user.id, user.email, ip=visitor.ip), "auth.logout", "session", session.id)


async def sign_out_by_refresh_token(db: AsyncSession, token: str) -> None:
    """End the session of a refresh token: a browser whose access token has expired can still sign out."""
    known = await repository.refresh_token(db, digest(token))
    live = await repository.live_session(db, known.session_id) if known else None
    if live:
        session, user = live
        await repository.revoke_session(db, session.id, user.id)
        audit.record(db, Actor("user", user.id, user.email), "auth.logout", "session", session.id)


async def actor_of_token(context: Context, signer: Signer, visitor: ClientInfo, credential: str) -> Actor:
    """Return the actor behind an access token or API key, or raise Unauthenticated."""
    if (parts := split_api_key(credential)) is not None:
        return await _actor_of_key(context, visitor, *parts)
    claims = _claims(signer, credential)
    rows = await context.store.rows(actors.BY_SESSION, session_id=claims.session_id)
    if not rows or rows[0].user_id != claims.user_id:
        raise Unauthenticated("The session has ended.", hint="Sign in again.")
    session = rows[0]
    if _is_stale(session.last_seen_at):
        async with context.store.transaction() as db:
            await repository.touch_session(db, session.id)
    actor = _actor(rows, visitor)
    return replace(actor, session_id=session.id, is_proven=signer.is_recent(session.confirmed_at))


def _claims(signer: Signer, token: str) -> AccessClaims:
    """Return the claims of an access token; one that has expired is nothing to record."""
    try:
        return signer.read(token)
    except Unauthenticated as error:
        if signer.read_expired(token):
            raise
        raise CredentialRefused(error.message) from error


async def _actor_of_key(context: Context, visitor: ClientInfo, public_id: str, secret: str) -> Actor:
    rows = await context.store.rows(actors.BY_KEY, public_id=public_id)
    if not rows or not matches(secret, rows[0].secret_hash):
        raise CredentialRefused("The API key is not valid, has expired or was revoked.")
    key = rows[0]
    if not addresses.allows(key.addresses, visitor.ip):
        log.warning("key.address_refused", key=public_id, ip=visitor.ip)
        raise Forbidden(f"This API key is not valid at the address {visitor.ip}.")
    if _is_stale(key.last_used_at):
        async with context.store.transaction() as db:
            await repository.touch_api_key(db, key.id)
    scopes = frozenset(scope for scope in SCOPES if scope in key.scopes)
    actor = replace(_actor(rows, visitor), kind="key", scopes=scopes, key_id=key.id, key_name=key.key_name)
    actor = actor if visitor.is_command_line else replace(actor, door="api")
    return _limited(actor, key) if key.project_id else actor


def _limited(actor: Actor, key: Any) -> Actor:
    """Return the actor of a key that is limited to a project or database: a member only of its organization."""
    roles = {organization: role for organization, role in actor.roles.items() if organization == key.home_id}
    return replace(actor, is_admin=False, roles=roles, limit=KeyLimit(key.project_id, key.database_id))


def _is_stale(last_use: datetime | None) -> bool:
    """Return True if the last use is to be stored anew: at most once a minute, so that reads cause few writes."""
    return last_use is None or now() - last_use > LAST_USE_PRECISION


async def actor_of_user(db: AsyncSession, user_id: uuid.UUID, visitor: ClientInfo) -> Actor | None:
    """Return a read-only actor for a user who asked for something earlier, with the rights they have now."""
    rows = (await db.execute(actors.BY_USER.query, {"user_id": user_id})).all()
    return replace(_actor(rows, visitor), kind="key", scopes=frozenset({"read"})) if rows else None


def _actor(rows: Sequence[Any], visitor: ClientInfo) -> Actor:
    """Return the actor of rows of `repository.actors`, with all scopes."""
    person = rows[0]
    roles = {row.organization_id: cast(Role, row.role) for row in rows if row.organization_id}
    demanding = (row.organization_id for row in rows if row.requires_second_factor)
    return Actor(
        kind="user",
        user_id=person.user_id,
        email=person.email,
        name=person.name,
        is_admin=person.is_admin,
        door="cli" if visitor.is_command_line else "web",
        roles=roles,
        ip=visitor.ip,
        locked=frozenset(() if person.is_protected else demanding),
    )


def _end(settings: Settings, created_at: datetime) -> datetime:
    """Return when a session ends that is used now."""
    idle, absolute = timedelta(days=settings.session_days), timedelta(days=settings.session_absolute_days)
    return min(now() + idle, created_at + absolute)


class CredentialRefused(Unauthenticated):
    """This credential is not valid."""

    # An API key that is wrong, revoked or expired, or a token that Headwater has not signed: the audit log counts it.


class AccountDeactivated(Unauthenticated):
    """This account is deactivated."""

    code = "account_deactivated"


class AccountEnding(Unauthenticated):
    """This account is about to be deleted."""

    code = "account_ending"


async def open_session(
    db: AsyncSession,
    settings: Settings,
    signer: Signer,
    visitor: ClientInfo,
    user: User,
    *,
    proven_at: datetime | None = None,
) -> SignedIn:
    """Begin a session of a user who has proven to be that user: now, or at an earlier moment.

    Raises:
        AccountEnding: the account is to be deleted; `lifecycle.take_back` keeps it.
        AccountDeactivated: the account is deactivated.
    """
    if user.deletion_at:
        when = f"{user.deletion_at:%Y-%m-%d %H:%M} UTC"
        raise AccountEnding(f"This account is deleted on {when}.", hint="Sign in and keep the account, if you want it.")
    if user.deactivated_at:
        raise AccountDeactivated(hint="Ask the administrator of this instance.")
    session = UserSession(
        user_id=user.id,
        confirmed_at=proven_at or now(),
        expires_at=_end(settings, now()),
        user_agent=visitor.user_agent[:300],
        ip=visitor.ip,
    )
    db.add(session)
    await db.flush()
    return await _issue(db, signer, session, user, visitor)


async def _issue(db: AsyncSession, signer: Signer, session: UserSession, user: User, visitor: ClientInfo) -> SignedIn:
    token, hashed = new_refresh_token()
    db.add(RefreshToken(hash=hashed, session_id=session.id))
    access = signer.sign(AccessClaims(user.id, session.id))
    await db.flush()
    rows = (await db.execute(actors.BY_USER.query, {"user_id": user.id})).all()
    actor = replace(_actor(rows, visitor), session_id=session.id)
    await db.refresh(user)
    return SignedIn(user, access, signer.seconds, token, actor)


async def user_of(db: AsyncSession, actor: Actor) -> User:
    """Return the user behind an actor."""
    user = await repository.user_by_email(db, actor.email)
    if user is None:
        raise Unauthenticated
    return user
