"""What a server process answers on its private socket: requests that others relay to it, and their notices.

Only the user who runs Headwater can open the socket (mode 0600), so what its headers say of the client is true.
"""

from __future__ import annotations

import uuid

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headwater.entrypoints.server.scrapes import Scrapes
from headwater.features.accounts import relay
from headwater.features.accounts.guard import AppState
from headwater.features.databases.service.pool import SessionPool


class PrivateDoor:
    """ASGI application of the private socket: that of the public one, and what only server processes may ask."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a notice, or a relayed request as if its client had sent it here."""
        if scope["path"].startswith("/private/"):
            answer = await self._answer(scope["method"], scope["path"].split("/")[2:])
            await answer(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["client"] = (headers.get(relay.CLIENT, ""), 0)
        scope["scheme"] = headers.get(relay.SCHEME, "http")
        scope["state"]["is_relayed"] = True
        await self.app(scope, receive, send)

    async def _answer(self, method: str, path: list[str]) -> Response:
        server: AppState = self.app.state.server
        match method, path:
            case "GET", ["metrics"]:
                return Response(await server.context.service(Scrapes).own_text(server.context))
            case "DELETE", ["databases", database_id, "sessions"]:
                await server.context.service(SessionPool).forget(uuid.UUID(database_id))
                return Response(status_code=204)
            case _:
                return Response(status_code=404)
