"""HTTP endpoints of identity providers: sign-in with them, and the identities that are linked to an account.

A flow begins with a POST, which keeps a signed token in a cookie; the provider leads the browser back to the page
`/sign-in/{provider}` of the web app, which sends what it brings in another POST. So no other site can begin or
complete one, and the cookie is never sent with requests of other sites.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from headwater.features.accounts import identity_models as shapes
from headwater.features.accounts.api_models import ListOf, SignedInOut
from headwater.features.accounts.endpoints import flow_cookies
from headwater.features.accounts.endpoints.passkeys import passkey_result
from headwater.features.accounts.endpoints.session_cookie import signed_in_answer
from headwater.features.accounts.guard import (
    AppState,
    Client,
    Db,
    Shared,
    allow,
    page_url,
    public,
    same_origin,
)
from headwater.features.accounts.passkey_models import SecondStepIn
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import proofs
from headwater.features.accounts.service.federation import accounts, code_flow, identities
from headwater.features.accounts.service.federation.accounts import SecondStepNeeded
from headwater.features.accounts.service.federation.assertions import Assertion, provider_of
from headwater.features.accounts.service.federation.code_flow import Flow, FlowPurpose, FlowRequest, ProviderAnswer
from headwater.features.accounts.service.identity import ClientInfo
from headwater.features.accounts.service.second_step import SecondStep

router = APIRouter(prefix="/auth", tags=["auth"])
Admin = Annotated[Actor, Depends(allow("account:admin"))]


@router.get("/providers", dependencies=[Depends(public)])
async def list_providers(server: Shared) -> ListOf[shapes.ProviderOut]:
    """List the identity providers with which users can sign in."""
    return ListOf(items=[shapes.ProviderOut.model_validate(provider) for provider in server.settings.oidc_providers])


@router.post("/oidc/{provider}/start", dependencies=[Depends(same_origin)])
async def start_sign_in(
    provider: str, body: shapes.FlowStartIn, request: Request, response: Response, server: Shared, visitor: Client
) -> shapes.NewFlowOut:
    """Begin to sign in with a provider: the browser goes to the address that is returned.

    An account that is about to be deleted (401 `account_ending` at the end) is kept with `keep_account`.
    """
    uri = _redirect_uri(request, server, provider)
    wanted = FlowRequest(
        provider, "sign_in", uri, next=body.next, invitation=body.invitation, keep_account=body.keep_account
    )
    return await _begin(request, response, server, visitor, wanted)


@router.post("/oidc/{provider}/callback", dependencies=[Depends(same_origin)])
async def complete_sign_in(
    provider: str, body: shapes.FlowAnswerIn, request: Request, response: Response, server: Shared, visitor: Client
) -> shapes.FlowResultOut:
    """Complete a sign-in with what the provider has sent; if the account has a second factor, it waits for that."""
    answer = _provider_answer(request, response, server, provider, body)
    flow, outcome = await accounts.complete_sign_in(server.context, server.signer, visitor, answer, server.signup_hooks)
    if isinstance(outcome, SecondStepNeeded):
        flow_cookies.put_ticket(response, server, outcome.ticket, int(accounts.TICKET_LASTS.total_seconds()))
        return shapes.FlowResultOut(next=flow.next, second_factor=True, session=None)
    session = signed_in_answer(response, server, outcome)
    return shapes.FlowResultOut(next=flow.next, second_factor=False, session=session)


@router.post("/oidc/second-step", dependencies=[Depends(same_origin)])
async def take_second_step(
    body: SecondStepIn, request: Request, response: Response, server: Shared, visitor: Client
) -> SignedInOut:
    """Complete a sign-in with a provider to an account with a second factor."""
    ticket, step = flow_cookies.ticket_of(request, server), SecondStep(body.code, passkey_result(request, body.passkey))
    signed_in = await accounts.sign_in_with_second_step(server.context, server.signer, visitor, ticket, step)
    flow_cookies.drop_ticket(response, server)
    return signed_in_answer(response, server, signed_in)


@router.get("/identities")
async def list_identities(
    db: Db, server: Shared, actor: Annotated[Actor, Depends(allow("account:credentials"))]
) -> ListOf[shapes.IdentityOut]:
    """List the identities that are linked to the account of the current user."""
    views = await identities.list_identities(db, actor, server.settings)
    return ListOf(items=[shapes.IdentityOut.model_validate(view) for view in views])


@router.post("/identities/start")
async def start_in_session(
    body: shapes.SessionFlowIn, request: Request, response: Response, server: Shared, visitor: Client, actor: Admin
) -> shapes.NewFlowOut:
    """Begin to link an identity to the account, or to prove by a fresh sign-in who uses the session."""
    identities.check_start(server.context, actor, body.provider, body.purpose)
    uri = _redirect_uri(request, server, body.provider)
    wanted = FlowRequest(body.provider, body.purpose, uri, next=body.next, session_id=actor.session_id)
    return await _begin(request, response, server, visitor, wanted)


@router.post("/identities", status_code=201)
async def link_identity(
    body: shapes.SessionFlowAnswerIn,
    request: Request,
    response: Response,
    server: Shared,
    visitor: Client,
    actor: Admin,
) -> shapes.NextOut:
    """Link the identity with which the current user has signed in at a provider."""
    answer = _provider_answer(request, response, server, body.provider, body)
    flow, assertion = await _completed(server, visitor, answer, "link")
    await accounts.link(server.context, actor, flow, assertion)
    return shapes.NextOut(next=flow.next)


@router.post("/identities/proof")
async def prove_by_identity(
    body: shapes.SessionFlowAnswerIn,
    request: Request,
    response: Response,
    server: Shared,
    visitor: Client,
    actor: Admin,
) -> shapes.NextOut:
    """Prove by a fresh sign-in at a provider that the session is used by its user."""
    answer = _provider_answer(request, response, server, body.provider, body)
    flow, assertion = await _completed(server, visitor, answer, "proof")
    await accounts.check_proof(server.context, actor, flow, assertion)
    await proofs.record(server.context, actor)
    return shapes.NextOut(next=flow.next)


@router.delete("/identities/{identity_id}", status_code=204)
async def unlink_identity(
    identity_id: uuid.UUID, db: Db, server: Shared, actor: Annotated[Actor, Depends(allow("account:admin"))]
) -> None:
    """Unlink an identity; the last way to sign in stays."""
    await identities.unlink(db, actor, server.settings, identity_id)


async def _completed(
    server: AppState, visitor: ClientInfo, answer: ProviderAnswer, purpose: FlowPurpose
) -> tuple[Flow, Assertion]:
    """Return a flow of a session with what the provider says of its user, as a counted attempt."""
    await accounts.count_attempt(server.context, visitor)
    return await code_flow.complete(server.context, server.signer, answer, purpose)


def _redirect_uri(request: Request, server: AppState, provider: str) -> str:
    return page_url(request, f"sign-in/{provider_of(server.settings, provider).id}", "")


def _provider_answer(
    request: Request, response: Response, server: AppState, provider: str, body: shapes.FlowAnswerIn
) -> ProviderAnswer:
    token = flow_cookies.take_flow(request, response, server, body.state)
    return ProviderAnswer(provider, body.state, token, code=body.code, issuer=body.iss, error=body.error)


async def _begin(
    request: Request, response: Response, server: AppState, visitor: Client, wanted: FlowRequest
) -> shapes.NewFlowOut:
    await accounts.count_attempt(server.context, visitor)
    flow = await code_flow.begin(server.context, server.signer, wanted)
    seconds = int(code_flow.LASTS.total_seconds())
    flow_cookies.put_flow(request, response, server, flow.state, flow.token, seconds)
    return shapes.NewFlowOut(url=flow.url)
