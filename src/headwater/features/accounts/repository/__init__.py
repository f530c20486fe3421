"""All SQL of accounts. Functions take the session of the caller's transaction and never commit."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Integer, Row, any_, bindparam, case, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.models import (
    ApiKey,
    AttemptCount,
    InstanceSetting,
    Membership,
    Organization,
    Project,
    RefreshToken,
    User,
    UserSession,
)
from headwater.features.accounts.rights import Role
from headwater.kit.clock import now
from headwater.store.reads import Read

# Sign-ups take this lock one after another, so that exactly one of them is the first.
SIGNUP_LOCK = 0x4845_4155
MAX_VALID_KEYS = 100


async def lock_signups(db: AsyncSession) -> None:
    """Wait for other sign-ups and block them until the end of the transaction."""
    await db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SIGNUP_LOCK})


async def has_users(db: AsyncSession) -> bool:
    """Return True if any user exists."""
    return bool((await db.execute(select(select(User.id).exists()))).scalar_one())


async def user_by_email(db: AsyncSession, email: str) -> User | None:
    """Return the user with this address (lower case)."""
    return (await db.execute(select(User).where(User.email == email))).scalar_one_or_none()


async def user(db: AsyncSession, user_id: uuid.UUID) -> User | None:
    """Return the user with this id."""
    return await db.get(User, user_id)


async def setting(db: AsyncSession, key: str) -> Any:
    """Return a value set by the administrator, or None."""
    return (await db.execute(select(InstanceSetting.value).where(InstanceSetting.key == key))).scalar_one_or_none()


async def put_setting(db: AsyncSession, key: str, value: Any) -> None:
    """Store a value set by the administrator."""
    statement = insert(InstanceSetting).values(key=key, value=value)
    await db.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


async def live_session(db: AsyncSession, session_id: uuid.UUID) -> tuple[UserSession, User] | None:
    """Return a session that is neither revoked nor expired, with its user."""
    query = (
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.id == session_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now(),
            User.deactivated_at.is_(None),
        )
    )
    row = (await db.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


async def live_sessions(
    db: AsyncSession, user_id: uuid.UUID, before: uuid.UUID | None, limit: int
) -> Sequence[UserSession]:
    """Return the active sessions of a user, newest first."""
    query = select(UserSession).where(
        UserSession.user_id == user_id, UserSession.revoked_at.is_(None), UserSession.expires_at > now()
    )
    if before:
        query = query.where(UserSession.id < before)
    return (await db.execute(query.order_by(UserSession.id.desc()).limit(limit + 1))).scalars().all()


async def end_keys(db: AsyncSession, user_id: uuid.UUID) -> int:
    """Revoke the API keys of a user; return how many they were."""
    valid = update(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    result = cast("CursorResult[Any]", await db.execute(valid.values(revoked_at=now())))
    return result.rowcount


async def other_administrators(db: AsyncSession, user_id: uuid.UUID) -> int:
    """Return how many administrators there are besides a user; others that change them wait."""
    active = (User.is_admin, User.deactivated_at.is_(None))
    query = select(User.id).where(*active).order_by(User.id).with_for_update()
    return len([id_ for id_ in (await db.execute(query)).scalars() if id_ != user_id])


async def locked_user(db: AsyncSession, user_id: uuid.UUID) -> User | None:
    """Return a user, locked until the end of the transaction."""
    query = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    return (await db.execute(query)).scalar_one_or_none()


async def keep_organizations(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Let no organization be deleted with a user."""
    await db.execute(update(Organization).where(Organization.deleted_with == user_id).values(deleted_with=None))


async def touch_session(db: AsyncSession, session_id: uuid.UUID, expires_at: datetime | None = None) -> None:
    """Record that a session is in use, and until when it lasts if it is not used again."""
    values = {"last_seen_at": now()} | ({"expires_at": expires_at} if expires_at else {})
    await db.execute(update(UserSession).where(UserSession.id == session_id).values(**values))


async def revoke_session(db: AsyncSession, session_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """End an active session of a user; return False if there is none."""
    statement = update(UserSession).where(
        UserSession.id == session_id, UserSession.user_id == user_id, UserSession.revoked_at.is_(None)
    )
    return await has_changed(db, statement.values(revoked_at=now()))


async def revoke_other_sessions(db: AsyncSession, user_id: uuid.UUID, current: uuid.UUID | None) -> int:
    """End the active sessions of a user except one; return how many they were."""
    others = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    if current:
        others = others.where(UserSession.id != current)
    result = cast("CursorResult[Any]", await db.execute(others.values(revoked_at=now())))
    return result.rowcount


async def refresh_token(db: AsyncSession, hash_: bytes) -> RefreshToken | None:
    """Return a refresh token, locked until the end of the transaction."""
    query = select(RefreshToken).where(RefreshToken.hash == hash_).with_for_update()
    return (await db.execute(query)).scalar_one_or_none()


async def drop_old_refresh_tokens(db: AsyncSession, session_id: uuid.UUID, before: datetime) -> None:
    """Delete tokens of the chain that were used before a moment."""
    await db.execute(delete(RefreshToken).where(RefreshToken.session_id == session_id, RefreshToken.used_at < before))


async def roles_and_demands(db: AsyncSession, user_id: uuid.UUID) -> tuple[dict[uuid.UUID, Role], set[uuid.UUID]]:
    """Return the role of a user in each organization, and which of these demand a second factor."""
    query = (
        select(Membership.organization_id, Membership.role, Organization.requires_second_factor)
        .join(Organization, Membership.organization_id == Organization.id)
        .where(Membership.user_id == user_id)
    )
    rows = (await db.execute(query)).all()
    roles = {row.organization_id: cast(Role, row.role) for row in rows}
    return roles, {row.organization_id for row in rows if row.requires_second_factor}


async def prove_session(db: AsyncSession, session_id: uuid.UUID) -> None:
    """Record that the user of a session has just entered a password or a code."""
    await db.execute(update(UserSession).where(UserSession.id == session_id).values(confirmed_at=now()))


async def organizations_of(db: AsyncSession, user_id: uuid.UUID) -> Sequence[Row[Organization, str]]:
    """Return the organizations of a user with the role in each, oldest first."""
    query = (
        select(Organization, Membership.role)
        .join(Membership, Membership.organization_id == Organization.id)
        .where(Membership.user_id == user_id)
        .order_by(Organization.id)
    )
    return (await db.execute(query)).all()


async def organization(db: AsyncSession, organization_id: uuid.UUID) -> Organization | None:
    """Return an organization."""
    return await db.get(Organization, organization_id)


async def members(db: AsyncSession, organization_id: uuid.UUID) -> Sequence[Row[User, str]]:
    """Return the members of an organization with their roles."""
    query = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organization_id == organization_id)
        .order_by(User.id)
    )
    return (await db.execute(query)).all()


async def membership(db: AsyncSession, organization_id: uuid.UUID, user_id: uuid.UUID) -> Membership | None:
    """Return the membership of a user in an organization, locked until the end of the transaction."""
    query = select(Membership).where(Membership.organization_id == organization_id, Membership.user_id == user_id)
    return (await db.execute(query.with_for_update())).scalar_one_or_none()


async def member_since(db: AsyncSession, organization_id: uuid.UUID, user_id: uuid.UUID) -> datetime | None:
    """Return when a user became a member of an organization; None if the user is none, or is deactivated."""
    query = (
        select(Membership.created_at)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organization_id == organization_id,
            Membership.user_id == user_id,
            User.deactivated_at.is_(None),
        )
    )
    return (await db.execute(query)).scalar_one_or_none()


async def lock_owners(db: AsyncSession, organization_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the owners of an organization, locked so that the last two cannot both leave at once.

    Owners whose account is deactivated do not count.
    """
    query = (
        select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organization_id == organization_id,
            Membership.role == "owner",
            User.deactivated_at.is_(None),
        )
    )
    return list((await db.execute(query.order_by(Membership.user_id).with_for_update(of=Membership))).scalars())


async def project(db: AsyncSession, project_id: uuid.UUID, *, lock: bool = False) -> Project | None:
    """Return a project; with `lock`, locked until the end of the transaction."""
    # FOR NO KEY UPDATE: inserting rows that refer to the project must not wait for, or deadlock with, its counts
    return await db.get(Project, project_id, with_for_update={"key_share": True} if lock else None)


_ONLY_PROJECT = bindparam("project", type_=Project.id.type)
# Projects of `organizations` before the id `before`, newest first; only `project`, if it is given.
PROJECTS = Read(
    select(*Project.__table__.c)
    .where(
        Project.organization_id == any_(bindparam("organizations", type_=ARRAY(Project.id.type))),
        Project.id < bindparam("before", type_=Project.id.type),
        or_(_ONLY_PROJECT.is_(None), Project.id == _ONLY_PROJECT),
    )
    .order_by(Project.id.desc())
    .limit(bindparam("count", type_=Integer))
)


async def oldest_project(db: AsyncSession, organization_id: uuid.UUID) -> Project | None:
    """Return the oldest project of an organization."""
    query = select(Project).where(Project.organization_id == organization_id).order_by(Project.id).limit(1)
    return (await db.execute(query)).scalar_one_or_none()


async def touch_api_key(db: AsyncSession, key_id: uuid.UUID) -> None:
    """Record that a key is in use."""
    await db.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now()))


async def api_keys(db: AsyncSession, user_id: uuid.UUID, before: uuid.UUID | None, limit: int) -> Sequence[ApiKey]:
    """Return the keys of a user, newest first, revoked ones too."""
    query = select(ApiKey).where(ApiKey.user_id == user_id)
    if before:
        query = query.where(ApiKey.id < before)
    return (await db.execute(query.order_by(ApiKey.id.desc()).limit(limit + 1))).scalars().all()


async def valid_keys(db: AsyncSession, user_id: uuid.UUID) -> Sequence[ApiKey]:
    """Return the keys of a user that are neither revoked nor expired, newest first."""
    is_valid = (ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now()))
    query = select(ApiKey).where(ApiKey.user_id == user_id, *is_valid).order_by(ApiKey.id.desc()).limit(MAX_VALID_KEYS)
    return (await db.execute(query)).scalars().all()


async def api_key(db: AsyncSession, key_id: uuid.UUID, user_id: uuid.UUID) -> ApiKey | None:
    """Return one key of a user, locked until the end of the transaction."""
    query = select(ApiKey).where(ApiKey.id == key_id, ApiKey.user_id == user_id)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return (await db.execute(fresh)).scalar_one_or_none()


async def count_attempt(
    db: AsyncSession, scope: str, key: bytes, at: datetime, window: timedelta
) -> tuple[int, datetime]:
    """Count an attempt in the window that is open, or in a new one; return the count and when the window began."""
    statement = insert(AttemptCount).values(scope=scope, key=key, count=1, since=at)
    is_over = AttemptCount.since < at - window
    changed = {
        "count": case((is_over, 1), else_=AttemptCount.count + 1),
        "since": case((is_over, at), else_=AttemptCount.since),
    }
    counted = statement.on_conflict_do_update(index_elements=["scope", "key"], set_=changed)
    row = (await db.execute(counted.returning(AttemptCount.count, AttemptCount.since))).one()
    return row[0], row[1]


async def uncount_attempt(db: AsyncSession, scope: str, key: bytes) -> None:
    """Take back a counted attempt."""
    matches = (AttemptCount.scope == scope, AttemptCount.key == key, AttemptCount.count > 0)
    await db.execute(update(AttemptCount).where(*matches).values(count=AttemptCount.count - 1))


async def forget_attempts(db: AsyncSession, scope: str, key: bytes) -> None:
    """Delete the count of a key."""
    await db.execute(delete(AttemptCount).where(AttemptCount.scope == scope, AttemptCount.key == key))


async def forget_attempts_before(db: AsyncSession, at: datetime) -> None:
    """Delete the counts of windows that began before a moment."""
    await db.execute(delete(AttemptCount).where(AttemptCount.since < at))


async def was_signed_in_from(db: AsyncSession, user_id: uuid.UUID, ip: str) -> bool:
    """Return True if a user has had a session from an address."""
    query = select(select(UserSession.id).where(UserSession.user_id == user_id, UserSession.ip == ip).exists())
    return bool((await db.execute(query)).scalar_one())


async def live_credentials(db: AsyncSession, ids: Collection[uuid.UUID | None]) -> set[uuid.UUID]:
    """Return the ids that are sessions or API keys which are neither revoked nor expired."""
    moment = now()
    sessions = select(UserSession.id).where(
        UserSession.id.in_(ids), UserSession.revoked_at.is_(None), UserSession.expires_at > moment
    )
    keys = select(ApiKey.id).where(
        ApiKey.id.in_(ids),
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > moment),
    )
    return set((await db.execute(sessions.union_all(keys))).scalars())


async def memberships_of(db: AsyncSession, user_ids: Collection[uuid.UUID]) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Return (user, organization) of every membership of some users, without those that are deactivated."""
    query = (
        select(Membership.user_id, Membership.organization_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.user_id.in_(user_ids), User.deactivated_at.is_(None))
    )
    return {(row[0], row[1]) for row in await db.execute(query)}


async def has_changed(db: AsyncSession, statement: Any) -> bool:
    """Execute an UPDATE or DELETE; return True if it changed a row."""
    result = cast("CursorResult[Any]", await db.execute(statement))
    return result.rowcount > 0
