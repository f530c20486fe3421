"""The door-keeper of every route: opens its transaction, finds out who asks, and checks what the route declares.

Each route declares one thing: `Depends(allow("project:read"))`, `Depends(public)` or, where a cookie speaks,
`Depends(same_origin)`. A test walks the routes and fails for one that declares nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol, TypeAlias
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Action, Actor, allow_scope
from headwater.features.accounts.service import identity
from headwater.features.accounts.service.identity import ClientInfo
from headwater.features.accounts.throttle import SignInThrottle
from headwater.features.accounts.tokens import Signer
from headwater.kit.errors import Forbidden, Unauthenticated
from headwater.kit.paging import DEFAULT_LIMIT, MAX_LIMIT
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.session import Store

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_bearer = HTTPBearer(auto_error=False, description="An access token, or an API key `hw_…`.")


class SignupHook(Protocol):
    """What a room above does for a new account, in the transaction of the sign-up."""

    async def __call__(self, db: AsyncSession, actor: Actor, settings: Settings) -> None:
        """Prepare the new account."""


@dataclass(frozen=True, slots=True)
class AppState:
    """What the routes share: set on the application when it starts."""

    context: Context
    signer: Signer
    throttle: SignInThrottle
    signup_hooks: tuple[SignupHook, ...] = ()
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def settings(self) -> Settings:
        """The settings of the process."""
        return self.context.settings

    @property
    def database(self) -> Store:
        """The store."""
        return self.context.store


def state_of(request: Request) -> AppState:
    """Return what the routes share."""
    server: AppState = request.app.state.server
    return server


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    async with state_of(request).database.transaction() as db:
        yield db


def client_info(request: Request) -> ClientInfo:
    """Return where a request comes from."""
    ip = request.client.host if request.client else ""
    return ClientInfo(ip, request.headers.get("user-agent", ""))


# Function scope: the transaction is committed before the answer is sent, so that what is answered is true.
Db: TypeAlias = Annotated[AsyncSession, Depends(_transaction, scope="function")]
Shared: TypeAlias = Annotated[AppState, Depends(state_of)]
Client: TypeAlias = Annotated[ClientInfo, Depends(client_info)]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor: TypeAlias = Annotated[str | None, Query(max_length=2000)]
DEFAULT_PAGE = DEFAULT_LIMIT


def credential_of(request: Request) -> str:
    """Return the bearer credential of a request, or raise Unauthenticated."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise Unauthenticated
    return credential.strip()


def allow(action: Action) -> Callable[..., Awaitable[Actor]]:
    """Declare the action of a route, and give it the actor, whose key must have the scope for it."""

    async def actor(request: Request, db: Db, _: Annotated[object, Depends(_bearer)]) -> Actor:
        server = state_of(request)
        found = await identity.actor_of_token(db, server.signer, client_info(request), credential_of(request))
        allow_scope(found, action)
        request.state.actor = found
        return found

    actor.declares = action  # type: ignore[attr-defined]
    return actor


def allow_detached(action: Action) -> Callable[..., Awaitable[Actor]]:
    """As `allow`, for routes that stream: who asks is found in a short transaction that ends before the work begins."""

    async def actor(request: Request, _: Annotated[object, Depends(_bearer)]) -> Actor:
        server = state_of(request)
        async with server.database.transaction() as db:
            found = await identity.actor_of_token(db, server.signer, client_info(request), credential_of(request))
        allow_scope(found, action)
        request.state.actor = found
        return found

    actor.declares = action  # type: ignore[attr-defined]
    return actor


async def public() -> None:
    """Declare that a route is for everybody."""


async def same_origin(request: Request) -> None:
    """Declare a route to which a cookie speaks: only pages of this very server may call it."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden("This request comes from another site.")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("This request comes from another site.")


public.declares = "public"  # type: ignore[attr-defined]
same_origin.declares = "same-origin cookie"  # type: ignore[attr-defined]
