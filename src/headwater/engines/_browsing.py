"""The protocol of engines without tables."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from headwater.catalog.entries import ChangeOutcome, Entry, EntryChange, EntryPage, Holder, PartPage, Search
from headwater.engines._session import Session


@runtime_checkable
class Browses(Protocol):
    """An engine whose databases hold entries and not rows: documents, or keys."""

    async def holders(self, session: Session) -> tuple[Holder, ...]:
        """Return what holds entries, by name."""

    async def entries(self, session: Session, holder: str, search: Search) -> EntryPage:
        """Return a page of entries.

        Raises:
            QueryError: the filter or the sort is not understood.
            BadInput: the cursor was made for another list.
        """

    async def entry(self, session: Session, holder: str, entry_id: str) -> Entry | None:
        """Return one entry, or None when there is none."""

    async def parts(self, session: Session, holder: str, entry_id: str, search: Search) -> PartPage:
        """Return a page of the parts of an entry; BadInput where entries have none."""

    async def change(self, session: Session, holder: str, change: EntryChange) -> ChangeOutcome:
        """Change one entry, if it is still what it was.

        Raises:
            QueryError: the database refused it.
            BadInput: what is given is no such entry.
        """
