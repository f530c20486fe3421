"""HTTP endpoints of entries: documents and keys, read in pages and changed one at a time."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from headwater.catalog.entries import EntryChange, Search
from headwater.features.accounts.guard import Shared, allow
from headwater.features.accounts.rights import Actor
from headwater.features.documents import api_models, service

router = APIRouter(tags=["entries"])
Reader = Annotated[Actor, Depends(allow("database:read"))]
Writer = Annotated[Actor, Depends(allow("database:write"))]


@router.get("/databases/{database_id}/holders")
async def list_holders(database_id: uuid.UUID, server: Shared, actor: Reader) -> list[api_models.HolderOut]:
    """List the collections and views of a database, or one holder for all its keys."""
    collections = await service.holders(server.context, actor, database_id)
    return [api_models.HolderOut.model_validate(collection) for collection in collections]


@router.post("/databases/{database_id}/entries")
async def read_entries(
    database_id: uuid.UUID, body: api_models.EntriesIn, server: Shared, actor: Reader
) -> api_models.EntriesOut:
    """Read a page of documents or keys, filtered and sorted."""
    search = Search(body.filter, body.sort, body.cursor, body.limit)
    entry_page = await service.page(server.context, actor, database_id, body.holder, search)
    return api_models.EntriesOut.model_validate(entry_page)


@router.post("/databases/{database_id}/entries/one")
async def read_entry(
    database_id: uuid.UUID, body: api_models.EntryIn, server: Shared, actor: Reader
) -> api_models.EntryOut:
    """Read a whole document, or a key."""
    entry = await service.read(server.context, actor, database_id, body.holder, body.id)
    return api_models.EntryOut.model_validate(entry)


@router.post("/databases/{database_id}/entries/parts")
async def read_parts(
    database_id: uuid.UUID, body: api_models.PartsIn, server: Shared, actor: Reader
) -> api_models.PartsOut:
    """Read a page of the fields, items, members or stream entries of a key."""
    search = Search(body.filter, "", body.cursor, body.limit)
    element_page = await service.parts(server.context, actor, database_id, body.holder, body.id, search)
    return api_models.PartsOut.model_validate(element_page)


@router.post("/databases/{database_id}/entries/changes")
async def change_entry(
    database_id: uuid.UUID, body: api_models.EntryChangeIn, server: Shared, actor: Writer
) -> api_models.EntryChangeOut:
    """Insert, replace, delete or expire an entry, or set or remove one of its parts, if it has not changed."""
    change = EntryChange(body.kind, body.id, body.type, body.part, body.body, body.was, body.seconds)
    outcome = await service.change(server.context, actor, database_id, body.holder, change, confirmed=body.confirmed)
    return api_models.EntryChangeOut.model_validate(outcome)
