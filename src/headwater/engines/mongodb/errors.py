"""Errors of MongoDB and its driver as sentences with hints."""

from __future__ import annotations

import ssl

from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from headwater.catalog.results import QueryError
from headwater.engines import ConnectionRefused, LoginRefused
from headwater.engines.mongodb.statements import MongoStatement
from headwater.kit.errors import HeadwaterError, Unavailable

UNAUTHORIZED, AUTHENTICATION_FAILED, TIMED_OUT = 13, 18, 50
NOT_FOUND = "26"
INTERRUPTED = frozenset({11601, 237, 175})
# NoSuchTransaction, TransactionTooOld, SnapshotTooOld, SnapshotUnavailable, TransactionExceededLifetimeLimitSeconds,
# and CursorNotFound, because its cursors end with the transaction.
TRANSACTION_ENDED = frozenset({251, 225, 239, 246, 290, 43})


def connecting(error: BaseException) -> HeadwaterError:
    """Return why a connection failed, without address, user or password."""
    if isinstance(error, HeadwaterError):
        return error
    if isinstance(error, OperationFailure):
        if error.code == UNAUTHORIZED:
            return ConnectionRefused(
                "The user has no access to this database.",
                hint="Check the database, or sign in with user and password.",
            )
        return LoginRefused(
            hint="Check both, and the option authSource: the database in which the user was created.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        if "ostname" in error.verify_message or "IP address" in error.verify_message:
            return ConnectionRefused(
                "The server's certificate was issued for another host name.",
                hint="Set the server name to the name in the certificate.",
            )
        return ConnectionRefused("The server's certificate is not signed by a trusted CA.", hint="Give the CA's PEM.")
    message = str(error)
    if isinstance(error, ssl.SSLError | EOFError | ConnectionResetError) or "connection closed" in message:
        return ConnectionRefused(
            "The TLS handshake with the server failed.", hint="Check the TLS mode and the certificates."
        )
    if isinstance(error, ConnectionRefusedError) or "refused" in message:
        return ConnectionRefused("Nothing is listening at this address.", hint="Check host and port.")
    if isinstance(error, TimeoutError) or "timed out" in message:
        return ConnectionRefused("The server did not answer in time.", hint="Check host, port, firewall and TLS mode.")
    return ConnectionRefused("The server could not be reached.", hint="Check host, port, TLS and firewall.")


_HINTS = {
    UNAUTHORIZED: "The user has no role that allows this.",
    26: "The collection does not exist. Collection names are case-sensitive.",
    48: "A collection with this name already exists.",
    59: "The server does not have this command.",
    73: "Names cannot contain $ or begin with a dot.",
    121: "The collection's validator rejects this document.",
    11000: "Another document already has this value, which must be unique.",
    292: "Sorting needs too much memory; add an index, or set allowDiskUse: true.",
}


def refusal(error: Exception, statement: MongoStatement, number: int) -> HeadwaterError:
    """Return the error of the server or the driver for a command."""
    if isinstance(error, OperationFailure):
        details = error.details or {}
        message = str(details.get("errmsg") or error)
        return failed(message, error.code or 0, statement, number)
    if isinstance(error, ConnectionFailure | OSError | EOFError):
        return Unavailable("The connection to the database was lost.", hint="Run it again.")
    message = str(error) if isinstance(error, PyMongoError) or str(error) else type(error).__name__
    return failed(message, 0, statement, number)


def failed(message: str, code: int, statement: MongoStatement, number: int) -> QueryError:
    """Return the error for a failed command, in the server's words."""
    text = message[:1].upper() + message[1:2000]
    return QueryError(
        text if text.endswith(".") else f"{text}.",
        hint=_HINTS.get(code),
        sqlstate=str(code or ""),
        position=statement.start,
        statement=number,
    )
