"""HTTP endpoints of command lines that are signed in through a browser (after RFC 8628)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from headwater.features.accounts.guard import Client, Shared, allow, page_url, public
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.security_models import (
    DeviceAnswerIn,
    DeviceIn,
    DeviceKeyOut,
    DeviceOut,
    DeviceTokenIn,
    NewDeviceOut,
    UserCodeIn,
)
from headwater.features.accounts.service import device_sign_in

router = APIRouter(prefix="/auth/device", tags=["auth"])
Admin = Annotated[Actor, Depends(allow("account:admin"))]


@router.post("", status_code=201, dependencies=[Depends(public)])
async def begin(body: DeviceIn, request: Request, response: Response, server: Shared, visitor: Client) -> NewDeviceOut:
    """Begin to sign in a command line: its user enters `user_code` in the web app while it asks for its key."""
    response.headers["cache-control"] = "no-store"
    created = await device_sign_in.begin(server.context, visitor, body.name)
    return NewDeviceOut(
        device_code=created.device_code,
        user_code=created.user_code,
        verification_uri=page_url(request, "device", ""),
        expires_in=int(device_sign_in.LASTS.total_seconds()),
        interval=device_sign_in.POLL_SECONDS,
    )


@router.post("/offer")
async def offer(body: UserCodeIn, server: Shared, actor: Admin) -> DeviceOut:
    """Return which command line waits with a code."""
    return DeviceOut.model_validate(await device_sign_in.offer(server.context, actor, body.user_code))


@router.post("/answer", status_code=204)
async def answer(body: DeviceAnswerIn, server: Shared, actor: Admin) -> None:
    """Approve or refuse the command line that waits with a code; approving takes a proof."""
    await device_sign_in.answer(server.context, actor, body.user_code, approved=body.approved)


@router.post("/key", status_code=201, dependencies=[Depends(public)])
async def redeem(body: DeviceTokenIn, response: Response, server: Shared, visitor: Client) -> DeviceKeyOut:
    """Return the API key of a command line that was approved, once.

    Before that, 400 `authorization_pending`; then `access_denied` or `expired_token`.
    """
    response.headers["cache-control"] = "no-store"
    return DeviceKeyOut(secret=await device_sign_in.redeem(server.context, visitor, body.device_code))
