"""The keys of a Redis database as entries for browsing and editing."""

from __future__ import annotations

from headwater.catalog.entries import (
    ChangeOutcome,
    Collection,
    CollectionEntry,
    ElementPage,
    EntryChange,
    EntryPage,
    Search,
)
from headwater.engines import BrowsingSupport, Session
from headwater.engines.redis import browse, edit


class RedisBrowsing(BrowsingSupport):
    """Keys and the elements of their values."""

    async def collections(self, session: Session) -> tuple[Collection, ...]:
        return await browse.collections(session)

    async def entries(self, session: Session, collection: str, search: Search) -> EntryPage:
        return await browse.entries(session, collection, search)

    async def entry(self, session: Session, collection: str, entry_id: str) -> CollectionEntry | None:
        return await browse.entry(session, collection, entry_id)

    async def elements(self, session: Session, collection: str, entry_id: str, search: Search) -> ElementPage:
        return await browse.elements(session, collection, entry_id, search)

    async def change_entry(self, session: Session, collection: str, change: EntryChange) -> ChangeOutcome:
        return await edit.change_entry(session, collection, change)
