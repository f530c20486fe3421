"""Entering a password or a code again in a session, or using a passkey, for what destroys or reveals."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.features.accounts.rights import Actor, allow_scope
from headwater.features.accounts.service import identity, passkeys, proofs, second_factor, throttles
from headwater.features.accounts.service.identity import ClientInfo
from headwater.features.accounts.service.passkeys import PasskeyRefused, PasskeyResult
from headwater.features.accounts.service.throttles import SECOND_FACTOR
from headwater.features.accounts.tokens import Signer
from headwater.kit.errors import Forbidden, Invalid
from headwater.store.context import Context


@dataclass(frozen=True, slots=True)
class EnteredProof:
    """What a user enters to prove who uses a session: one of these."""

    password: str = ""
    code: str = ""
    passkey: PasskeyResult | None = None


async def prove(context: Context, actor: Actor, signer: Signer, entered: EnteredProof) -> None:
    """Record that the actor's session is used by its user, who enters the password or a code, or uses a passkey.

    Raises:
        Invalid: none of them, several, or a wrong one was entered.
        PasskeyRefused: the passkey is not valid.
        TooMany: there were too many attempts.
        Forbidden: the actor has no session.
    """
    allow_scope(actor, "account:write")
    if sum(map(bool, (entered.password, entered.code, entered.passkey))) != 1:
        raise Invalid({"password": "Enter your password or a code, or use a passkey: one of them."})
    if entered.password:
        await proofs.check_password(context, actor, entered.password)
    elif entered.passkey:
        await _check_passkey(context, actor, signer, entered.passkey)
    else:
        await _check_code(context, actor, entered.code)
    await proofs.record(context, actor)


async def _check_passkey(context: Context, actor: Actor, signer: Signer, result: PasskeyResult) -> None:
    try:
        owner = await passkeys.use(context, signer, ClientInfo(actor.ip), result)
    except PasskeyRefused as error:
        raise Forbidden(error.message, hint=error.hint) from error  # 401 would end the session of the web app
    if owner.id != actor.user_id:
        raise Forbidden("This passkey is of another account.")


async def _check_code(context: Context, actor: Actor, code: str) -> None:
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, SECOND_FACTOR, actor.email, proofs.PURPOSE)
    if refusal:
        raise refusal.error
    async with context.store.transaction() as db:
        user = await identity.user_of(db, actor)
        is_right = await second_factor.use_code(db, context.cipher, user, code, ip=actor.ip)
        if is_right:
            await throttles.reset(db, SECOND_FACTOR, actor.email, proofs.PURPOSE)
    if not is_right:
        raise Invalid({"code": "The code is wrong, or was used already."})
