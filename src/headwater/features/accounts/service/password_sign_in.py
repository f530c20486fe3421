"""Sign-up and sign-in with a password: attempts are counted before a password is hashed, outside of any transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import passwords, repository
from headwater.features.accounts.models import Membership, Organization, User
from headwater.features.accounts.repository import second_factors
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit, invitations, second_step, throttles
from headwater.features.accounts.service.identity import ClientInfo, SignedIn, normal_email, open_session
from headwater.features.accounts.service.instance import signup_is_open
from headwater.features.accounts.service.passkeys import PasskeyResult
from headwater.features.accounts.service.second_step import SecondStep
from headwater.features.accounts.service.throttles import ACCOUNT, ADDRESS, SIGN_UP
from headwater.features.accounts.tokens import Signer
from headwater.kit.errors import Conflict, Forbidden, Unauthenticated
from headwater.kit.settings import Settings
from headwater.store.context import Context

Hook = Callable[[AsyncSession, Actor, Settings], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody enters to get an account; without a name, the first part of the address is used."""

    email: str
    password: str
    name: str = ""
    invitation: str = ""


async def sign_up(
    context: Context, signer: Signer, visitor: ClientInfo, entered: SignUp, hooks: Sequence[Hook] = ()
) -> SignedIn:
    """Create an account with a personal organization and sign in; the first account becomes the administrator.

    Raises:
        Invalid: this is no email address, or the password is too weak.
        TooMany: there were too many sign-ups from this address.
        Forbidden: sign-up is closed, or the invitation is for another address.
        InvitationGone: the invitation is not valid, or is over.
        Conflict: there is an account with this address.
    """
    address = normal_email(entered.email)
    passwords.check_rules(entered.password, address)
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, SIGN_UP, visitor.ip)
        if refusal is None:
            await _check_sign_up(db, context.settings, address, entered.invitation)
    if refusal:
        raise refusal.error
    hashed = await passwords.hash_password(entered.password)
    async with context.store.transaction() as db:
        await repository.lock_signups(db)
        is_first = await _check_sign_up(db, context.settings, address, entered.invitation)
        name = entered.name.strip() or address.split("@")[0]
        user = User(email=address, name=name, password_hash=hashed, is_admin=is_first)
        organization = await add_user(db, user)
        if entered.invitation:
            await invitations.accept_as(db, user, entered.invitation, ip=visitor.ip)
        signed_in = await open_session(db, context.settings, signer, visitor, user)
        audit.record(db, signed_in.actor, "auth.signup", "user", user.id, address, organization_id=organization.id)
        for hook in hooks:
            await hook(db, signed_in.actor, context.settings)
    return signed_in


async def _check_sign_up(db: AsyncSession, settings: Settings, address: str, invitation: str) -> bool:
    """Raise if nobody can sign up with an address; return True for the first account of the instance."""
    is_first = not await repository.has_users(db)
    if invitation:
        await invitations.check_address(db, invitation, address)
    elif not is_first and not await signup_is_open(db, settings):
        raise Forbidden("Sign-up is closed.", hint="Ask the administrator of this instance for an account.")
    if await repository.user_by_email(db, address):
        raise Conflict("There is already an account with this address.", hint="Sign in instead.")
    return is_first


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


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody enters to sign in; `code` is of the second factor, or a recovery code; or a passkey replaces it."""

    email: str
    password: str
    code: str = ""
    passkey: PasskeyResult | None = None


async def sign_in(context: Context, signer: Signer, visitor: ClientInfo, entered: SignIn) -> SignedIn:
    """Sign a user in with a password, and a code if the account has a second factor.

    Raises:
        TooMany: there were too many attempts for this account or from this address.
        CodeNeeded: the password is right, and the code is missing or wrong.
        Unauthenticated: the account or the password is wrong; it does not say which.
    """
    address = entered.email.strip().lower()
    attempt = await _admit(context, visitor, address)
    is_right, renewed = await passwords.verify(entered.password, attempt.user.password_hash if attempt.user else None)
    if attempt.user and is_right:
        await _take_second_step(context, signer, visitor, attempt, SecondStep(entered.code, entered.passkey))
    async with context.store.transaction() as db:
        user = await repository.user(db, attempt.user.id) if attempt.user and is_right else None
        if user is None or user.password_hash != (attempt.user and attempt.user.password_hash):
            second_step.record_failure(db, visitor, address)
            user = None
        else:
            user.password_hash = renewed or user.password_hash
            await throttles.reset(db, ACCOUNT, *attempt.key)
            await throttles.give_back(db, ADDRESS, visitor.ip)
            signed_in = await open_session(db, context.settings, signer, visitor, user)
            audit.record(db, signed_in.actor, "auth.login", "user", user.id, user.email)
    if user is None:
        raise Unauthenticated("The email address or the password is wrong.")
    return signed_in


async def _take_second_step(
    context: Context, signer: Signer, visitor: ClientInfo, attempt: _Attempt, step: SecondStep
) -> None:
    """Take the second step that comes with a right password, if the account needs one."""
    assert attempt.user
    async with context.store.transaction() as db:
        if not await second_factors.is_protected(db, attempt.user.id):
            return
        if not step:
            # The password was right, so this attempt was none at guessing it.
            await throttles.give_back(db, ACCOUNT, *attempt.key)
            await throttles.give_back(db, ADDRESS, visitor.ip)
    await second_step.take(context, signer, visitor, attempt.user, step)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A counted attempt: the account that it is for, if there is one, and the key under which it counts."""

    user: User | None
    key: tuple[str, ...]


async def _admit(context: Context, visitor: ClientInfo, address: str) -> _Attempt:
    """Count an attempt to sign in, and commit the count; raise TooMany if there were too many."""
    attempt = _Attempt(None, (address,))
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, ADDRESS, visitor.ip)
        if refusal is None:
            user = await repository.user_by_email(db, address)
            is_known = user is not None and await repository.was_signed_in_from(db, user.id, visitor.ip)
            attempt = _Attempt(user, throttles.account_key(address, visitor.ip, is_known=is_known))
            refusal = await throttles.count(db, ACCOUNT, *attempt.key)
        if refusal and refusal.is_first:
            second_step.record_failure(db, visitor, address)
    if refusal:
        raise refusal.error
    return attempt
