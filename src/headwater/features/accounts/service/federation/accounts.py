"""Which account an identity signs in to: its own, that of its verified address, or a new one (decision 0030).

An identity that is not linked yet is linked by its address only if both sides have verified it: the provider, and we.
Otherwise whoever signs up first with the address of somebody else would share their account later.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import LinkedIdentity, User
from headwater.features.accounts.repository import identities, second_factors
from headwater.features.accounts.rights import Actor, allow_scope
from headwater.features.accounts.service import audit, invitations, lifecycle, throttles
from headwater.features.accounts.service.federation import code_flow
from headwater.features.accounts.service.federation.assertions import Assertion, ProviderRefusal, provider_of
from headwater.features.accounts.service.federation.code_flow import Flow, FlowGone, ProviderAnswer
from headwater.features.accounts.service.identity import ClientInfo, SignedIn, normal_email, open_session
from headwater.features.accounts.service.instance import signup_is_open
from headwater.features.accounts.service.second_step import CodeNeeded, SecondStep, take
from headwater.features.accounts.service.sign_up import Hook, add_user
from headwater.features.accounts.service.throttles import FEDERATED, SIGN_UP
from headwater.features.accounts.tokens import Signer, digest
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Forbidden, HeadwaterError, Invalid
from headwater.kit.identity_providers import IdentityProvider
from headwater.store.context import Context

TICKET, TICKET_LASTS = "second-step", timedelta(minutes=5)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class IdentityUnlinked(Conflict):
    """There is an account with this address, but the address was never confirmed here."""

    code = "identity_unlinked"


class SecondStepNeeded(CodeNeeded):
    """Enter a code of your authenticator app, or use a passkey."""

    def __init__(self, ticket: str) -> None:
        super().__init__()
        self.ticket = ticket


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who has signed in at a provider; `invitation` is the token of one, for a new account.

    With `keep_account`, an account that is about to be deleted is kept.
    """

    provider: IdentityProvider
    assertion: Assertion
    invitation: str = ""
    keep_account: bool = False


async def count_attempt(context: Context, visitor: ClientInfo) -> None:
    """Count a request that lets us call a provider; raise TooMany if there were too many from an address."""
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, FEDERATED, visitor.ip)
    if refusal:
        raise refusal.error


async def complete_sign_in(
    context: Context, signer: Signer, visitor: ClientInfo, answer: ProviderAnswer, hooks: Sequence[Hook] = ()
) -> tuple[Flow, SignedIn | SecondStepNeeded]:
    """Complete a sign-in with the answer of a provider; a refusal is recorded for the instance's administrator.

    Raises:
        FlowGone: it was not begun in this browser, or is over; this is not recorded.
        HeadwaterError: as `code_flow.complete` and `sign_in` say.
    """
    await count_attempt(context, visitor)
    try:
        flow, assertion = await code_flow.complete(context, signer, answer, "sign_in")
        provider = provider_of(context.settings, answer.provider)
        arrival = Arrival(provider, assertion, flow.invitation, flow.keep_account)
        return flow, await sign_in(context, signer, visitor, arrival, hooks)
    except SecondStepNeeded as needed:
        return flow, needed
    except FlowGone:
        raise
    except HeadwaterError as error:
        async with context.store.transaction() as db:
            stranger = Actor("user", None, "", ip=visitor.ip)
            name, reason = answer.provider[:60], error.message
            audit.record(db, stranger, "auth.login_failed", "user", "", "", provider=name, reason=reason)
        raise


async def sign_in(
    context: Context, signer: Signer, visitor: ClientInfo, arrival: Arrival, hooks: Sequence[Hook] = ()
) -> SignedIn:
    """Sign in whoever comes from a provider; an account is created if there is none and sign-up allows it.

    Raises:
        ProviderRefusal: the provider gives no verified address, or one that may not sign in.
        IdentityUnlinked: the account of the address is not known to be theirs.
        SecondStepNeeded: the account has a second factor.
        Forbidden: sign-up is closed, or the invitation is for another address.
    """
    async with context.store.transaction() as db:
        user = await _user_of(db, arrival)
        if user is not None and await second_factors.is_protected(db, user.id):
            raise SecondStepNeeded(_ticket(signer, user, arrival))
        if user is not None:
            return await _open(db, context, signer, visitor, user, arrival)
        refusal = await throttles.count(db, SIGN_UP, visitor.ip)
    if refusal:
        raise refusal.error
    async with context.store.transaction() as db:
        return await _sign_up(db, context, signer, visitor, arrival, hooks=hooks)


async def sign_in_with_second_step(
    context: Context, signer: Signer, visitor: ClientInfo, ticket: str, step: SecondStep
) -> SignedIn:
    """Complete a sign-in that was waiting for a second step.

    Raises:
        Forbidden: the ticket is not valid or was used.
        CodeNeeded: the code is wrong.
        TooMany: there were too many attempts.
    """
    payload = signer.unseal(TICKET, ticket)
    gone = Forbidden("This sign-in has taken too long.", hint="Begin again.")
    if payload is None:
        raise gone
    async with context.store.transaction() as db:
        user = await repository.user(db, uuid.UUID(payload["user"]))
    if user is None:
        raise gone
    await take(context, signer, visitor, user, step)
    provider, keep_account = provider_of(context.settings, payload["provider"]), payload["keep_account"] is True
    arrival = Arrival(provider, _assertion(payload), keep_account=keep_account)
    async with context.store.transaction() as db:
        same = await _user_of(db, arrival)
        if same is None or same.id != user.id or not await identities.use_token(db, digest(ticket), _later()):
            raise gone
        return await _open(db, context, signer, visitor, same, arrival, step=step)


async def link(context: Context, actor: Actor, flow: Flow, assertion: Assertion) -> None:
    """Link an identity to the account of the actor, whose session has begun the flow.

    Raises:
        Conflict: it belongs to an account already.
        Forbidden: another session has begun the flow.
    """
    allow_scope(actor, "account:admin")
    _check_session(actor, flow)
    assert actor.user_id
    async with context.store.transaction() as db:
        known = await identities.user_of_identity(db, assertion.issuer, assertion.subject)
        if known:
            whose = "yours" if known[1].id == actor.user_id else "of another account"
            raise Conflict(f"This identity is {whose} already.")
        row = await _add(db, await identities.lock_user(db, actor.user_id), assertion)
        audit.record(db, actor, "identity.link", "identity", row.id, assertion.email, issuer=assertion.issuer)


async def check_proof(context: Context, actor: Actor, flow: Flow, assertion: Assertion) -> None:
    """Return if an identity of the actor has just signed in again, in a flow that the actor's session has begun.

    Raises:
        Forbidden: another session has begun the flow, or it is the identity of somebody else.
    """
    allow_scope(actor, "account:write")
    _check_session(actor, flow)
    async with context.store.transaction() as db:
        known = await identities.user_of_identity(db, assertion.issuer, assertion.subject)
    if known is None or known[1].id != actor.user_id:
        raise Forbidden("You have signed in there as somebody else.", hint="Use the identity of your account.")


def _check_session(actor: Actor, flow: Flow) -> None:
    """Raise Forbidden unless the actor's session has begun a flow."""
    if actor.session_id is None or str(actor.session_id) != flow.session_id:
        raise Forbidden("This was begun in another session.", hint="Begin again.")


async def _user_of(db: AsyncSession, arrival: Arrival) -> User | None:
    """Return the user who arrives, or None if their address has no account."""
    assertion, provider = arrival.assertion, arrival.provider
    known = await identities.user_of_identity(db, assertion.issuer, assertion.subject)
    if provider.email_domains and not (assertion.is_verified and provider.admits(assertion.email)):
        domains = ", ".join(provider.email_domains)
        raise ProviderRefusal(f"Only verified addresses of {domains} may sign in with {provider.name}.")
    if known:
        return known[1]
    if not assertion.email or not assertion.is_verified:
        raise ProviderRefusal(
            f"{provider.name} has not verified your address.",
            hint=f"Verify it there; or sign in another way, and link {provider.name} under Settings, Security.",
        )
    user = await repository.user_by_email(db, _address(arrival))
    if user and user.email_verified_at is None:
        raise IdentityUnlinked(
            hint=f"Sign in with its password, and link {provider.name} under Settings, Security. Or set a new password "
            "by mail (Forgot your password?), which confirms the address."
        )
    return user


def _address(arrival: Arrival) -> str:
    try:
        return normal_email(arrival.assertion.email)
    except Invalid:
        raise ProviderRefusal(f"{arrival.provider.name} gives an address that is none.") from None


async def _open(
    db: AsyncSession,
    context: Context,
    signer: Signer,
    visitor: ClientInfo,
    user: User,
    arrival: Arrival,
    *,
    step: SecondStep | None = None,
) -> SignedIn:
    """Open a session, after a second step if one is given. Only that, or a fresh sign-in there, counts as a proof."""
    assertion = arrival.assertion
    known = await identities.user_of_identity(db, assertion.issuer, assertion.subject)
    proven_at = max(now() if step else NEVER, assertion.authenticated_at or NEVER)
    if arrival.keep_account:
        await lifecycle.take_back(db, user.id, visitor.ip)
    signed_in = await open_session(db, context.settings, signer, visitor, user, proven_at=proven_at)
    if known is None:
        row = await _add(db, user, assertion)
        audit.record(db, signed_in.actor, "identity.link", "identity", row.id, assertion.email, issuer=assertion.issuer)
    else:
        known[0].last_used_at, known[0].email = now(), assertion.email
    details: dict[str, Any] = {"provider": arrival.provider.id} | ({"second_factor": step.kind} if step else {})
    audit.record(db, signed_in.actor, "auth.login", "user", user.id, user.email, **details)
    return signed_in


async def _add(db: AsyncSession, user: User, assertion: Assertion) -> LinkedIdentity:
    row = LinkedIdentity(user_id=user.id, issuer=assertion.issuer, subject=assertion.subject, email=assertion.email)
    row.id, row.last_used_at = uuid.uuid4(), now()
    if not await identities.add_identity(db, row):
        raise Conflict("This identity was linked to an account a moment ago.", hint="Try again.")
    if assertion.is_verified and assertion.email == user.email:
        user.email_verified_at = now()
    return row


async def _sign_up(
    db: AsyncSession,
    context: Context,
    signer: Signer,
    visitor: ClientInfo,
    arrival: Arrival,
    *,
    hooks: Sequence[Hook] = (),
) -> SignedIn:
    """Create an account without a password, with a personal organization."""
    await repository.lock_signups(db)
    address, is_first = _address(arrival), not await repository.has_users(db)
    if await repository.user_by_email(db, address):
        raise Conflict("There is already an account with this address.", hint="Try again.")
    if arrival.invitation:
        await invitations.check_address(db, digest(arrival.invitation), address)
    elif not is_first and not arrival.provider.open_signup and not await signup_is_open(db, context.settings):
        raise Forbidden("Sign-up is closed.", hint="Ask the administrator of this instance for an account.")
    name = arrival.assertion.name or address.split("@")[0]
    user = User(email=address, name=name, password_hash=None, is_admin=is_first, email_verified_at=now())
    organization = await add_user(db, user)
    if arrival.invitation:
        await invitations.accept_as(db, user, digest(arrival.invitation), ip=visitor.ip)
    signed_in = await _open(db, context, signer, visitor, user, arrival)
    audit.record(db, signed_in.actor, "auth.signup", "user", user.id, address, organization_id=organization.id)
    for hook in hooks:
        await hook(db, signed_in.actor, context.settings)
    return signed_in


def _later() -> datetime:
    return now() + 2 * TICKET_LASTS


def _ticket(signer: Signer, user: User, arrival: Arrival) -> str:
    assertion = arrival.assertion
    at = assertion.authenticated_at
    payload = {
        "user": str(user.id),
        "provider": arrival.provider.id,
        "issuer": assertion.issuer,
        "subject": assertion.subject,
        "email": assertion.email,
        "is_verified": assertion.is_verified,
        "name": assertion.name,
        "authenticated_at": at.timestamp() if at else None,
        "keep_account": arrival.keep_account,
    }
    return signer.seal(TICKET, payload, TICKET_LASTS)


def _assertion(payload: dict[str, object]) -> Assertion:
    at = payload["authenticated_at"]
    return Assertion(
        str(payload["issuer"]),
        str(payload["subject"]),
        str(payload["email"]),
        payload["is_verified"] is True,
        str(payload["name"]),
        datetime.fromtimestamp(at, UTC) if isinstance(at, float) else None,
    )
