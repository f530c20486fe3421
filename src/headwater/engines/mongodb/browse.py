"""Pages of documents, and changes to single documents that nobody else has changed meanwhile."""

from __future__ import annotations

from typing import Any

from bson import encode

from headwater.catalog.entries import (
    ChangeOutcome,
    Collection,
    CollectionEntry,
    ElementPage,
    EntryChange,
    EntryPage,
    Search,
)
from headwater.catalog.results import QueryError
from headwater.engines import BrowsingSupport, Session
from headwater.engines.mongodb import policy
from headwater.engines.mongodb.command_results import outcome
from headwater.engines.mongodb.parser import MongoParser
from headwater.engines.mongodb.session import MongoSession
from headwater.engines.mongodb.statements import MongoStatement, with_id
from headwater.engines.mongodb.values import Document, display_text
from headwater.kit.errors import BadInput

LONGEST_BODY = 100_000
PAGE_MILLISECONDS = 20_000
PAGE_BYTES = 16 * 2**20
COUNT_MILLISECONDS = 2_000
COUNTED_HOLDERS = 100


async def _counted(session: MongoSession, name: str, condition: Document) -> int | None:
    command = {"count": name, "query": condition, "maxTimeMS": COUNT_MILLISECONDS}
    try:
        return int((await session.ask(command)).get("n", 0))
    except QueryError:  # too slow, or not allowed
        return None


async def _insert(session: MongoSession, collection: str, change: EntryChange) -> ChangeOutcome:
    document = with_id(_document(change.body, "document"))
    command: Document = {"insert": collection, "documents": [document]}
    _check(session, command, write=True)
    outcome(MongoStatement(command), await session.ask(command), 0)
    return ChangeOutcome(True, display_text(document["_id"]))


def _replacement(change: EntryChange) -> Document:
    given = _document(change.body, "document")
    if "_id" in given and display_text(given["_id"]) != change.id:
        raise BadInput("The _id of a document cannot be changed.", hint="Insert a new document and delete this one.")
    if operator := next((key for key in given if key.startswith("$")), None):
        raise BadInput(f"{operator} is an operator, not a field.", hint="Enter the whole document.")
    return {"_id": _value(change.id), **given}


def _entry(document: Document, most: int | None = None) -> CollectionEntry:
    body = display_text(document, indent=2)
    whole = most is None or len(body) <= most
    return CollectionEntry(
        display_text(document.get("_id")), "document", body if whole else body[:most], whole, length=len(body)
    )


def _value(text: str) -> Any:
    reader = MongoParser(text)
    value = reader.value()
    reader.skip()
    if reader.position < len(text):
        raise reader.wrong("There is text after the end of the value.")
    return value


def _document(text: str, what: str) -> Document:
    document = _value(text) if text.strip() else {}
    if not isinstance(document, dict):
        raise QueryError(f"The {what} is not a document.", hint='It looks like {"name": "value"}.', position=0)
    return document


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdigit():
        raise BadInput("The cursor does not belong to this list.", hint="Leave it out to start from the beginning.")
    return int(cursor)


def _check(session: MongoSession, command: Document, *, write: bool = False) -> None:
    policy.check(MongoStatement(command), 0, session.database.name, read_only=not write)


class MongoBrowsing(BrowsingSupport):
    """The documents of collections."""

    async def collections(self, session: Session) -> tuple[Collection, ...]:
        """Return the collections and views."""
        assert isinstance(session, MongoSession)
        listed = await session.all({"listCollections": 1, "cursor": {}})
        named = sorted(
            (collection for collection in listed if not collection["name"].startswith("system.")),
            key=lambda item: item["name"],
        )
        result = []
        for index, one in enumerate(named):
            view = one.get("type") == "view"
            count = await _counted(session, one["name"], {}) if index < COUNTED_HOLDERS and not view else None
            result.append(Collection(one["name"], "view" if view else "collection", count))
        return tuple(result)

    async def entries(self, session: Session, collection: str, search: Search) -> EntryPage:
        """Return documents, ordered by `_id` unless another order is given."""
        assert isinstance(session, MongoSession)
        condition = _document(search.filter, "filter")
        skipped = _place(search.cursor)
        command: Document = {
            "find": collection,
            "filter": condition,
            "sort": _document(search.sort, "sort") or {"_id": 1},
            "skip": skipped,
            "limit": search.limit + 1,
            "maxTimeMS": PAGE_MILLISECONDS,
        }
        _check(session, command)
        documents = await session.all(command, PAGE_BYTES)
        shown_now = documents[: search.limit]
        whole = len(documents) <= search.limit and sum(len(encode(document)) for document in documents) <= PAGE_BYTES
        after = None if whole else str(skipped + len(shown_now))
        total = await _counted(session, collection, condition) if search.cursor is None else None
        return EntryPage(tuple(_entry(document, most=LONGEST_BODY) for document in shown_now), after, total)

    async def entry(self, session: Session, collection: str, entry_id: str) -> CollectionEntry | None:
        """Return one complete document."""
        assert isinstance(session, MongoSession)
        command: Document = {"find": collection, "filter": {"_id": _value(entry_id)}, "limit": 1}
        _check(session, command)
        documents = await session.all(command)
        return _entry(documents[0]) if documents else None

    async def elements(self, session: Session, collection: str, entry_id: str, search: Search) -> ElementPage:
        """Refuse: a document has no elements."""
        raise BadInput("A document is always read as a whole.", hint="Read the entry.")

    async def change_entry(self, session: Session, collection: str, change: EntryChange) -> ChangeOutcome:
        """Insert, replace or delete one document."""
        assert isinstance(session, MongoSession)
        if change.kind == "insert":
            return await _insert(session, collection, change)
        wanted: Document = {"_id": _value(change.id)}
        if change.was is not None:
            # The server compares the whole document at the time of the write.
            wanted["$expr"] = {"$eq": ["$$ROOT", {"$literal": _document(change.was, "document")}]}
        if change.kind == "delete":
            command: Document = {"delete": collection, "deletes": [{"q": wanted, "limit": 1}]}
        elif change.kind == "replace":
            command = {"update": collection, "updates": [{"q": wanted, "u": _replacement(change), "multi": False}]}
        else:
            raise BadInput(f"A document cannot be changed by {change.kind}.", hint="Replace it.")
        _check(session, command, write=True)
        answer = await session.ask(command)
        outcome(MongoStatement(command), answer, 0)
        if answer.get("n"):
            return ChangeOutcome(True, change.id)
        now = await self.entry(session, collection, change.id)
        return ChangeOutcome(False, change.id, now.body if now else None)
