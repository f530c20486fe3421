"""Parses texts for MongoDB: command documents, or shell syntax such as `db.orders.find(…)`; both give commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId

from headwater.catalog.results import QueryError
from headwater.engines import Parameters
from headwater.engines.mongodb.parser import MongoParser
from headwater.engines.mongodb.values import Document, display_text
from headwater.kit.errors import did_you_mean

Arguments = list[Any]
_LINE_END = re.compile(r"[ \t]*(?:\n|;|$)")


@dataclass(frozen=True, slots=True)
class MongoStatement:
    """A command for the server and its position in the text; `only` is the part of the answer that is shown."""

    command: Document
    start: int = 0
    end: int = 0
    only: str = ""

    @property
    def name(self) -> str:
        """The name of the command: its first key."""
        return next(iter(self.command))


def statements(text: str, parameters: Parameters = None) -> list[MongoStatement]:
    """Return the commands of a text, one after another or separated by `;`.

    Raises:
        QueryError: the text is not a command; the error has its position.
    """
    if "\0" in text:
        raise QueryError("The text contains a NUL character.", hint="Take it out.", position=text.index("\0"))
    reader = MongoParser(text, parameters)
    parsed: list[MongoStatement] = []
    while True:
        while reader.take(";"):
            continue
        if reader.position >= len(text):
            break
        begin = reader.position
        try:
            statement = _statement(reader)
        except QueryError as error:
            error.statement = len(parsed)
            raise
        parsed.append(replace(statement, start=begin, end=len(text[: reader.position].rstrip())))
    if not parsed:
        raise QueryError("There is nothing to run.", hint='Try db.orders.find({}), or {"find": "orders"}.')
    return parsed


def _statement(reader: MongoParser) -> MongoStatement:
    if reader.peek("{"):
        begin = reader.position
        command = reader.value()
        if not isinstance(command, dict) or not command:
            raise reader.wrong(
                "This is not a command.", begin, 'A command looks like {"find": "orders", "filter": {}}.'
            )
        return MongoStatement(command)
    begin, word = reader.position, reader.word()
    if word == "show":
        what = reader.word()
        if what in {"collections", "tables"}:
            return MongoStatement({"listCollections": 1, "nameOnly": True})
        raise reader.wrong(f"The command show {what} is not supported.", begin, "Use show collections.")
    if word != "db":
        raise reader.wrong(
            "This is not a command.", begin, 'Begin with db.collection.find({}), or {"find": "collection"}.'
        )
    return _shell(reader)


def _shell(reader: MongoParser) -> MongoStatement:
    """Parse what follows `db`: names, a method, and chained methods."""
    path: list[str] = []
    while True:
        if reader.peek("["):
            path += [str(name) for name in reader.listed("[", "]")]
            continue
        reader.expect(".")
        begin = reader.position
        name = reader.word()
        if name is None:
            raise reader.wrong("A name is missing here.", hint="Write db.collection.find({}).")
        if not reader.peek("("):
            path.append(name)
            continue
        given = reader.listed("(", ")")
        if name == "getCollection" and not path and len(given) == 1:
            path.append(str(given[0]))
            continue
        statement = _made(reader, begin, ".".join(path), name, given)
        return _chained(reader, statement)


def _made(reader: MongoParser, begin: int, collection: str, name: str, given: Arguments) -> MongoStatement:
    known = METHODS if collection else DATABASE_METHODS
    if name not in known:
        raise reader.wrong(f"{name} is not supported.", begin, did_you_mean(name, known))
    try:
        return known[name](collection, *given)
    except TypeError as error:
        raise reader.wrong(f"{name} does not take {len(given)} arguments.", begin) from error


def _chained(reader: MongoParser, statement: MongoStatement) -> MongoStatement:
    """Parse the methods after a find or aggregate."""
    while not _LINE_END.match(reader.text, reader.position) or reader.peek("."):
        if not reader.take("."):
            break
        begin, name = reader.position, reader.word() or ""
        given = reader.listed("(", ")")
        if name in {"toArray", "pretty"} and not given:
            continue
        if name == "explain":
            statement = MongoStatement(
                {"explain": statement.command, "verbosity": str(given[0]) if given else "queryPlanner"}
            )
        elif name == "count" and statement.name == "find":
            statement = _count(statement.command["find"], statement.command.get("filter"))
        elif name in _CURSOR and statement.name in {"find", "aggregate"} and len(given) == 1:
            statement.command[_CURSOR[name]] = given[0]
        else:
            raise reader.wrong(f"{name} is not supported.", begin, did_you_mean(name, [*_CURSOR, "explain", "count"]))
    return statement


_CURSOR = {
    "sort": "sort",
    "limit": "limit",
    "skip": "skip",
    "hint": "hint",
    "collation": "collation",
    "max": "max",
    "min": "min",
    "projection": "projection",
    "batchSize": "batchSize",
    "comment": "comment",
    "maxTimeMS": "maxTimeMS",
}


def _find(collection: str, condition: Any = None, projection: Any = None, options: Any = None) -> MongoStatement:
    command = {"find": collection, "filter": condition or {}}
    return MongoStatement({**command, **({"projection": projection} if projection else {}), **(options or {})})


def _find_one(collection: str, condition: Any = None, projection: Any = None) -> MongoStatement:
    statement = _find(collection, condition, projection)
    return replace(statement, command={**statement.command, "limit": 1})


def _aggregate(collection: str, *given: Any) -> MongoStatement:
    stages = given[0] if given and isinstance(given[0], list) else list(given)
    options = given[1] if len(given) > 1 and isinstance(given[0], list) else {}
    return MongoStatement({"aggregate": collection, "pipeline": stages, "cursor": {}, **options})


def _count(collection: str, condition: Any = None) -> MongoStatement:
    stages = [
        {"$match": condition or {}},
        {"$group": {"_id": None, "n": {"$sum": 1}}},
        {"$project": {"_id": 0, "n": 1}},
    ]
    return MongoStatement({"aggregate": collection, "pipeline": stages, "cursor": {}}, only="n")


def _distinct(collection: str, key: Any, condition: Any = None) -> MongoStatement:
    return MongoStatement({"distinct": collection, "key": key, "query": condition or {}})


def with_id(document: Any) -> Any:
    """Return a document with an `_id` in front; an existing one is kept."""
    return {"_id": ObjectId(), **document} if isinstance(document, dict) and "_id" not in document else document


def _insert_many(collection: str, documents: Any, options: Any = None) -> MongoStatement:
    given = [with_id(document) for document in documents] if isinstance(documents, list) else documents
    return MongoStatement({"insert": collection, "documents": given, **(options or {})})


def _update(multi: bool) -> Callable[..., MongoStatement]:
    def made(collection: str, condition: Any, change: Any, options: Any = None) -> MongoStatement:
        update = {"q": condition, "u": change, "multi": multi, **(options or {})}
        return MongoStatement({"update": collection, "updates": [update]})

    return made


def _delete(limit: int) -> Callable[..., MongoStatement]:
    def made(collection: str, condition: Any, options: Any = None) -> MongoStatement:
        return MongoStatement({"delete": collection, "deletes": [{"q": condition, "limit": limit, **(options or {})}]})

    return made


def _find_and(change: str) -> Callable[..., MongoStatement]:
    def made(collection: str, condition: Any, *rest: Any) -> MongoStatement:
        update, options = (rest[0], rest[1:]) if change == "update" else (None, rest)
        chosen = dict(options[0]) if options else {}
        after = chosen.pop("returnDocument", None) == "after" or chosen.pop("returnNewDocument", False)
        what = {"update": update, "new": bool(after)} if change == "update" else {"remove": True}
        return MongoStatement({"findAndModify": collection, "query": condition, **what, **chosen})

    return made


def _create_index(collection: str, keys: Any, options: Any = None) -> MongoStatement:
    named = keys if isinstance(keys, dict) else {str(keys): 1}
    name = "_".join(f"{key}_{display_text(way).strip(chr(34))}" for key, way in named.items())
    return MongoStatement({"createIndexes": collection, "indexes": [{"key": named, "name": name, **(options or {})}]})


def _create(_: str, name: Any, options: Any = None) -> MongoStatement:
    return MongoStatement({"create": name, **(options or {})})


def _on(command: str, **more: Any) -> Callable[..., MongoStatement]:
    return lambda collection: MongoStatement({command: collection or 1, **more})


METHODS: Mapping[str, Callable[..., MongoStatement]] = {
    "find": _find,
    "findOne": _find_one,
    "aggregate": _aggregate,
    "countDocuments": _count,
    "count": _count,
    "estimatedDocumentCount": _on("count"),
    "distinct": _distinct,
    "insertOne": lambda collection, document, options=None: _insert_many(collection, [document], options),
    "insertMany": _insert_many,
    "updateOne": _update(False),
    "updateMany": _update(True),
    "replaceOne": _update(False),
    "deleteOne": _delete(1),
    "deleteMany": _delete(0),
    "findOneAndUpdate": _find_and("update"),
    "findOneAndReplace": _find_and("update"),
    "findOneAndDelete": _find_and("remove"),
    "createIndex": _create_index,
    "getIndexes": _on("listIndexes"),
    "drop": _on("drop"),
    "stats": _on("collStats"),
    "dropIndex": lambda collection, index: MongoStatement({"dropIndexes": collection, "index": index}),
    "dropIndexes": lambda collection: MongoStatement({"dropIndexes": collection, "index": "*"}),
}
DATABASE_METHODS: Mapping[str, Callable[..., MongoStatement]] = {
    "runCommand": lambda _, command: MongoStatement(command if isinstance(command, dict) else {str(command): 1}),
    "createCollection": _create,
    "stats": _on("dbStats"),
    "getCollectionNames": _on("listCollections", nameOnly=True),
    "getCollectionInfos": _on("listCollections"),
    "version": _on("buildInfo"),
}
