"""Inspects a MongoDB database: collections with the fields of sampled documents, indexes, validators, views."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from headwater.catalog.model import Attributes, Check, Column, Index, Relation, Schema
from headwater.catalog.results import QueryError
from headwater.engines import Session
from headwater.engines.mongodb.ddl import CREATE_OPTIONS
from headwater.engines.mongodb.session import MongoSession
from headwater.engines.mongodb.values import Document, display_text, type_of

SAMPLE = 300
SAMPLE_MILLISECONDS = 5000
SAMPLED_BYTES = 16 * 2**20
MOST_FIELDS = 500
DEEPEST = 8
_INDEX_OPTIONS = (
    "sparse",
    "expireAfterSeconds",
    "hidden",
    "collation",
    "wildcardProjection",
    "weights",
    "default_language",
    "language_override",
    "textIndexVersion",
    "2dsphereIndexVersion",
    "bits",
    "min",
    "max",
    "prepareUnique",
    "storageEngine",
)


async def inspect(session: Session) -> Schema:
    """Return the collections and views of the database."""
    assert isinstance(session, MongoSession)
    collections = await session.all({"listCollections": 1, "cursor": {}})
    named = sorted(
        (collection for collection in collections if not collection["name"].startswith("system.")),
        key=lambda item: item["name"],
    )
    return Schema(tuple([await _relation(session, collection) for collection in named]))


async def _relation(session: MongoSession, listing: Document) -> Relation:
    name, options = str(listing["name"]), listing.get("options") or {}
    documents = await _sampled(session, name)
    validator = options.get("validator")
    columns = fields(documents, _required(validator))
    if listing.get("type") == "view":
        definition = display_text({"viewOn": options.get("viewOn"), "pipeline": options.get("pipeline", [])})
        return Relation(
            name,
            columns,
            kind="view",
            definition=definition,
            inferred_from=len(documents),
            attrs=_attrs(None, options),
        )
    rows, size = await _sizes(session, name)
    return Relation(
        name,
        columns,
        kind="collection",
        primary_key=("_id",),
        indexes=await _indexes(session, name),
        checks=(Check(display_text(validator), "validator"),) if validator else (),
        inferred_from=len(documents),
        rows=rows,
        size_bytes=size,
        attrs=_attrs(listing.get("type"), options),
    )


async def _sampled(session: MongoSession, name: str) -> list[Document]:
    pipeline = [{"$sample": {"size": SAMPLE}}]
    command = {"aggregate": name, "pipeline": pipeline, "cursor": {}, "maxTimeMS": SAMPLE_MILLISECONDS}
    try:
        return await session.all(command, SAMPLED_BYTES)
    except QueryError:  # too slow, not allowed, or a view on a missing collection
        return []


def fields(documents: Iterable[Document], required: Iterable[str] = ()) -> tuple[Column, ...]:
    """Return the fields of documents as columns: nested ones by dotted names, nullable if some lack them."""
    types: dict[str, Counter[str]] = defaultdict(Counter)
    present: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    for document in documents:
        holders[""] += 1
        seen: set[str] = set()
        _note(document, "", types, seen, 0)
        present.update(seen)
    wanted = {"_id", *required}
    columns = []
    for name, counts in list(types.items())[:MOST_FIELDS]:
        kinds = sorted(kind for kind in counts if kind != "null") or ["null"]
        nullable = "null" in counts or present[name] < holders[""]
        columns.append(Column(name, " | ".join(kinds), nullable=nullable and name not in wanted))
    return tuple(columns) or (Column("_id", "objectId", nullable=False),)


def _note(value: Document, before: str, types: dict[str, Counter[str]], seen: set[str], depth: int) -> None:
    for key, of in value.items():
        name = f"{before}{key}"
        seen.add(name)
        if isinstance(of, list):
            kinds = sorted({type_of(value) for value in of})
            types[name][f"array<{' | '.join(kinds)}>" if kinds else "array"] += 1
        else:
            types[name][type_of(of)] += 1
        for inner in of if isinstance(of, list) else [of]:
            if isinstance(inner, dict) and depth < DEEPEST:
                _note(inner, f"{name}.", types, seen, depth + 1)


def _required(validator: Any) -> list[str]:
    schema = validator.get("$jsonSchema") if isinstance(validator, dict) else None
    named = schema.get("required") if isinstance(schema, dict) else None
    return [str(name) for name in named] if isinstance(named, list) else []


async def _sizes(session: MongoSession, name: str) -> tuple[int | None, int | None]:
    try:
        rows = await session.ask({"collStats": name})
    except QueryError:
        return None, None
    return int(rows.get("count", 0)), int(rows.get("storageSize", 0)) + int(rows.get("totalIndexSize", 0))


async def _indexes(session: MongoSession, name: str) -> tuple[Index, ...]:
    try:
        listed = await session.all({"listIndexes": name, "cursor": {}})
    except QueryError:
        return ()
    indexes = [_index(index) for index in listed if index["name"] != "_id_" and not index.get("clustered")]
    return tuple(sorted(indexes, key=lambda item: item.name or ""))


def _index(document: Document) -> Index:
    keys: Mapping[str, Any] = document["key"]
    extra = {option: display_text(document[option]) for option in _INDEX_OPTIONS if option in document}
    if any(way != 1 for way in keys.values()):
        extra["keys"] = display_text(dict(keys))
    partial = document.get("partialFilterExpression")
    return Index(
        str(document["name"]),
        tuple(keys),
        unique=bool(document.get("unique")),
        where=display_text(partial) if partial else None,
        attrs=tuple(sorted(extra.items())),
    )


def _attrs(kind: Any, options: Document) -> Attributes:
    attrs = {"kind": str(kind)} if kind not in {None, "collection"} else {}
    attrs |= {option: display_text(options[option]) for option in CREATE_OPTIONS if option in options}
    return tuple(sorted(attrs.items()))


def attribute(relation: Relation, name: str) -> str | None:
    """Return the options of a collection, as relaxed Extended JSON."""
    return dict(relation.attrs).get(name)
