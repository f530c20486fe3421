"""What MongoDB and its driver say when they refuse, as sentences with hints."""

from __future__ import annotations

import ssl

from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from headwater.catalog.results import QueryError
from headwater.engines.mongodb.statements import MongoStatement
from headwater.kit.errors import HeadwaterError, Unavailable

UNAUTHORIZED, AUTHENTICATION_FAILED, TIMED_OUT = 13, 18, 50
NOT_FOUND = "26"
INTERRUPTED = frozenset({11601, 237, 175})
# NoSuchTransaction, TransactionTooOld, SnapshotTooOld, SnapshotUnavailable, TransactionExceededLifetimeLimitSeconds,
# and CursorNotFound, for its cursors end with it.
TRANSACTION_ENDED = frozenset({251, 225, 239, 246, 290, 43})


class ConnectionRefused(Unavailable):
    """The database does not let us in."""

    status = 422
    code = "connection_refused"


def connecting(error: BaseException) -> HeadwaterError:
    """Return why a connection could not be made, without address, user or password."""
    if isinstance(error, HeadwaterError):
        return error
    if isinstance(error, OperationFailure):
        if error.code == UNAUTHORIZED:
            return ConnectionRefused(
                "The user may not use this database.", hint="Check the database, or sign in with user and password."
            )
        return ConnectionRefused(
            "User or password are not right.", hint="Check both, and the option authSource: where the user was made."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        if "ostname" in error.verify_message or "IP address" in error.verify_message:
            return ConnectionRefused(
                "The server's certificate is made for another name.", hint="Set the server name that it has."
            )
        return ConnectionRefused("The server's certificate is not signed by a CA we know.", hint="Give the CA's PEM.")
    said = str(error)
    if isinstance(error, ssl.SSLError | EOFError | ConnectionResetError) or "connection closed" in said:
        return ConnectionRefused("The server and we could not agree on TLS.", hint="Check the TLS mode and its PEMs.")
    if isinstance(error, ConnectionRefusedError) or "refused" in said:
        return ConnectionRefused("Nothing listens at that address.", hint="Check host and port.")
    if isinstance(error, TimeoutError) or "timed out" in said:
        return ConnectionRefused("The server did not answer in time.", hint="Check host, port, firewall and TLS mode.")
    return ConnectionRefused("The server could not be reached.", hint="Check host, port, TLS and firewall.")


_HINTS = {
    UNAUTHORIZED: "The user has no role for it.",
    26: "The collection is not there; its name is case-sensitive.",
    48: "A collection of that name is there already.",
    59: "The server knows no such command.",
    73: "Names have no $ and do not begin with a dot.",
    121: "The collection's validator does not take this document.",
    11000: "Another document has this value, which is unique.",
    292: "Sorting takes too much memory; add an index, or allowDiskUse: true.",
}


def refusal(error: Exception, statement: MongoStatement, number: int) -> HeadwaterError:
    """Return what the server, or the driver, said of a command."""
    if isinstance(error, OperationFailure):
        details = error.details or {}
        said = str(details.get("errmsg") or error)
        return failed(said, error.code or 0, statement, number)
    if isinstance(error, ConnectionFailure | OSError | EOFError):
        return Unavailable("The connection to the database broke.", hint="Run it again.")
    said = str(error) if isinstance(error, PyMongoError) or str(error) else type(error).__name__
    return failed(said, 0, statement, number)


def failed(message: str, code: int, statement: MongoStatement, number: int) -> QueryError:
    """Return that a command was refused, in the server's words."""
    text = message[:1].upper() + message[1:2000]
    return QueryError(
        text if text.endswith(".") else f"{text}.",
        hint=_HINTS.get(code),
        sqlstate=str(code or ""),
        position=statement.start,
        statement=number,
    )
