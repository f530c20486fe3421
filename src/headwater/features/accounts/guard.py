"""The dependencies of every route: its transaction, authentication, and the check of the declared permission.

Each route declares one thing: `Depends(allow("project:read"))`, `Depends(public)` or, where a cookie authenticates,
`Depends(same_origin)`. A test fails for a route that declares none of these.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeAlias, TypeVar

from fastapi import Depends, Query, Request
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Action, Actor, allow_scope
from headwater.features.accounts.service import identity
from headwater.features.accounts.service.identity import ClientInfo
from headwater.features.accounts.tokens import Signer
from headwater.kit import logs
from headwater.kit.errors import Forbidden, Unauthenticated
from headwater.kit.paging import DEFAULT_LIMIT, MAX_LIMIT
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.session import Store

EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_bearer = HTTPBearer(auto_error=False, description="An access token, or an API key `hw_…`.")


class SignupHook(Protocol):
    """A function of another feature that runs for each new account, in the transaction of the sign-up."""

    async def __call__(self, db: AsyncSession, actor: Actor, settings: Settings) -> None:
        """Prepare the new account."""


@dataclass(frozen=True, slots=True)
class AppState:
    """State that the routes share; set on the application when it starts."""

    context: Context
    signer: Signer
    signup_hooks: tuple[SignupHook, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings of the process."""
        return self.context.settings

    @property
    def database(self) -> Store:
        """The store."""
        return self.context.store


def state_of(request: Request) -> AppState:
    """Return the state that the routes share."""
    server: AppState = request.app.state.server
    return server


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    async with state_of(request).database.transaction() as db:
        yield db


def client_info(request: Request) -> ClientInfo:
    """Return the client's address and user agent."""
    ip = request.client.host if request.client else ""
    return ClientInfo(ip, request.headers.get("user-agent", ""))


# Coroutines, because FastAPI runs plain functions in threads, which costs more than what these do.
async def _shared(request: Request) -> AppState:
    return state_of(request)


async def _client(request: Request) -> ClientInfo:
    return client_info(request)


# Function scope: the transaction is committed before the answer is sent, so that the answer is true.
Db: TypeAlias = Annotated[AsyncSession, Depends(_transaction, scope="function")]
Shared: TypeAlias = Annotated[AppState, Depends(_shared)]
Client: TypeAlias = Annotated[ClientInfo, Depends(_client)]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor: TypeAlias = Annotated[str | None, Query(max_length=2000)]
DEFAULT_PAGE = DEFAULT_LIMIT


def page_url(request: Request, page: str, token: str) -> str:
    """Return the address of a page of the web app with a token in its fragment, which browsers do not send."""
    base = f"{request.url.scheme}://{request.headers.get('host')}/{page}"
    return f"{base}#{token}" if token else base


def credential_of(request: Request) -> str:
    """Return the bearer credential of a request, or raise Unauthenticated."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise Unauthenticated
    return credential.strip()


def _remember(request: Request, actor: Actor) -> None:
    """Name the actor in the log of the request, and to those who record its refusal."""
    request.state.actor = actor
    logs.bind(user=str(actor.user_id or ""), key=str(actor.key_id or ""))


def allow(action: Action) -> Callable[..., Awaitable[Actor]]:
    """Declare the action of a route and return a dependency that yields the actor, after checking the key's scope.

    It needs no transaction, so that a route that streams holds none, and one that reads a single row begins none.
    """

    async def actor(request: Request, _: Annotated[object, Depends(_bearer)]) -> Actor:
        server = state_of(request)
        identified = await identity.actor_of_token(
            server.context, server.signer, client_info(request), credential_of(request)
        )
        _remember(request, identified)
        allow_scope(identified, action)
        return identified

    actor.declares = action  # type: ignore[attr-defined]
    return actor


def body_limit(size: int | None) -> Callable[[EndpointT], EndpointT]:
    """Declare that a route takes larger bodies than others; None: it limits the body while it streams it to a file."""

    def declare(endpoint: EndpointT) -> EndpointT:
        endpoint.body_limit = size  # type: ignore[attr-defined]
        return endpoint

    return declare


def sends(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Describe a route whose successful responses are files of these media types, for its `responses`."""
    names = dict.fromkeys(media_type.partition(";")[0] for media_type in media_types)
    file = {"type": "string", "format": "binary"}
    kinds = {name: {} if name == "application/json" or name.endswith("+json") else file for name in names}
    return {200: {"content": {name: {"schema": schema} for name, schema in kinds.items()}}}


async def public() -> None:
    """Declare that a route needs no authentication."""


async def same_origin(request: Request) -> None:
    """Declare a route that a cookie authenticates: only pages of this server may call it."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden("This request comes from another site.")
    origin = request.headers.get("origin")
    # The second scheme is what a proxy says that we do not know: pages of other sites cannot set this header.
    schemes = {request.url.scheme, request.headers.get("x-forwarded-proto", request.url.scheme)}
    if origin is not None and origin not in {f"{scheme}://{request.headers.get('host')}" for scheme in schemes}:
        raise Forbidden(
            "This request comes from another site.",
            hint="Behind a proxy, let it send X-Forwarded-Proto and the Host that the browser sent.",
        )


public.declares = "public"  # type: ignore[attr-defined]
same_origin.declares = "same-origin cookie"  # type: ignore[attr-defined]
