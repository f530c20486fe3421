"""What Redis says when it refuses, as sentences with hints."""

from __future__ import annotations

import ssl

from headwater.catalog.results import QueryError
from headwater.kit.errors import HeadwaterError, Unavailable

READ_ONLY = "25006"


class ConnectionRefused(Unavailable):
    """The database does not let us in."""

    status = 422
    code = "connection_refused"


_CONNECTING = {
    "WRONGPASS": ("User or password are not right.", "Check both; without a user, leave it empty."),
    "NOAUTH": ("The server asks for a password.", "Give the password, and the user if it has one."),
    "NOPERM": ("The user may not use this database.", "Let an administrator grant it."),
    "LOADING": ("The server is still loading its data.", "Try again in a moment."),
    "DENIED": ("The server takes nobody from other machines.", "Give it a password, or bind it to its network."),
    "MISCONF": ("The server cannot save its data and refuses to work.", "Look at its log."),
}


def connecting(error: BaseException) -> HeadwaterError:
    """Return why a connection could not be made, without address, user or password."""
    if isinstance(error, HeadwaterError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        if "ostname" in error.verify_message or "IP address" in error.verify_message:
            return ConnectionRefused(
                "The server's certificate is made for another name.", hint="Set the server name that it has."
            )
        return ConnectionRefused("The server's certificate is not signed by a CA we know.", hint="Give the CA's PEM.")
    if isinstance(error, ssl.SSLError | ConnectionResetError | EOFError):
        return ConnectionRefused("The server and we could not agree on TLS.", hint="Check the TLS mode and its PEMs.")
    if isinstance(error, ConnectionRefusedError):
        return ConnectionRefused("Nothing listens at that address.", hint="Check host and port.")
    if isinstance(error, TimeoutError):
        return ConnectionRefused(
            "The server did not answer in time.", hint="Check host, port, firewall and whether it wants TLS."
        )
    return ConnectionRefused("The server could not be reached.", hint="Check host, port, TLS and firewall.")


def refused_to_connect(message: str) -> HeadwaterError:
    """Return why the server did not let us in."""
    code = message.partition(" ")[0]
    if "DB index" in message:
        return ConnectionRefused("There is no such database on the server.", hint="Redis numbers them, from 0.")
    if "max number of clients" in message:
        return ConnectionRefused("The server has no connection left.", hint="Close some, or raise maxclients.")
    if "without any password configured" in message or "AUTH" in message:
        return ConnectionRefused("User or password are not right.", hint="This server may want none; leave them empty.")
    sentence, hint = _CONNECTING.get(code, ("The server does not let us in.", "Check user, password and database."))
    return ConnectionRefused(sentence, hint=hint)


_HINTS = {
    "WRONGTYPE": "TYPE key says what it holds.",
    "NOPERM": "The user's ACL does not allow it.",
    "OOM": "The memory of the database is used up; delete keys, or give it more.",
    "READONLY": "This server is a replica: write to its master.",
    "EXECABORT": "A command of the transaction was refused; begin again with MULTI.",
    "NOSCRIPT": "Scripts are not run from here.",
    "MOVED": "This is a cluster; connect to the node that has the key.",
    "ASK": "This is a cluster; connect to the node that has the key.",
    "BUSY": "A script is running on the server; try again in a moment.",
}


def refusal(message: str, number: int, position: int) -> QueryError:
    """Return what the server said of a command; the address of another node, as MOVED tells it, is left out."""
    code, _, rest = message.partition(" ")
    code, rest = (code, rest) if code.isupper() and rest else ("ERR", message)
    sentence = (
        "The key lives on another node of the cluster"
        if code in {"MOVED", "ASK"}
        else rest.partition(", with args beginning")[0].strip()
    )
    hint = _HINTS.get(code) or ("Help on commands: https://redis.io/commands" if "unknown command" in rest else None)
    text = f"{sentence[:1].upper()}{sentence[1:]}"
    sqlstate = READ_ONLY if code == "READONLY" else code
    return QueryError(
        text if text.endswith(".") else f"{text}.", hint=hint, sqlstate=sqlstate, position=position, statement=number
    )
