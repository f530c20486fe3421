"""HTTP endpoints of the second factor, and of proofs that a session is used by its user."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from headwater.features.accounts import security_models as shapes
from headwater.features.accounts.endpoints.passkeys import passkey_result
from headwater.features.accounts.guard import Db, Shared, allow
from headwater.features.accounts.passkey_models import ProofIn
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import second_factor, step_up
from headwater.features.accounts.service.step_up import EnteredProof

router = APIRouter(prefix="/auth", tags=["auth"])
Admin = Annotated[Actor, Depends(allow("account:admin"))]


@router.post("/proof", status_code=204)
async def prove(
    body: ProofIn, request: Request, server: Shared, actor: Annotated[Actor, Depends(allow("account:write"))]
) -> None:
    """Prove that the session is used by its user, for what destroys or reveals (403 `proof_needed` asks for it)."""
    entered = EnteredProof(body.password.get_secret_value(), body.code, passkey_result(request, body.passkey))
    await step_up.prove(server.context, actor, server.signer, entered)


@router.get("/second-factor")
async def get_second_factor(
    db: Db, actor: Annotated[Actor, Depends(allow("account:credentials"))]
) -> shapes.SecondFactorOut:
    """Return whether the current user has a second factor."""
    return shapes.SecondFactorOut.model_validate(await second_factor.status(db, actor))


@router.post("/second-factor", status_code=201)
async def enrol(body: shapes.OwnPasswordIn, response: Response, server: Shared, actor: Admin) -> shapes.EnrolmentOut:
    """Create a secret for an authenticator app; it counts once its first code is confirmed, within an hour."""
    response.headers["cache-control"] = "no-store"
    enrolment = await second_factor.enrol(server.context, actor, body.password.get_secret_value())
    return shapes.EnrolmentOut.model_validate(enrolment)


@router.post("/second-factor/confirmation")
async def confirm(body: shapes.CodeIn, response: Response, server: Shared, actor: Admin) -> shapes.RecoveryCodesOut:
    """Turn the second factor on with its first code; all other sessions end. Returns the recovery codes."""
    response.headers["cache-control"] = "no-store"
    return shapes.RecoveryCodesOut(recovery_codes=await second_factor.confirm(server.context, actor, body.code))


@router.post("/second-factor/recovery-codes")
async def renew_recovery_codes(
    body: shapes.OwnPasswordIn, response: Response, server: Shared, actor: Admin
) -> shapes.RecoveryCodesOut:
    """Replace the recovery codes."""
    response.headers["cache-control"] = "no-store"
    codes = await second_factor.renew_codes(server.context, actor, body.password.get_secret_value())
    return shapes.RecoveryCodesOut(recovery_codes=codes)


@router.post("/second-factor/removal", status_code=204)
async def disable(body: shapes.OwnPasswordIn, server: Shared, actor: Admin) -> None:
    """Turn the second factor off; all other sessions end."""
    await second_factor.disable(server.context, actor, body.password.get_secret_value())
