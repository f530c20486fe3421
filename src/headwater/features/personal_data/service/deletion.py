"""The request to delete an account: what happens to each organization is decided, then a grace period begins."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository as accounts
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, lifecycle
from headwater.features.personal_data import repository
from headwater.features.personal_data.service.belongings import OwnedOrganization, belongings
from headwater.kit.clock import now
from headwater.kit.errors import Invalid
from headwater.kit.network.mail import Mail
from headwater.store.context import Context


@dataclass(frozen=True, slots=True)
class OrganizationChoice:
    """What happens to an organization: it gets another owner, or is deleted (then `confirmation` is its name)."""

    organization_id: uuid.UUID
    successor_id: uuid.UUID | None = None
    confirmation: str = ""


async def request(
    context: Context, actor: Actor, choices: Sequence[OrganizationChoice], password: str
) -> tuple[datetime, Mail]:
    """Deactivate the actor's account, and let it be deleted after the grace period.

    Organizations are handed over at once; those that are deleted stay until the account is deleted.

    Returns:
        When the account is deleted, and a notice for its user.

    Raises:
        ProofNeeded, Invalid: the actor has not proven to be the user.
        Invalid: an organization that the actor owns alone has no choice, or one that cannot be.
        Conflict: the actor is the only administrator of the instance.
    """
    await lifecycle.require_user(context, actor, password)
    assert actor.user_id
    deletion_at = now() + timedelta(days=context.settings.account_grace_days)
    async with context.store.transaction() as db:
        owned = (await belongings(db, actor)).owned
        decided = {choice.organization_id: choice for choice in choices}
        if unknown := set(decided) - {each.id for each in owned}:
            raise Invalid({"organizations": f"You do not own {min(unknown)} alone, so nothing is to be decided."})
        for organization in owned:
            await _decide(db, actor, organization, decided.get(organization.id))
        user = await lifecycle.stop(db, actor, actor.user_id, deletion_at)
        audit.record(
            db, actor, "account.delete_requested", "user", user.id, user.email, deletion_at=deletion_at.isoformat()
        )
    text = (
        f"Your Headwater account {actor.email} and what only you own is deleted on {deletion_at:%Y-%m-%d %H:%M} UTC.\n"
        "Until then, sign in to keep it.\n"
    )
    return deletion_at, Mail(actor.email, "Your Headwater account is about to be deleted", text)


async def _decide(
    db: AsyncSession, actor: Actor, organization: OwnedOrganization, choice: OrganizationChoice | None
) -> None:
    if choice is None:
        raise Invalid({"organizations": f"Decide what happens to {organization.name}: hand it over, or delete it."})
    if choice.successor_id:
        await _hand_over(db, actor, organization, choice.successor_id)
        return
    if organization.needs_confirmation and choice.confirmation != organization.name:
        raise Invalid(
            {"organizations": f"{organization.name} has databases or snapshots. Confirm its deletion with its name."}
        )
    row = await accounts.organization(db, organization.id)
    assert row
    row.deleted_with = actor.user_id
    _note(db, actor, "organization.delete_requested", organization)


async def _hand_over(db: AsyncSession, actor: Actor, organization: OwnedOrganization, successor_id: uuid.UUID) -> None:
    if successor_id not in {each.user_id for each in organization.successors}:
        raise Invalid({"organizations": f"{organization.name} can only be handed over to one of its members."})
    await repository.set_role(db, organization.id, successor_id, "owner")
    row = await accounts.organization(db, organization.id)
    assert row
    row.personal_of = None
    _note(db, actor, "organization.hand_over", organization, to=str(successor_id))


def _note(db: AsyncSession, actor: Actor, action: str, organization: OwnedOrganization, **details: Any) -> None:
    id_, name = organization.id, organization.name
    audit.record(db, actor, action, "organization", id_, name, organization_id=id_, **details)
