"""Sign-up with a password, and the confirmation of the address where this instance sends mail.

With mail, a sign-up is answered in the same way and in the same time whether the address has an account or not: the
password is hashed and stored in both cases, and a mail goes to the address, which says what to do. The account begins
when the link in the mail is opened and the password entered again, so nobody gets an account at the address of another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import password_rules, passwords, repository
from headwater.features.accounts.models import Membership, Organization, PendingSignUp, User
from headwater.features.accounts.repository import pending_sign_ups
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, invitations, throttles
from headwater.features.accounts.service.account_links import LinkGone, deliver
from headwater.features.accounts.service.identity import ClientInfo, SignedIn, normal_email, open_session
from headwater.features.accounts.service.instance import signup_is_open
from headwater.features.accounts.service.throttles import ACCOUNT, RESET, SIGN_UP
from headwater.features.accounts.tokens import Signer, digest, new_refresh_token
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Forbidden, Invalid
from headwater.kit.network.mail import Mail, sends_mail
from headwater.kit.settings import Settings
from headwater.store.context import Context

Hook = Callable[[AsyncSession, Actor, Settings], Awaitable[None]]
LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody enters to get an account; without a name, the first part of the address is used."""

    email: str
    password: str
    name: str = ""
    invitation: str = ""

    @property
    def invitation_hash(self) -> bytes | None:
        """The hash of the token of an invitation."""
        return digest(self.invitation) if self.invitation else None


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A sign-up whose address gets a mail; `token` is for that mail only."""

    email: str
    token: str


async def sign_up(
    context: Context, signer: Signer, visitor: ClientInfo, entered: SignUp, hooks: Sequence[Hook] = ()
) -> SignedIn | Unconfirmed:
    """Create an account with a personal organization and sign in; the first account becomes the administrator.

    Returns:
        Unconfirmed where this instance sends mail, also if the address has an account: `mail_link` tells its user.
        The first account needs no confirmation.

    Raises:
        Invalid: this is no email address, or the password is too weak.
        TooMany: there were too many sign-ups from this address.
        Forbidden: sign-up is closed, or the invitation is for another address.
        InvitationGone: the invitation is not valid, or is over.
        Conflict: there is an account with this address, and this instance sends no mail.
    """
    address = normal_email(entered.email)
    password_rules.check_rules(entered.password, address, names=[entered.name])
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, SIGN_UP, visitor.ip)
        is_first = False
        if refusal is None:
            is_first = await _check_open(db, context.settings, address, entered.invitation_hash)
            if is_first or not sends_mail(context.settings):
                await _check_free(db, address)
    if refusal:
        raise refusal.error
    row = PendingSignUp(
        email=address,
        name=entered.name.strip() or address.split("@")[0],
        password_hash=await passwords.hash_password(entered.password),
        invitation_hash=entered.invitation_hash,
        expires_at=now() + LASTS,
    )
    if not is_first and sends_mail(context.settings):
        return await _store(context, row)
    return await _create(context, signer, visitor, row, hooks)


async def mail_link(context: Context, pending: Unconfirmed, confirm_page: str, sign_in_page: str) -> None:
    """Send the link that confirms a sign-up to its address, or tell that it has an account; an error is only logged."""
    async with context.store.transaction() as db:
        has_account = await repository.user_by_email(db, pending.email) is not None
        if await throttles.count(db, RESET, pending.email):
            return
        if has_account:
            await pending_sign_ups.forget(db, pending.email)
    if has_account:
        text = (
            f"Somebody, hopefully you, tried to sign up for Headwater with {pending.email}.\n\n"
            f"You already have an account: sign in, or set a new password, at\n{sign_in_page}\n\n"
            "If it was not you, ignore this mail: nothing has changed.\n"
        )
        await deliver(context, Mail(pending.email, "You already have a Headwater account", text))
        return
    text = (
        f"Somebody, hopefully you, signed up for Headwater with {pending.email}.\n\n"
        f"Confirm within a day that this is your address:\n{confirm_page}#{pending.token}\n\n"
        "If it was not you, ignore this mail: there will be no account.\n"
    )
    await deliver(context, Mail(pending.email, "Confirm your address for Headwater", text))


async def confirm(
    context: Context, signer: Signer, visitor: ClientInfo, token: str, password: str, hooks: Sequence[Hook] = ()
) -> SignedIn:
    """Create the account of a sign-up by the link of its mail and the password that was chosen, and sign in.

    Raises:
        LinkGone: the link is not valid, was used, or has expired.
        Invalid: the password is not the one that was chosen.
        TooMany: there were too many attempts.
        Forbidden, InvitationGone, Conflict: as for `sign_up`.
    """
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, SIGN_UP, visitor.ip)
        row = await pending_sign_ups.by_token(db, digest(token))
        if row and refusal is None:
            refusal = await throttles.count(db, ACCOUNT, row.email, "sign-up")
    if refusal:
        raise refusal.error
    if row is None:
        raise LinkGone(hint="Sign up again.")
    if not (await passwords.verify(password, row.password_hash))[0]:
        raise Invalid({"password": "This is not the password that was chosen at sign-up."})
    return await _create(context, signer, visitor, row, hooks)


async def _store(context: Context, row: PendingSignUp) -> Unconfirmed:
    token, row.token_hash = new_refresh_token()
    async with context.store.transaction() as db:
        db.add(row)
    return Unconfirmed(row.email, token)


async def _create(
    context: Context, signer: Signer, visitor: ClientInfo, row: PendingSignUp, hooks: Sequence[Hook]
) -> SignedIn:
    async with context.store.transaction() as db:
        await repository.lock_signups(db)
        is_first = await _check_open(db, context.settings, row.email, row.invitation_hash)
        await _check_free(db, row.email)
        user = User(email=row.email, name=row.name, password_hash=row.password_hash, is_admin=is_first)
        if row.token_hash:  # the link was in a mail
            user.email_verified_at = now()
        organization = await add_user(db, user)
        if row.invitation_hash:
            await invitations.accept_as(db, user, row.invitation_hash, ip=visitor.ip)
        await pending_sign_ups.forget(db, row.email)
        signed_in = await open_session(db, context.settings, signer, visitor, user)
        audit.record(db, signed_in.actor, "auth.signup", "user", user.id, user.email, organization_id=organization.id)
        for hook in hooks:
            await hook(db, signed_in.actor, context.settings)
    return signed_in


async def _check_open(db: AsyncSession, settings: Settings, address: str, invitation_hash: bytes | None) -> bool:
    """Raise if this address cannot sign up; return True for the first account of the instance."""
    is_first = not await repository.has_users(db)
    if invitation_hash:
        await invitations.check_address(db, invitation_hash, address)
    elif not is_first and not await signup_is_open(db, settings):
        raise Forbidden("Sign-up is closed.", hint="Ask the administrator of this instance for an account.")
    return is_first


async def _check_free(db: AsyncSession, address: str) -> None:
    if await repository.user_by_email(db, address):
        raise Conflict("There is already an account with this address.", hint="Sign in instead.")


async def add_user(db: AsyncSession, user: User) -> Organization:
    """Add a user with their personal organization."""
    db.add(user)
    await db.flush()
    organization = Organization(name=user.name, personal_of=user.id)
    db.add(organization)
    await db.flush()
    db.add(Membership(organization_id=organization.id, user_id=user.id, role="owner"))
    await db.flush()
    return organization
