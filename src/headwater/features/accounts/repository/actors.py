"""Who a credential belongs to, and what they may do: one read for each request, outside of its transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from headwater.features.accounts.models import (
    ApiKey,
    Membership,
    Organization,
    Passkey,
    Project,
    SecondFactor,
    User,
    UserSession,
)
from headwater.store.reads import Read

_HAS_APP = select(SecondFactor.user_id).where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
_HAS_PASSKEY = select(Passkey.user_id).where(Passkey.user_id == User.id)
_PERSON = (
    User.id.label("user_id"),
    User.email,
    User.name,
    User.is_admin,
    or_(_HAS_APP.exists(), _HAS_PASSKEY.exists()).label("is_protected"),
    Membership.organization_id,
    Membership.role,
    Organization.requires_second_factor,
)


def _with_memberships(query: Select[*tuple[Any, ...]]) -> Read:
    """Return a read that has a row for each organization of the user, at least one."""
    return Read(
        query.outerjoin(Membership, Membership.user_id == User.id).outerjoin(
            Organization, Organization.id == Membership.organization_id
        )
    )


# The live session `session_id`.
BY_SESSION = _with_memberships(
    select(UserSession.id, UserSession.last_seen_at, UserSession.confirmed_at, *_PERSON)
    .join(User, User.id == UserSession.user_id)
    .where(
        UserSession.id == bindparam("session_id", type_=UserSession.id.type),
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > func.now(),
        User.deactivated_at.is_(None),
    )
)
# The live API key whose visible part is `public_id`; `home_id` is the organization of the project that it may reach.
BY_KEY = _with_memberships(
    select(
        ApiKey.id,
        ApiKey.name.label("key_name"),
        ApiKey.last_used_at,
        ApiKey.secret_hash,
        ApiKey.scopes,
        ApiKey.addresses,
        ApiKey.project_id,
        ApiKey.database_id,
        Project.organization_id.label("home_id"),
        *_PERSON,
    )
    .join(User, User.id == ApiKey.user_id)
    .outerjoin(Project, Project.id == ApiKey.project_id)
    .where(
        ApiKey.public_id == bindparam("public_id", type_=ApiKey.public_id.type),
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
        User.deactivated_at.is_(None),
    )
)
# The user `user_id`.
BY_USER = _with_memberships(
    select(*_PERSON).where(User.id == bindparam("user_id", type_=User.id.type), User.deactivated_at.is_(None))
)
# The user `user_id` with their organizations, oldest first.
PROFILE = Read(
    select(
        User.id,
        User.email,
        User.name,
        User.is_admin,
        User.created_at,
        User.password_hash.is_not(None).label("has_password"),
        Organization.id.label("organization_id"),
        Organization.name.label("organization_name"),
        Membership.role,
        Organization.requires_second_factor,
    )
    .outerjoin(Membership, Membership.user_id == User.id)
    .outerjoin(Organization, Organization.id == Membership.organization_id)
    .where(User.id == bindparam("user_id", type_=User.id.type))
    .order_by(Organization.id)
)
