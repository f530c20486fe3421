"""Invitations to organizations: a link with a role and an expiry, valid once, for one address.

An invitation is created whether the address has an account or not, and nobody learns which. Only the hash of its token
is stored. It is worth nothing once the member who created it could not create it any more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import Invitation, Membership, User
from headwater.features.accounts.repository import invitations, second_factors
from headwater.features.accounts.rights import PERMISSIONS, Actor, Role, allow_scope, authorize, owners_only
from headwater.features.accounts.service import audit, organizations
from headwater.features.accounts.service.identity import normal_email
from headwater.features.accounts.service.organizations import OrganizationRole, Owned
from headwater.features.accounts.tokens import digest, expiry, new_refresh_token
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Forbidden, NotFound
from headwater.kit.network.mail import Mail
from headwater.kit.paging import Page, cut

InvitationStatus = Literal["open", "accepted", "revoked", "expired"]
DAYS = 7


class InvitationGone(NotFound):
    """This invitation is not valid, or is over."""

    code = "invitation_gone"


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as the admins of its organization see it."""

    id: uuid.UUID
    email: str
    role: Role
    status: InvitationStatus
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationOffer:
    """What whoever has the link may know."""

    organization: str
    email: str
    role: Role
    invited_by: str
    expires_at: datetime


async def create(
    db: AsyncSession, actor: Actor, organization_id: uuid.UUID, *, email: str, role: Role, days: int
) -> tuple[InvitationView, str]:
    """Invite an address; return the invitation and its token, which is stored nowhere.

    An open invitation of the same address is revoked.

    Raises:
        Invalid: this is no email address.
        Conflict: the address is a member's.
    """
    authorize(actor, "member:admin", Owned(organization_id))
    owners_only(actor, organization_id, role)
    address = normal_email(email)
    if address in {row[0].email for row in await repository.members(db, organization_id)}:
        raise Conflict(f"{address} is already a member.", hint="Change their role instead.")
    await invitations.revoke_for(db, organization_id, address)
    token, hashed = new_refresh_token()
    expires_at = expiry(days)
    assert actor.user_id and expires_at
    row = Invitation(
        organization_id=organization_id,
        email=address,
        role=role,
        token_hash=hashed,
        invited_by=actor.user_id,
        expires_at=expires_at,
    )
    db.add(row)
    await db.flush()
    await db.refresh(row)
    audit.record(
        db, actor, "invitation.create", "invitation", row.id, address, organization_id=organization_id, role=role
    )
    return _view(row), token


async def mail_of(db: AsyncSession, actor: Actor, organization_id: uuid.UUID, view: InvitationView, url: str) -> Mail:
    """Return the mail that invites an address."""
    name = await organizations.name_of(db, organization_id)
    text = (
        f"{actor.name or actor.email} invites you to the organization {name} of Headwater, as {view.role}.\n\n"
        f"Accept until {view.expires_at:%Y-%m-%d %H:%M} UTC:\n{url}\n"
    )
    return Mail(view.email, "You are invited to Headwater", text)


async def list_invitations(
    db: AsyncSession, actor: Actor, organization_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[InvitationView]:
    """Return the invitations of an organization, newest first."""
    authorize(actor, "member:admin", Owned(organization_id))
    rows = await invitations.invitations(db, organization_id, audit.before_id(cursor), limit)
    page = cut(rows, limit, lambda row: (str(row.id),))
    return Page(tuple(_view(row) for row in page.items), page.next)


async def revoke(db: AsyncSession, actor: Actor, organization_id: uuid.UUID, invitation_id: uuid.UUID) -> None:
    """Revoke an open invitation; its link is no longer valid."""
    authorize(actor, "member:admin", Owned(organization_id))
    row = await invitations.invitation(db, organization_id, invitation_id)
    if row is None:
        raise NotFound("There is no such invitation.")
    owners_only(actor, organization_id, row.role)
    if _view(row).status != "open":
        raise Conflict("This invitation is over.")
    row.revoked_at = now()
    audit.record(db, actor, "invitation.revoke", "invitation", row.id, row.email, organization_id=organization_id)


async def look_up(db: AsyncSession, token: str) -> InvitationOffer:
    """Return what an open invitation offers."""
    row = await _valid(db, digest(token))
    inviter = await repository.user(db, row.invited_by)
    name = await organizations.name_of(db, row.organization_id)
    return InvitationOffer(name, row.email, cast(Role, row.role), inviter.name if inviter else "", row.expires_at)


async def check_address(db: AsyncSession, token_hash: bytes, address: str) -> None:
    """Return if a token, by its hash, is that of an open invitation of an address, which may then sign up.

    Raises:
        InvitationGone: it is not.
        Forbidden: it is of another address.
    """
    row = await _valid(db, token_hash)
    if row.email != address:
        raise Forbidden("This invitation is for another address.", hint="Sign up with the address that was invited.")


async def accept(db: AsyncSession, actor: Actor, token: str) -> OrganizationRole:
    """Make the actor a member of the organization that invited their address.

    Raises:
        InvitationGone: the invitation is not valid, or is over.
        Forbidden: it is of another address.
        Conflict: the actor is a member already.
    """
    allow_scope(actor, "account:admin")
    return await _accept(db, actor, digest(token))


async def _accept(db: AsyncSession, actor: Actor, token_hash: bytes) -> OrganizationRole:
    row = await _valid(db, token_hash, lock=True)
    if row.email != actor.email:
        raise Forbidden(
            "This invitation is for another address.", hint=f"You are signed in as {actor.email}. Sign out first."
        )
    assert actor.user_id
    if await repository.membership(db, row.organization_id, actor.user_id):
        raise Conflict("You are a member of this organization already.")
    row.accepted_at = now()
    db.add(Membership(organization_id=row.organization_id, user_id=actor.user_id, role=row.role))
    audit.record(
        db,
        actor,
        "member.add",
        "user",
        actor.user_id,
        actor.email,
        organization_id=row.organization_id,
        role=row.role,
        invited_by=str(row.invited_by),
    )
    await db.flush()
    organization = await repository.organization(db, row.organization_id)
    assert organization
    demands = organization.requires_second_factor
    locked = demands and not await second_factors.is_protected(db, actor.user_id)
    return OrganizationRole(organization.id, organization.name, cast(Role, row.role), demands, locked)


async def accept_as(db: AsyncSession, user: User, token_hash: bytes, *, ip: str) -> None:
    """Accept an invitation for a user who has just signed up with it."""
    await _accept(db, Actor("user", user.id, user.email, ip=ip), token_hash)


async def _valid(db: AsyncSession, token_hash: bytes, *, lock: bool = False) -> Invitation:
    """Return the open invitation of a token, whose inviter could still create it."""
    row = await invitations.open_invitation(db, token_hash, lock=lock)
    inviter = await repository.user(db, row.invited_by) if row else None
    is_active = inviter is not None and inviter.deactivated_at is None
    roles = (await repository.roles_and_demands(db, row.invited_by))[0] if row and is_active else {}
    role = roles.get(row.organization_id) if row else None
    if row is None or role is None or "member:admin" not in PERMISSIONS[role]:
        raise InvitationGone(hint="Ask for a new one.")
    if row.role == "owner" and role != "owner":
        raise InvitationGone(hint="Ask for a new one.")
    return row


def _view(row: Invitation) -> InvitationView:
    status: InvitationStatus = "open"
    if row.accepted_at or row.revoked_at:
        status = "accepted" if row.accepted_at else "revoked"
    elif row.expires_at <= now():
        status = "expired"
    return InvitationView(row.id, row.email, cast(Role, row.role), status, row.created_at, row.expires_at)
