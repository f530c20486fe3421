"""One-time links of an account: to reset a password that is lost, and to confirm a new address.

They are sent by mail, or an administrator makes them. Only the hash of their token is stored. A request by a stranger
is answered before the account is looked up, so that neither the answer nor its time tells who has an account.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import password_rules, passwords, repository
from headwater.features.accounts.models import AccountLink, ApiKey, User
from headwater.features.accounts.repository import account_links, identities, passkeys
from headwater.features.accounts.rights import SYSTEM, Actor, allow_admin, allow_scope, require_proof
from headwater.features.accounts.service import audit, organizations, proofs, second_factor, throttles
from headwater.features.accounts.service.identity import ClientInfo, normal_email
from headwater.features.accounts.service.throttles import RESET, RESET_ADDRESS
from headwater.features.accounts.tokens import digest, new_refresh_token
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, HeadwaterError, NotFound
from headwater.kit.network import mail
from headwater.kit.network.mail import Mail
from headwater.store.context import Context

log = structlog.get_logger()
LASTS = timedelta(hours=1)
Purpose = Literal["reset", "email"]


class LinkGone(NotFound):
    """This link is not valid, was used, or has expired."""

    code = "link_gone"


@dataclass(frozen=True, slots=True)
class NewLink:
    """The token of a new link, when it expires, and the names of the API keys that stay valid unless they are ended."""

    token: str
    expires_at: datetime
    api_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResetOffer:
    """What whoever has a link for a new password may know: the account, and its API keys that are valid."""

    email: str
    api_keys: Sequence[ApiKey]


@dataclass(frozen=True, slots=True)
class LinkPages:
    """The addresses of the pages that links lead to; the token follows as the fragment."""

    reset: str
    email: str


async def _new_link(db: AsyncSession, user: User, purpose: Purpose, email: str = "") -> NewLink:
    token, hashed = new_refresh_token()
    link = AccountLink(token_hash=hashed, user_id=user.id, purpose=purpose, email=email, expires_at=now() + LASTS)
    await account_links.put_link(db, link)
    return NewLink(token, link.expires_at)


async def _new_reset_link(db: AsyncSession, user: User) -> NewLink:
    link = await _new_link(db, user, "reset")
    return replace(link, api_keys=tuple(key.name for key in await repository.valid_keys(db, user.id)))


async def make_reset_link(db: AsyncSession, actor: Actor, user_id: uuid.UUID) -> NewLink:
    """Return a link with which a user sets a new password; only the administrator may."""
    allow_admin(actor)
    require_proof(actor)
    user = await _user(db, user_id)
    audit.record(db, actor, "auth.reset_link", "user", user.id, user.email)
    return await _new_reset_link(db, user)


async def make_local_reset_link(db: AsyncSession, email: str) -> NewLink:
    """Return a link with which a user sets a new password, for who can read the store anyway: no right is checked."""
    user = await repository.user_by_email(db, email.strip().lower())
    if user is None:
        raise NotFound(f"There is no account {email}.")
    audit.record(db, SYSTEM, "auth.reset_link", "user", user.id, user.email)
    return await _new_reset_link(db, user)


async def make_email_link(db: AsyncSession, actor: Actor, user_id: uuid.UUID, email: str) -> NewLink:
    """Return a link with which a user confirms a new address; only the administrator may."""
    allow_admin(actor)
    require_proof(actor)
    user, address = await _user(db, user_id), normal_email(email)
    audit.record(db, actor, "auth.email_link", "user", user.id, user.email, email=address)
    return await _new_link(db, user, "email", address)


async def count_request(context: Context, visitor: ClientInfo) -> None:
    """Count a request for a mail with a link; raise TooMany if there were too many from an address."""
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, RESET_ADDRESS, visitor.ip)
    if refusal:
        raise refusal.error


async def mail_reset_link(context: Context, visitor: ClientInfo, email: str, pages: LinkPages) -> None:
    """Send a link to reset its password to an address, if it has an account; an error is only logged."""
    address = email.strip().lower()
    async with context.store.transaction() as db:
        user = await repository.user_by_email(db, address)
        if user is None or await throttles.count(db, RESET, address):
            return
        link = await _new_link(db, user, "reset", address)
        audit.record(db, Actor("user", None, address, ip=visitor.ip), "auth.reset_requested", "user", user.id, address)
    text = (
        f"Somebody, hopefully you, asked for a new password of your Headwater account {address}.\n\n"
        f"Set it within an hour:\n{pages.reset}#{link.token}\n\n"
        "If it was not you, ignore this mail: nothing has changed.\n"
    )
    await deliver(context, Mail(address, "Set a new password for Headwater", text))


async def offer_reset(context: Context, token: str) -> ResetOffer:
    """Return what a link for a new password is for, and which API keys stay valid; raise LinkGone if it is over."""
    async with context.store.transaction() as db:
        user = await _user_of(db, token, "reset")
        return ResetOffer(user.email, await repository.valid_keys(db, user.id))


async def reset_password(
    context: Context, visitor: ClientInfo, token: str, password: str, *, end_keys: bool = False
) -> Mail:
    """Set a new password by a link, which ends all sessions; a second factor stays. Returns a notice for the user.

    API keys are credentials of programs, and stay valid unless `end_keys`.
    A link that was mailed proves that the address is the user's. If that was not known, the identities and passkeys
    that somebody else may have added before are gone.

    Raises:
        LinkGone: the link is not valid, was used, or has expired.
        Invalid: the password is too weak.
    """
    async with context.store.transaction() as db:
        user = await _user_of(db, token, "reset")
        names = await organizations.names_of(db, user)
    password_rules.check_rules(password, user.email, names=names)
    hashed = await passwords.hash_password(password)
    async with context.store.transaction() as db:
        user, link = await _user_and_link(db, token, "reset")
        user.password_hash = hashed
        await _confirm_address(db, user, link.email)
        await account_links.forget_links(db, user.id)
        ended = await repository.revoke_other_sessions(db, user.id, None)
        keys = await repository.end_keys(db, user.id) if end_keys else 0
        actor = Actor("user", user.id, user.email, ip=visitor.ip)
        audit.record(
            db, actor, "auth.password_reset", "user", user.id, user.email, sessions_ended=ended, keys_ended=keys
        )
    notice = (
        "The password of your Headwater account was set anew by a link, and all sessions have ended.\n"
        + ("All API keys have ended, too.\n" if end_keys else "API keys are still valid.\n")
        + "If it was not you, tell the administrator.\n"
    )
    return Mail(user.email, "The password of your Headwater account was changed", notice)


async def request_email(context: Context, actor: Actor, *, email: str, password: str) -> str:
    """Check that the actor may have a new address, and return it; the link is sent by `mail_email_link`.

    Raises:
        Conflict: this instance sends no mail.
        Invalid: this is no email address, or the password is wrong.
    """
    allow_scope(actor, "account:admin")
    address = normal_email(email)
    if not mail.sends_mail(context.settings):
        raise Conflict("This instance sends no mail.", hint="Ask its administrator for a link that changes it.")
    await proofs.check_owner(context, actor, password)
    return address


async def mail_email_link(context: Context, actor: Actor, address: str, pages: LinkPages) -> None:
    """Send a link that confirms a new address of the actor to that address; an error is only logged."""
    assert actor.user_id
    async with context.store.transaction() as db:
        user = await repository.user(db, actor.user_id)
        if user is None or await repository.user_by_email(db, address) or await throttles.count(db, RESET, address):
            return
        link = await _new_link(db, user, "email", address)
        audit.record(db, actor, "auth.email_requested", "user", user.id, user.email, email=address)
    text = (
        f"Confirm within an hour that {address} is the address of your Headwater account:\n{pages.email}#{link.token}\n"
    )
    await deliver(context, Mail(address, "Confirm your address for Headwater", text))


async def confirm_email(context: Context, visitor: ClientInfo, token: str) -> tuple[str, Mail]:
    """Change the address of an account by a link, and end all sessions.

    Returns:
        The new address, and a notice for the address before.

    Raises:
        LinkGone: the link is not valid, was used, or has expired.
        Conflict: another account has the address in the meantime.
    """
    async with context.store.transaction() as db:
        link = await account_links.valid_link(db, digest(token), "email")
        user = await repository.user(db, link.user_id) if link else None
        if link is None or user is None:
            raise LinkGone(hint="Ask for a new one.")
        if await repository.user_by_email(db, link.email):
            raise Conflict("Another account has this address.")
        before, user.email, user.email_verified_at = user.email, link.email, now()
        await account_links.forget_links(db, user.id)
        ended = await repository.revoke_other_sessions(db, user.id, None)
        actor = Actor("user", user.id, user.email, ip=visitor.ip)
        audit.record(db, actor, "auth.email_changed", "user", user.id, user.email, before=before, sessions_ended=ended)
    notice = (
        f"The address of your Headwater account is now {user.email}, and all sessions have ended.\n"
        "If it was not you, tell the administrator.\n"
    )
    return user.email, Mail(before, "The address of your Headwater account was changed", notice)


async def _user(db: AsyncSession, user_id: uuid.UUID) -> User:
    user = await repository.user(db, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


async def _user_of(db: AsyncSession, token: str, purpose: Purpose) -> User:
    return (await _user_and_link(db, token, purpose))[0]


async def _user_and_link(db: AsyncSession, token: str, purpose: Purpose) -> tuple[User, AccountLink]:
    link = await account_links.valid_link(db, digest(token), purpose)
    user = await repository.user(db, link.user_id) if link else None
    if link is None or user is None:
        raise LinkGone(hint="Ask for a new one.")
    return user, link


async def _confirm_address(db: AsyncSession, user: User, mailed_to: str) -> None:
    """Record that a user has a mail that was sent to their address; links of the administrator prove nothing of it."""
    if mailed_to != user.email:
        return
    if user.email_verified_at is None:
        await identities.forget_other_addresses(db, user.id, user.email)
        await passkeys.forget_passkeys(db, user.id)
        await second_factor.forget_codes_without_factor(db, user.id)
    user.email_verified_at = now()


async def deliver(context: Context, message: Mail) -> None:
    """Send a mail if this instance sends any; an error is only logged."""
    if not mail.sends_mail(context.settings):
        return
    try:
        await mail.send(context.settings, message)
    except HeadwaterError as error:
        log.warning("mail.failed", error=error.message)
