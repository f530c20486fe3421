"""Errors of Redis as sentences with hints."""

from __future__ import annotations

import ssl

from headwater.catalog.results import QueryError
from headwater.engines import ConnectionRefused, LoginRefused
from headwater.kit.errors import HeadwaterError

READ_ONLY = "25006"


_CONNECTING = {
    "WRONGPASS": ("The user name or password is wrong.", "Check both; without a user, leave it empty."),
    "NOAUTH": ("The server requires a password.", "Give the password, and the user if it has one."),
    "NOPERM": ("The user has no access to this database.", "Ask an administrator for access."),
    "LOADING": ("The server is still loading its data.", "Try again in a moment."),
    "DENIED": (
        "The server does not accept connections from other machines.",
        "Set a password on the server, or bind it to its network address.",
    ),
    "MISCONF": ("The server cannot save its data and refuses commands.", "Check the log of the server."),
}


def connecting(error: BaseException) -> HeadwaterError:
    """Return why a connection failed, without address, user or password."""
    if isinstance(error, HeadwaterError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        if "ostname" in error.verify_message or "IP address" in error.verify_message:
            return ConnectionRefused(
                "The server's certificate was issued for another host name.",
                hint="Set the server name to the name in the certificate.",
            )
        return ConnectionRefused("The server's certificate is not signed by a trusted CA.", hint="Give the CA's PEM.")
    if isinstance(error, ssl.SSLError | ConnectionResetError | EOFError):
        return ConnectionRefused(
            "The TLS handshake with the server failed.", hint="Check the TLS mode and the certificates."
        )
    if isinstance(error, ConnectionRefusedError):
        return ConnectionRefused("Nothing is listening at this address.", hint="Check host and port.")
    if isinstance(error, TimeoutError):
        return ConnectionRefused(
            "The server did not answer in time.", hint="Check host, port, firewall and whether the server requires TLS."
        )
    return ConnectionRefused("The server could not be reached.", hint="Check host, port, TLS and firewall.")


def refused_to_connect(message: str) -> HeadwaterError:
    """Return why the server refused the connection."""
    code = message.partition(" ")[0]
    if "DB index" in message:
        return ConnectionRefused(
            "The database does not exist on the server.", hint="Redis databases are numbered from 0."
        )
    if "max number of clients" in message:
        return ConnectionRefused(
            "The server has no free connection.", hint="Close some connections, or raise maxclients."
        )
    if "without any password configured" in message or "AUTH" in message:
        return ConnectionRefused(
            "The user name or password is wrong.", hint="The server may not require them; leave both empty."
        )
    sentence, hint = _CONNECTING.get(code, ("The server refused the connection.", "Check user, password and database."))
    kind = LoginRefused if code == "WRONGPASS" else ConnectionRefused
    return kind(sentence, hint=hint)


_HINTS = {
    "WRONGTYPE": "The command TYPE key shows its type.",
    "NOPERM": "The user's ACL does not allow it.",
    "OOM": "The memory of the database is used up; delete keys, or give it more.",
    "READONLY": "This server is a replica: write to its master.",
    "EXECABORT": "A command of the transaction was refused; start again with MULTI.",
    "NOSCRIPT": "Scripts are not allowed here.",
    "MOVED": "This is a cluster; connect to the node that has the key.",
    "ASK": "This is a cluster; connect to the node that has the key.",
    "BUSY": "A script is running on the server; try again in a moment.",
}


def refusal(message: str, number: int, position: int) -> QueryError:
    """Return the server's error for a command; the address of another node in MOVED is left out."""
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
