"""Sessions: their begin, refresh and end, and the actor behind a token or key."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import RefreshToken, User, UserSession
from headwater.features.accounts.repository import second_factors
from headwater.features.accounts.rights import SCOPES, Actor, Scope
from headwater.features.accounts.service import audit
from headwater.features.accounts.tokens import (
    AccessClaims,
    Signer,
    digest,
    matches,
    new_refresh_token,
    split_api_key,
)
from headwater.kit.clock import now
from headwater.kit.errors import Invalid, Unauthenticated
from headwater.kit.settings import Settings

EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)*")
# Two tabs that wake up at once both send the same refresh token: within this time that is not theft.
REUSE_GRACE = timedelta(seconds=20)
KEEP_USED_TOKENS = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """The address and user agent of a client."""

    ip: str = ""
    user_agent: str = ""


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
    await repository.touch_session(db, session, now() + timedelta(days=settings.session_days))
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


async def actor_of_token(db: AsyncSession, signer: Signer, visitor: ClientInfo, credential: str) -> Actor:
    """Return the actor behind an access token or API key, or raise Unauthenticated."""
    if (parts := split_api_key(credential)) is not None:
        return await _actor_of_key(db, visitor, *parts)
    claims = signer.read(credential)
    live = await repository.live_session(db, claims.session_id)
    if live is None or live[1].id != claims.user_id:
        raise Unauthenticated("The session has ended.", hint="Sign in again.")
    session, user = live
    await repository.touch_session(db, session)
    return await _actor(db, user, visitor, session=session, is_proven=signer.is_recent(session.confirmed_at))


async def _actor_of_key(db: AsyncSession, visitor: ClientInfo, public_id: str, secret: str) -> Actor:
    api_key_by_public_id = await repository.api_key_by_public_id(db, public_id)
    if api_key_by_public_id is None or not matches(secret, api_key_by_public_id[0].secret_hash):
        raise Unauthenticated("The API key is not valid, has expired or was revoked.")
    key, user = api_key_by_public_id
    await repository.touch_api_key(db, key)
    scopes = frozenset(scope for scope in SCOPES if scope in key.scopes)
    return await _actor(db, user, visitor, scopes=scopes, key_id=key.id)


async def actor_of_user(db: AsyncSession, user_id: uuid.UUID, visitor: ClientInfo) -> Actor | None:
    """Return a read-only actor for a user who asked for something earlier, with the rights they have now."""
    user = await repository.user(db, user_id)
    return await _actor(db, user, visitor, scopes=frozenset({"read"})) if user else None


async def _actor(
    db: AsyncSession,
    user: User,
    visitor: ClientInfo,
    *,
    session: UserSession | None = None,
    key_id: uuid.UUID | None = None,
    scopes: frozenset[Scope] | None = None,
    is_proven: bool = True,
) -> Actor:
    roles, demanding = await repository.roles_and_demands(db, user.id)
    is_locked = bool(demanding) and not await second_factors.is_protected(db, user.id)
    return Actor(
        kind="user" if scopes is None else "key",
        user_id=user.id,
        email=user.email,
        name=user.name,
        is_admin=user.is_admin,
        session_id=session.id if session else None,
        key_id=key_id,
        scopes=frozenset(SCOPES) if scopes is None else scopes,
        roles=roles,
        ip=visitor.ip,
        locked=frozenset(demanding if is_locked else ()),
        is_proven=is_proven,
    )


async def open_session(
    db: AsyncSession,
    settings: Settings,
    signer: Signer,
    visitor: ClientInfo,
    user: User,
    *,
    proven_at: datetime | None = None,
) -> SignedIn:
    """Begin a session of a user who has proven to be that user: now, or at an earlier moment."""
    session = UserSession(
        user_id=user.id,
        confirmed_at=proven_at or now(),
        expires_at=now() + timedelta(days=settings.session_days),
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
    actor = await _actor(db, user, visitor, session=session)
    await db.flush()
    await db.refresh(user)
    return SignedIn(user, access, signer.seconds, token, actor)


async def user_of(db: AsyncSession, actor: Actor) -> User:
    """Return the user behind an actor."""
    user = await repository.user_by_email(db, actor.email)
    if user is None:
        raise Unauthenticated
    return user
