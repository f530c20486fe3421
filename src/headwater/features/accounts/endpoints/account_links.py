"""HTTP endpoints of one-time links of accounts, and of the administrator's list of accounts."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request, Response

from headwater.features.accounts.api_models import EndedSessionsOut, ListOf, SessionOut
from headwater.features.accounts.guard import (
    DEFAULT_PAGE,
    Client,
    Cursor,
    Db,
    Limit,
    Shared,
    allow,
    page_url,
    public,
)
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.security_models import (
    AccountLinkOut,
    EmailIn,
    EmailOut,
    NewEmailIn,
    ResetIn,
    ResetOfferOut,
    TokenIn,
    UserChange,
    UserDetailOut,
)
from headwater.features.accounts.service import account_links, second_factor, users
from headwater.features.accounts.service.account_links import LinkPages, NewLink

router = APIRouter()
Administrator = Annotated[Actor, Depends(allow("instance:admin"))]


def _pages(request: Request) -> LinkPages:
    return LinkPages(page_url(request, "reset", ""), page_url(request, "confirm-email", ""))


def _shown(request: Request, response: Response, page: str, link: NewLink) -> AccountLinkOut:
    response.headers["cache-control"] = "no-store"
    url = page_url(request, page, link.token)
    return AccountLinkOut(url=url, token=link.token, expires_at=link.expires_at, api_keys=list(link.api_keys))


@router.post("/auth/reset-request", status_code=202, tags=["auth"], dependencies=[Depends(public)])
async def request_reset(
    body: EmailIn, request: Request, server: Shared, visitor: Client, tasks: BackgroundTasks
) -> None:
    """Send a link to reset its password to an address, if it has an account: the answer is always the same."""
    await account_links.count_request(server.context, visitor)
    tasks.add_task(account_links.mail_reset_link, server.context, visitor, body.email, _pages(request))


@router.post("/auth/reset", status_code=204, tags=["auth"], dependencies=[Depends(public)])
async def reset_lost_password(body: ResetIn, server: Shared, visitor: Client, tasks: BackgroundTasks) -> None:
    """Set a new password by a link. All sessions end; a second factor stays, and API keys unless `end_keys`."""
    password = body.password.get_secret_value()
    notice = await account_links.reset_password(server.context, visitor, body.token, password, end_keys=body.end_keys)
    tasks.add_task(account_links.deliver, server.context, notice)


@router.post("/auth/reset/offer", tags=["auth"], dependencies=[Depends(public)])
async def offer_reset(body: TokenIn, response: Response, server: Shared) -> ResetOfferOut:
    """Return whose password a link sets, and which API keys stay valid."""
    response.headers["cache-control"] = "no-store"
    return ResetOfferOut.model_validate(await account_links.offer_reset(server.context, body.token))


@router.post("/auth/email", status_code=202, tags=["auth"])
async def request_email(
    body: NewEmailIn,
    request: Request,
    server: Shared,
    tasks: BackgroundTasks,
    actor: Annotated[Actor, Depends(allow("account:admin"))],
) -> None:
    """Send a link to the new address of the current user, which confirms it."""
    address = await account_links.request_email(
        server.context, actor, email=body.email, password=body.password.get_secret_value()
    )
    tasks.add_task(account_links.mail_email_link, server.context, actor, address, _pages(request))


@router.post("/auth/email/confirmation", tags=["auth"], dependencies=[Depends(public)])
async def confirm_email(body: TokenIn, server: Shared, visitor: Client, tasks: BackgroundTasks) -> EmailOut:
    """Change the address of an account by a link. All sessions end."""
    email, notice = await account_links.confirm_email(server.context, visitor, body.token)
    tasks.add_task(account_links.deliver, server.context, notice)
    return EmailOut(email=email)


@router.get("/users", tags=["instance"])
async def list_users(
    db: Db,
    actor: Administrator,
    search: Annotated[str, Query(max_length=200)] = "",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[UserDetailOut]:
    """List the accounts of the instance, newest first (administrator only)."""
    page = await users.list_users(db, actor, search=search.replace("\0", ""), cursor=cursor, limit=limit)
    return ListOf(items=[UserDetailOut.model_validate(item) for item in page.items], next=page.next)


@router.post("/users/{user_id}/reset-link", status_code=201, tags=["instance"])
async def make_reset_link(
    user_id: uuid.UUID, request: Request, response: Response, db: Db, actor: Administrator
) -> AccountLinkOut:
    """Make a link with which a user sets a new password, within an hour (administrator only)."""
    return _shown(request, response, "reset", await account_links.make_reset_link(db, actor, user_id))


@router.post("/users/{user_id}/email-link", status_code=201, tags=["instance"])
async def make_email_link(
    user_id: uuid.UUID, body: EmailIn, request: Request, response: Response, db: Db, actor: Administrator
) -> AccountLinkOut:
    """Make a link with which a user confirms a new address, within an hour (administrator only)."""
    link = await account_links.make_email_link(db, actor, user_id, body.email)
    return _shown(request, response, "confirm-email", link)


@router.patch("/users/{user_id}", tags=["instance"])
async def change_user(user_id: uuid.UUID, body: UserChange, db: Db, actor: Administrator) -> UserDetailOut:
    """Deactivate or activate an account, or make its user an administrator (administrator only)."""
    changed = await users.change(db, actor, user_id, active=body.active, is_admin=body.is_admin)
    return UserDetailOut.model_validate(changed)


@router.get("/users/{user_id}/sessions", tags=["instance"])
async def list_user_sessions(
    user_id: uuid.UUID, db: Db, actor: Administrator, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> ListOf[SessionOut]:
    """List the active sessions of a user, newest first (administrator only)."""
    page = await users.list_sessions(db, actor, user_id, cursor=cursor, limit=limit)
    return ListOf(items=[SessionOut.model_validate(row) for row in page.items], next=page.next)


@router.delete("/users/{user_id}/sessions/{session_id}", status_code=204, tags=["instance"])
async def end_user_session(user_id: uuid.UUID, session_id: uuid.UUID, db: Db, actor: Administrator) -> None:
    """End a session of a user (administrator only)."""
    await users.end_session(db, actor, user_id, session_id)


@router.delete("/users/{user_id}/sessions", tags=["instance"])
async def end_sessions(user_id: uuid.UUID, db: Db, actor: Administrator) -> EndedSessionsOut:
    """End all sessions of a user (administrator only). API keys stay valid."""
    return EndedSessionsOut(ended=await users.end_sessions(db, actor, user_id))


@router.delete("/users/{user_id}/second-factor", status_code=204, tags=["instance"])
async def remove_second_factor(user_id: uuid.UUID, db: Db, actor: Administrator) -> None:
    """Turn off the second factor of a user who has lost it (administrator only)."""
    await second_factor.remove(db, actor, user_id)
