"""Which commands are run: those on documents, collections and indexes of one database, without JavaScript."""

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
# Said in the driver's name, or such as would lead the command elsewhere.
OURS = frozenset({"lsid", "txnNumber", "startTransaction", "autocommit", "apiVersion", "apiStrict", "mechanism"})
JAVASCRIPT = frozenset({"$where", "$function", "$accumulator", "$code", "$_internalJsEmit"})
ELSEWHERE = frozenset({"$currentOp", "$listSessions", "$listLocalSessions", "$changeStream", "$listClusterCatalog"})
_SOURCES = frozenset({"from", "coll", "viewOn", "into", "$unionWith", "$out", "$merge"})
_FORBIDDEN_DATABASES = frozenset({"admin", "local", "config"})


def is_systems(database: str) -> bool:
    """Return True if a database belongs to the server: users, replication, sharding."""
    return database in _FORBIDDEN_DATABASES


def check(statement: MongoStatement, number: int, database: str, *, read_only: bool) -> Literal["read", "write"]:
    """Return what a command does, or raise QueryError when it is none that is run here."""
    try:
        return _check(statement.command, database, read_only=read_only)
    except QueryError as error:
        error.statement, error.position = number, statement.start
        raise


def _check(command: Document, database: str, *, read_only: bool) -> Literal["read", "write"]:
    name = next(iter(command))
    if name not in READS | WRITES:
        near = did_you_mean(name, READS | WRITES)
        raise _refused(f"{name} is not run here.", f"Only commands on documents, collections and indexes are. {near}")
    if ours := [key for key in command if key in OURS or key.startswith("$")]:
        raise _refused(f"{ours[0]} cannot be set.", "The connection is Headwater's.")
    _check_collection(command[name])
    if name == "explain":
        inner = command[name]
        if not isinstance(inner, dict) or not inner:
            raise _refused("explain wants a command.", 'Write {"explain": {"find": "orders"}}.')
        _check(inner, database, read_only=False)
        return "read"
    writes = name in WRITES or _outlets(command, database)
    if writes and read_only:
        raise QueryError(
            f"{name} is not possible in a read-only run.", hint="Only commands that read are.", sqlstate=READ_ONLY
        )
    _check_operators({key: of for key, of in command.items() if not (name == "insert" and key == "documents")})
    return "write" if writes else "read"


def _check_collection(name: Any) -> None:
    if isinstance(name, str) and name.startswith("system."):
        raise _refused(f"{name} belongs to the server.", "Take a collection of your own.")


def _outlets(command: Document, database: str) -> bool:
    """Return True if a pipeline writes, which it may only into its own database."""
    stages = command.get("pipeline")
    for stage in stages if isinstance(stages, list) else []:
        target = stage.get("$out", stage.get("$merge")) if isinstance(stage, dict) else None
        into = target.get("into", target) if isinstance(target, dict) else target
        if isinstance(into, dict) and into.get("db", database) != database:
            raise _refused("A pipeline writes only into its own database.", "Leave db out.")
        if target is not None:
            return True
    return False


def _check_operators(command: Document) -> None:
    def visit(key: str, of: Any) -> None:
        if key in JAVASCRIPT:
            raise _refused(f"{key} is not run here: it is JavaScript.", "Say it with operators such as $expr.")
        if key in ELSEWHERE:
            raise _refused(f"{key} is not run here.", "It tells of more than this database.")
        if key in _SOURCES and isinstance(of, dict) and "db" in of and "coll" in of and key != "into":
            raise _refused("Other databases are not read from here.", "Connect to them.")
        if key in _SOURCES:
            _check_collection(of)

    walk(command, visit)


def _refused(why: str, hint: str) -> QueryError:
    return QueryError(why, hint=hint, sqlstate="NOPERM")
