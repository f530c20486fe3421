"""What to do where a server does not offer an extension."""

from __future__ import annotations

import re

UNKNOWN = "Install it on the machine of the server, or use a server that has it."
_SYSTEM = "A PostgreSQL from the packages of your system has it: install its contrib package."
_ADVICE = {
    "uuid-ossp": f"gen_random_uuid() is built in and needs no extension. {_SYSTEM}",
    "pgcrypto": f"gen_random_uuid() and sha256() are built in and need no extension. {_SYSTEM}",
    "xml2": _SYSTEM,
    "sslinfo": _SYSTEM,
}
_UNAVAILABLE = re.compile(r'extension "(.+)" is not available')


def advice(*names: str) -> str:
    """Return what to do where a server does not offer an extension, or several."""
    if len(names) > 1:
        return "Install them on the machine of the server, or use a server that has them."
    return _ADVICE.get(names[0], UNKNOWN)


def hint_of(message: str) -> str | None:
    """Return the advice for a server's message that it does not offer an extension, or None for another message."""
    unavailable = _UNAVAILABLE.fullmatch(message)
    return advice(unavailable[1]) if unavailable else None
