"""HTTP endpoints of the instance, sign-up, sign-in and sign-out. The refresh token is in an HttpOnly cookie."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from headwater.features.accounts.api_models import (
    EndedSessionsOut,
    InstanceIn,
    InstanceOut,
    ListOf,
    MeOut,
    OrganizationOut,
    PasswordIn,
    ProfileChange,
    SessionOut,
    SignedInOut,
    SignUpIn,
    UserOut,
)
from headwater.features.accounts.endpoints.passkeys import passkey_result
from headwater.features.accounts.endpoints.session_cookie import (
    PLAIN_COOKIE,
    SECURE_COOKIE,
    cookie_name,
    signed_in_answer,
)
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
    same_origin,
)
from headwater.features.accounts.passkey_models import FullSignInIn
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.security_models import DeactivationIn, SignUpConfirmationIn, SignUpPendingOut
from headwater.features.accounts.service import (
    identity,
    instance,
    lifecycle,
    password_sign_in,
    profile,
    sessions,
)
from headwater.features.accounts.service import sign_up as signing_up
from headwater.features.accounts.service.identity import SignedIn
from headwater.features.accounts.service.sign_up import SignUp
from headwater.kit.errors import Unauthenticated

router = APIRouter()
SecureCookie = Annotated[str | None, Cookie(alias=SECURE_COOKIE, include_in_schema=False)]
PlainCookie = Annotated[str | None, Cookie(alias=PLAIN_COOKIE, include_in_schema=False)]
Reader = Annotated[Actor, Depends(allow("account:read"))]


@router.get("/instance", tags=["instance"], dependencies=[Depends(public)])
async def get_instance(db: Db, server: Shared) -> InstanceOut:
    """Return public information about this instance."""
    return InstanceOut.model_validate(await instance.describe(db, server.settings))


@router.patch("/instance", tags=["instance"])
async def change_instance(
    body: InstanceIn, db: Db, server: Shared, actor: Annotated[Actor, Depends(allow("instance:admin"))]
) -> InstanceOut:
    """Open or close sign-up (administrator only)."""
    changed = await instance.set_open_signup(db, actor, server.settings, body.open_signup)
    return InstanceOut.model_validate(changed)


@router.post(
    "/auth/signup",
    status_code=201,
    tags=["auth"],
    dependencies=[Depends(same_origin)],
    response_model=SignedInOut,
    responses={202: {"model": SignUpPendingOut, "description": "A mail was sent to the address."}},
)
async def sign_up(
    body: SignUpIn, request: Request, response: Response, server: Shared, visitor: Client
) -> SignedInOut | JSONResponse:
    """Create an account and sign in. The first account becomes the administrator of the instance.

    Where the instance sends mail, the answer is 202, whether the address has an account or not, and a mail says how to
    go on.
    """
    entered = SignUp(body.email, body.password.get_secret_value(), body.name, body.invitation)
    result = await signing_up.sign_up(server.context, server.signer, visitor, entered, server.signup_hooks)
    if isinstance(result, SignedIn):
        return signed_in_answer(response, server, result)
    pages = page_url(request, "confirm-sign-up", ""), page_url(request, "sign-in", "")
    hours = int(signing_up.LASTS.total_seconds()) // 3600
    pending = SignUpPendingOut(email=result.email, confirm_within_hours=hours)
    return JSONResponse(
        pending.model_dump(mode="json"),
        202,
        background=BackgroundTask(signing_up.mail_link, server.context, result, *pages),
    )


@router.post("/auth/signup/confirmation", status_code=201, tags=["auth"], dependencies=[Depends(same_origin)])
async def confirm_sign_up(
    body: SignUpConfirmationIn, response: Response, server: Shared, visitor: Client
) -> SignedInOut:
    """Create the account of a sign-up by the link in the mail and the password that was chosen, and sign in."""
    signed_in = await signing_up.confirm(
        server.context, server.signer, visitor, body.token, body.password.get_secret_value(), server.signup_hooks
    )
    return signed_in_answer(response, server, signed_in)


@router.post("/auth/login", tags=["auth"], dependencies=[Depends(same_origin)])
async def sign_in(
    body: FullSignInIn, request: Request, response: Response, server: Shared, visitor: Client
) -> SignedInOut:
    """Sign in with a password, and a code or a passkey as the second factor (401 `second_factor` asks for it).

    An account that is about to be deleted (401 `account_ending`) is kept with `keep_account`.
    """
    entered = password_sign_in.SignIn(
        body.email,
        body.password.get_secret_value(),
        body.code,
        passkey_result(request, body.passkey),
        keep_account=body.keep_account,
    )
    signed_in = await password_sign_in.sign_in(server.context, server.signer, visitor, entered)
    return signed_in_answer(response, server, signed_in)


@router.post("/auth/refresh", tags=["auth"], dependencies=[Depends(same_origin)])
async def refresh(
    response: Response, server: Shared, visitor: Client, secure: SecureCookie = None, plain: PlainCookie = None
) -> SignedInOut:
    """Exchange the refresh cookie for a new access token and a new cookie."""
    token = secure or plain
    if not token:
        raise Unauthenticated
    async with server.database.transaction() as db:
        signed_in = await identity.refresh(db, server.settings, server.signer, visitor, token)
    if signed_in is None:
        raise Unauthenticated("The session has ended.", hint="Sign in again.")
    return signed_in_answer(response, server, signed_in)


@router.post("/auth/logout", status_code=204, tags=["auth"], dependencies=[Depends(same_origin)])
async def sign_out(
    request: Request,
    response: Response,
    server: Shared,
    visitor: Client,
    secure: SecureCookie = None,
    plain: PlainCookie = None,
) -> None:
    """End the session of the access token or of the refresh cookie, and remove the cookie."""
    bearer = request.headers.get("authorization", "").partition(" ")[2].strip()
    async with server.database.transaction() as db:
        if token := secure or plain:
            await identity.sign_out_by_refresh_token(db, token)
        if bearer:
            await identity.sign_out_by_access_token(db, server.signer, visitor, bearer)
    response.delete_cookie(cookie_name(server.settings), path="/", secure=server.settings.secure_cookies)


@router.get("/auth/me", tags=["auth"])
async def me(server: Shared, actor: Reader) -> MeOut:
    """Return the current user and their organizations."""
    current = await profile.current(server.context, actor)
    return MeOut(
        user=UserOut.model_validate(current.user),
        organizations=[OrganizationOut.model_validate(each) for each in current.organizations],
        has_password=current.user.has_password,
    )


@router.patch("/auth/me", tags=["auth"])
async def change_profile(
    body: ProfileChange, db: Db, actor: Annotated[Actor, Depends(allow("account:write"))]
) -> UserOut:
    """Change the name of the current user."""
    user = await identity.user_of(db, actor) if body.name is None else await profile.rename(db, actor, body.name)
    return UserOut.model_validate(user)


@router.put("/auth/password", status_code=204, tags=["auth"])
async def change_password(
    body: PasswordIn, server: Shared, actor: Annotated[Actor, Depends(allow("account:admin"))]
) -> None:
    """Change the password of the current user; all other sessions end. API keys stay valid."""
    current, new = body.current.get_secret_value(), body.new.get_secret_value()
    await profile.change_password(server.context, actor, current=current, new=new)


@router.post("/auth/deactivation", status_code=204, tags=["auth"])
async def deactivate(
    body: DeactivationIn, server: Shared, actor: Annotated[Actor, Depends(allow("account:admin"))]
) -> None:
    """Deactivate the account of the current user: only an administrator activates it again."""
    await lifecycle.deactivate_own(server.context, actor, body.password.get_secret_value())


@router.get("/auth/sessions", tags=["auth"])
async def list_sessions(
    db: Db,
    actor: Annotated[Actor, Depends(allow("account:credentials"))],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> ListOf[SessionOut]:
    """List the active sessions of the current user."""
    page = await sessions.list_sessions(db, actor, cursor=cursor, limit=limit)
    items = [SessionOut.model_validate(row) for row in page.items]
    for item in items:
        item.current = item.id == actor.session_id
    return ListOf(items=items, next=page.next)


@router.delete("/auth/sessions", tags=["auth"])
async def revoke_other_sessions(db: Db, actor: Annotated[Actor, Depends(allow("account:admin"))]) -> EndedSessionsOut:
    """End all sessions of the current user but the current one."""
    return EndedSessionsOut(ended=await sessions.revoke_others(db, actor))


@router.delete("/auth/sessions/{session_id}", status_code=204, tags=["auth"])
async def revoke_session(
    session_id: uuid.UUID, db: Db, actor: Annotated[Actor, Depends(allow("account:admin"))]
) -> None:
    """End a session of the current user."""
    await sessions.revoke(db, actor, session_id)
