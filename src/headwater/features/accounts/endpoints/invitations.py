"""HTTP endpoints of invitations to organizations. Tokens are in bodies, never in addresses, which proxies log."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Request

from headwater.features.accounts.api_models import ListOf, OrganizationOut
from headwater.features.accounts.guard import DEFAULT_PAGE, Cursor, Db, Limit, Shared, allow, page_url, public
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.security_models import (
    InvitationIn,
    InvitationOfferOut,
    InvitationOut,
    NewInvitationOut,
    TokenIn,
)
from headwater.features.accounts.service import account_links, invitations

router = APIRouter(tags=["organizations"])
Admin = Annotated[Actor, Depends(allow("member:admin"))]


@router.post("/organizations/{organization_id}/invitations", status_code=201)
async def create_invitation(
    organization_id: uuid.UUID,
    body: InvitationIn,
    request: Request,
    server: Shared,
    db: Db,
    tasks: BackgroundTasks,
    actor: Admin,
) -> NewInvitationOut:
    """Invite an address, whether it has an account or not. The link is shown once, and mailed if possible."""
    view, token = await invitations.create(
        db, actor, organization_id, email=body.email, role=body.role, days=body.expires_in_days
    )
    url = page_url(request, "invite", token)
    tasks.add_task(
        account_links.deliver, server.context, await invitations.mail_of(db, actor, organization_id, view, url)
    )
    return NewInvitationOut(invitation=InvitationOut.model_validate(view), url=url, token=token)


@router.get("/organizations/{organization_id}/invitations")
async def list_invitations(
    organization_id: uuid.UUID, db: Db, actor: Admin, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[InvitationOut]:
    """List the invitations of an organization, newest first, also those that are over."""
    page = await invitations.list_invitations(db, actor, organization_id, cursor=cursor, limit=limit)
    return ListOf(items=[InvitationOut.model_validate(item) for item in page.items], next=page.next)


@router.delete("/organizations/{organization_id}/invitations/{invitation_id}", status_code=204)
async def revoke_invitation(organization_id: uuid.UUID, invitation_id: uuid.UUID, db: Db, actor: Admin) -> None:
    """Revoke an open invitation."""
    await invitations.revoke(db, actor, organization_id, invitation_id)


@router.post("/invitations/offer", dependencies=[Depends(public)])
async def show_offer(body: TokenIn, db: Db) -> InvitationOfferOut:
    """Return what an open invitation offers to whoever has its link."""
    return InvitationOfferOut.model_validate(await invitations.look_up(db, body.token))


@router.post("/invitations/acceptance")
async def accept_invitation(
    body: TokenIn, db: Db, actor: Annotated[Actor, Depends(allow("account:admin"))]
) -> OrganizationOut:
    """Become a member of the organization that has invited one's address."""
    return OrganizationOut.model_validate(await invitations.accept(db, actor, body.token))
