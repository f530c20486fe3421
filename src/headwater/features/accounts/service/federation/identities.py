"""The identities of a user: listed, and unlinked, but never the last way to sign in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.repository import identities
from headwater.features.accounts.rights import Actor, allow_scope, require_proof
from headwater.features.accounts.service import audit, sign_in_ways
from headwater.features.accounts.service.federation.assertions import provider_of
from headwater.features.accounts.service.federation.code_flow import FlowPurpose
from headwater.kit.errors import Forbidden, NotFound
from headwater.kit.settings import Settings
from headwater.store.context import Context


@dataclass(frozen=True, slots=True)
class IdentityView:
    """An identity as its user sees it; `provider` is empty if the settings no longer name its provider."""

    id: uuid.UUID
    provider: str
    provider_name: str
    email: str
    created_at: datetime
    last_used_at: datetime | None


async def list_identities(db: AsyncSession, actor: Actor, settings: Settings) -> list[IdentityView]:
    """Return the identities of the actor, oldest first."""
    allow_scope(actor, "account:credentials")
    assert actor.user_id
    known = {provider.issuer: provider for provider in settings.oidc_providers}
    views = []
    for row in await identities.identities_of(db, actor.user_id):
        provider = known.get(row.issuer)
        id_, name = (provider.id, provider.name) if provider else ("", row.issuer)
        views.append(IdentityView(row.id, id_, name, row.email, row.created_at, row.last_used_at))
    return views


def check_start(context: Context, actor: Actor, provider_id: str, purpose: FlowPurpose) -> None:
    """Return if the actor may begin a flow in a session, to link an identity or to prove who uses the session.

    Raises:
        Forbidden: the actor uses an API key, or the provider proves nothing.
        ProofNeeded: an identity would be linked, and the session has not proven lately who uses it.
    """
    allow_scope(actor, "account:admin")
    provider = provider_of(context.settings, provider_id)
    if actor.session_id is None:
        raise Forbidden("Only a session can do this.", hint="Use the web app.")
    if purpose == "link":
        require_proof(actor)
    elif not provider.fresh_sign_in:
        raise Forbidden(f"{provider.name} cannot prove who uses a session.", hint="Use a code or a passkey.")


async def unlink(db: AsyncSession, actor: Actor, settings: Settings, identity_id: uuid.UUID) -> None:
    """Unlink an identity of the actor; who signs in with it afterwards does not get into this account by it.

    Raises:
        NotFound: the actor has no such identity.
        ProofNeeded: the session has not proven lately who uses it.
        LastWay: the actor could not sign in any more.
    """
    allow_scope(actor, "account:admin")
    assert actor.user_id
    row = await identities.identity(db, actor.user_id, identity_id)
    if row is None:
        raise NotFound("You have no such identity.")
    require_proof(actor)
    await sign_in_ways.check_other_way(db, actor.user_id, settings, without=row.id)
    await db.delete(row)
    audit.record(db, actor, "identity.unlink", "identity", row.id, row.email, issuer=row.issuer)
