"""Decides which commands are allowed: those on documents, collections and indexes, without JavaScript."""

from __future__ import annotations

from typing import Any, Literal

from headwater.catalog.results import QueryError
from headwater.engines.mongodb.statements import MongoStatement
from headwater.engines.mongodb.values import Document, walk
from headwater.kit.errors import did_you_mean

READ_ONLY = "25006"
_READS_NAMES = """
find aggregate count distinct explain listCollections listIndexes collStats dbStats dataSize ping hello buildInfo
connectionStatus
"""
READS = frozenset(_READS_NAMES.split())
WRITES = frozenset(
    {
        "insert",
        "update",
        "delete",
        "findAndModify",
        "create",
        "createIndexes",
        "drop",
        "dropIndexes",
        "collMod",
    }
)
# Fields that the driver sets, or that would redirect the command.
OURS = frozenset({"lsid", "txnNumber", "startTransaction", "autocommit", "apiVersion", "apiStrict", "mechanism"})
JAVASCRIPT = frozenset({"$where", "$function", "$accumulator", "$code", "$_internalJsEmit"})
ELSEWHERE = frozenset({"$currentOp", "$listSessions", "$listLocalSessions", "$changeStream", "$listClusterCatalog"})
_SOURCES = frozenset({"from", "coll", "viewOn", "into", "$unionWith", "$out", "$merge"})
_FORBIDDEN_DATABASES = frozenset({"admin", "local", "config"})


def is_systems(database: str) -> bool:
    """Return True if a database is a system database: users, replication, sharding."""
    return database in _FORBIDDEN_DATABASES


def check(statement: MongoStatement, number: int, database: str, *, read_only: bool) -> Literal["read", "write"]:
    """Return the kind of a command, or raise QueryError if it is not allowed."""
    try:
        return _check(statement.command, database, read_only=read_only)
    except QueryError as error:
        error.statement, error.position = number, statement.start
        raise


def _check(command: Document, database: str, *, read_only: bool) -> Literal["read", "write"]:
    name = next(iter(command))
    if name not in READS | WRITES:
        near = did_you_mean(name, READS | WRITES)
        raise _refused(
            f"{name} is not allowed here.", f"Only commands on documents, collections and indexes are allowed. {near}"
        )
    if ours := [key for key in command if key in OURS or key.startswith("$")]:
        raise _refused(f"{ours[0]} cannot be set.", "Headwater sets it itself.")
    _check_collection(command[name])
    if name == "explain":
        inner = command[name]
        if not isinstance(inner, dict) or not inner:
            raise _refused("explain needs a command.", 'Write {"explain": {"find": "orders"}}.')
        _check(inner, database, read_only=False)
        return "read"
    writes = name in WRITES or _outlets(command, database)
    if writes and read_only:
        raise QueryError(
            f"{name} is not allowed in a read-only run.",
            hint="Only commands that read data are allowed.",
            sqlstate=READ_ONLY,
        )
    _check_operators({key: of for key, of in command.items() if not (name == "insert" and key == "documents")})
    return "write" if writes else "read"


def _check_collection(name: Any) -> None:
    if isinstance(name, str) and name.startswith("system."):
        raise _refused(f"{name} is a system collection of the server.", "Use one of your own collections.")


def _outlets(command: Document, database: str) -> bool:
    """Return True if a pipeline writes; it may do so only in its own database."""
    stages = command.get("pipeline")
    for stage in stages if isinstance(stages, list) else []:
        target = stage.get("$out", stage.get("$merge")) if isinstance(stage, dict) else None
        into = target.get("into", target) if isinstance(target, dict) else target
        if isinstance(into, dict) and into.get("db", database) != database:
            raise _refused("A pipeline can write only to its own database.", "Leave db out.")
        if target is not None:
            return True
    return False


def _check_operators(command: Document) -> None:
    def visit(key: str, of: Any) -> None:
        if key in JAVASCRIPT:
            raise _refused(f"{key} is not allowed here: it runs JavaScript.", "Use operators such as $expr instead.")
        if key in ELSEWHERE:
            raise _refused(f"{key} is not allowed here.", "It returns information about other databases.")
        if key in _SOURCES and isinstance(of, dict) and "db" in of and "coll" in of and key != "into":
            raise _refused("A pipeline cannot read from other databases.", "Connect to the other database instead.")
        if key in _SOURCES:
            _check_collection(of)

    walk(command, visit)


def _refused(why: str, hint: str) -> QueryError:
    return QueryError(why, hint=hint, sqlstate="NOPERM")
