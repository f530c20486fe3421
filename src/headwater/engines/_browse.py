"""The protocol of engines without tables."""

from __future__ import annotations

from typing import Protocol

from headwater.catalog.entries import (
    ChangeOutcome,
    Collection,
    CollectionEntry,
    ElementPage,
    EntryChange,
    EntryPage,
    Search,
)
from headwater.engines._session import Session


class BrowsingSupport(Protocol):
    """An engine whose databases contain entries instead of rows: documents or keys."""

    async def collections(self, session: Session) -> tuple[Collection, ...]:
        """Return the collections by name."""

    async def entries(self, session: Session, collection: str, search: Search) -> EntryPage:
        """Return a page of entries.

        Raises:
            QueryError: the filter or the sort is not understood.
            BadInput: the cursor belongs to another list.
        """

    async def entry(self, session: Session, collection: str, entry_id: str) -> CollectionEntry | None:
        """Return one entry, or None if it does not exist."""

    async def elements(self, session: Session, collection: str, entry_id: str, search: Search) -> ElementPage:
        """Return a page of the elements of an entry; raises BadInput if this kind of entry has no elements."""

    async def change_entry(self, session: Session, collection: str, change: EntryChange) -> ChangeOutcome:
        """Change one entry, unless it has changed since it was read.

        Raises:
            QueryError: the database refused it.
            BadInput: the new value is not valid for the entry.
        """
