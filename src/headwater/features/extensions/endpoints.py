"""HTTP endpoints of the extensions of a database."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from headwater.features.accounts.guard import Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.extensions import api_models, service

router = APIRouter(tags=["extensions"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]
Confirmed = Annotated[bool, Query(description="Confirm the write to a protected database.")]


@router.get("/databases/{database_id}/extensions")
async def list_extensions(database_id: uuid.UUID, server: Shared, actor: Reader) -> list[api_models.ExtensionOut]:
    """List the extensions that the server of a database offers, and which are installed."""
    extensions = await service.available(server.context, actor, database_id)
    return [api_models.ExtensionOut.model_validate(extension) for extension in extensions]


@router.post("/databases/{database_id}/extensions", status_code=201)
async def install_extension(
    database_id: uuid.UUID, body: api_models.NewExtension, server: Shared, actor: Writer
) -> api_models.ExtensionOut:
    """Install an extension, with those it requires."""
    extension = await service.install(
        server.context, actor, database_id, body.name, schema=body.schema_, confirmed=body.confirmed
    )
    return api_models.ExtensionOut.model_validate(extension)


@router.post("/databases/{database_id}/extensions/{name}/update")
async def update_extension(
    database_id: uuid.UUID, name: api_models.Name, server: Shared, actor: Writer, confirmed: Confirmed = False
) -> api_models.ExtensionOut:
    """Update an extension to the version that the server offers."""
    extension = await service.update(server.context, actor, database_id, name, confirmed=confirmed)
    return api_models.ExtensionOut.model_validate(extension)


@router.delete("/databases/{database_id}/extensions/{name}", status_code=204)
async def remove_extension(
    database_id: uuid.UUID, name: api_models.Name, server: Shared, actor: Writer, confirmed: Confirmed = False
) -> None:
    """Remove an extension that nothing depends on."""
    await service.remove(server.context, actor, database_id, name, confirmed=confirmed)
