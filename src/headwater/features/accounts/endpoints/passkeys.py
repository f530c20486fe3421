"""HTTP endpoints of passkeys: creating and managing them, and signing in with one."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from headwater.features.accounts import passkey_models as shapes
from headwater.features.accounts.api_models import ListOf, SignedInOut
from headwater.features.accounts.endpoints.session_cookie import signed_in_answer
from headwater.features.accounts.guard import Client, Db, Shared, allow, same_origin
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import passkey_sign_in, passkeys
from headwater.features.accounts.service.passkeys import PasskeyResult, WebOrigin

router = APIRouter(prefix="/auth/passkeys", tags=["auth"])
Admin = Annotated[Actor, Depends(allow("account:admin"))]


def passkey_result(request: Request, body: shapes.PasskeyResultIn | None) -> PasskeyResult | None:
    """Return what a browser has sent of a passkey, at the address of this request."""
    return PasskeyResult(_origin(request), body.ticket, body.credential) if body else None


@router.get("")
async def list_passkeys(
    db: Db, actor: Annotated[Actor, Depends(allow("account:credentials"))]
) -> ListOf[shapes.PasskeyOut]:
    """List the passkeys of the current user."""
    views = await passkeys.list_passkeys(db, actor)
    return ListOf(items=[shapes.PasskeyOut.model_validate(view) for view in views])


@router.post("/options")
async def begin_passkey(
    request: Request, response: Response, db: Db, server: Shared, actor: Admin
) -> shapes.ChallengeOut:
    """Return what a browser needs to create a passkey (`navigator.credentials.create`)."""
    response.headers["cache-control"] = "no-store"
    challenge = await passkeys.begin_creation(db, actor, server.signer, _origin(request))
    return shapes.ChallengeOut.model_validate(challenge)


@router.post("", status_code=201)
async def create_passkey(
    body: shapes.NewPasskeyIn,
    request: Request,
    response: Response,
    server: Shared,
    actor: Annotated[Actor, Depends(allow("account:admin"))],
) -> shapes.NewPasskeyOut:
    """Add a passkey to the account. The first second factor of an account comes with recovery codes."""
    response.headers["cache-control"] = "no-store"
    result = PasskeyResult(_origin(request), body.ticket, body.credential)
    view, codes = await passkeys.create(server.context, actor, server.signer, result, body.name)
    return shapes.NewPasskeyOut(passkey=shapes.PasskeyOut.model_validate(view), recovery_codes=codes)


@router.post("/challenge", dependencies=[Depends(same_origin)])
async def begin_use(request: Request, server: Shared) -> shapes.ChallengeOut:
    """Return what a browser needs to use a passkey (`navigator.credentials.get`): to sign in, or as a proof."""
    return shapes.ChallengeOut.model_validate(passkeys.begin_use(server.signer, _origin(request)))


@router.post("/sign-in", dependencies=[Depends(same_origin)])
async def sign_in_with_passkey(
    body: shapes.PasskeySignInIn, request: Request, response: Response, server: Shared, visitor: Client
) -> SignedInOut:
    """Sign in with a passkey; it counts as both factors.

    An account that is about to be deleted (401 `account_ending`) is kept with `keep_account`.
    """
    result = PasskeyResult(_origin(request), body.ticket, body.credential)
    signed_in = await passkey_sign_in.sign_in(
        server.context, server.signer, visitor, result, keep_account=body.keep_account
    )
    return signed_in_answer(response, server, signed_in)


@router.patch("/{passkey_id}")
async def rename_passkey(
    passkey_id: uuid.UUID,
    body: shapes.PasskeyChange,
    db: Db,
    actor: Annotated[Actor, Depends(allow("account:write"))],
) -> shapes.PasskeyOut:
    """Rename a passkey."""
    return shapes.PasskeyOut.model_validate(await passkeys.rename(db, actor, passkey_id, body.name))


@router.delete("/{passkey_id}", status_code=204)
async def delete_passkey(passkey_id: uuid.UUID, db: Db, server: Shared, actor: Admin) -> None:
    """Delete a passkey; the last way to sign in stays. All other sessions end."""
    await passkeys.delete(db, actor, server.settings, passkey_id)


def _origin(request: Request) -> WebOrigin:
    return WebOrigin(request.url.scheme, request.headers.get("host", ""))
