"""Sign-in with a passkey alone: it verifies its user by itself, so it is both factors."""

from __future__ import annotations

from headwater.features.accounts import repository
from headwater.features.accounts.service import audit, lifecycle, passkeys, throttles
from headwater.features.accounts.service.identity import ClientInfo, SignedIn, open_session
from headwater.features.accounts.service.passkeys import PasskeyRefused, PasskeyResult
from headwater.features.accounts.service.throttles import ADDRESS
from headwater.features.accounts.tokens import Signer
from headwater.store.context import Context


async def sign_in(
    context: Context, signer: Signer, visitor: ClientInfo, result: PasskeyResult, *, keep_account: bool = False
) -> SignedIn:
    """Sign in the user of a passkey; with `keep_account`, an account that is about to be deleted is kept.

    Raises:
        PasskeyRefused: the passkey is not valid.
        TooMany: there were too many attempts from this address.
        AccountDeactivated, AccountEnding: it is deactivated or about to be deleted.
    """
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, ADDRESS, visitor.ip)
    if refusal:
        raise refusal.error
    owner = await passkeys.use(context, signer, visitor, result)
    async with context.store.transaction() as db:
        user = await repository.user(db, owner.id)
        if user is None:
            raise PasskeyRefused
        await throttles.give_back(db, ADDRESS, visitor.ip)
        if keep_account:
            await lifecycle.take_back(db, user.id, visitor.ip)
        signed_in = await open_session(db, context.settings, signer, visitor, user)
        audit.record(db, signed_in.actor, "auth.login", "user", user.id, user.email, passkey=True)
    return signed_in
