"""What to do where a server does not offer an extension: do without it if nothing of it is used, or say what helps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

UNKNOWN = "Install it on the machine of the server, or use a server that has it."
_SYSTEM = "A PostgreSQL from the packages of your system has it: install its contrib package."
_ADVICE = {
    "uuid-ossp": f"gen_random_uuid() is built in and needs no extension. {_SYSTEM}",
    "pgcrypto": f"gen_random_uuid() and sha256() are built in and need no extension. {_SYSTEM}",
    "xml2": _SYSTEM,
    "sslinfo": _SYSTEM,
}
# The functions of extensions that many schemas create only for what is built in by now. `gen_random_uuid` is built in,
# but not in the schema in which the extension would put it.
_OWN_FUNCTIONS = {
    "pgcrypto": r"(?:(?:raw_)?digest|hmac|crypt|gen_salt|(?:en|de)crypt(?:_iv)?|gen_random_bytes|pgp_\w+|(?:de)?armor"
    r"|fips_mode|(?!pg_catalog\b)\w+\"?\s*\.\s*\"?gen_random_uuid)",
    "uuid-ossp": r"uuid_(?:generate|nil|ns)\w*",
}
_USES = {name: re.compile(rf"\b{functions}\"?\s*\(", re.IGNORECASE) for name, functions in _OWN_FUNCTIONS.items()}
NOT_NEEDED = "The server does not have it, and the script uses nothing of it that is not built in."
_UNAVAILABLE = re.compile(r'extension "(.+)" is not available')


def used_by(text: str) -> set[str]:
    """Return the extensions of which a statement seems to use a function that is not built in."""
    return {name for name, pattern in _USES.items() if pattern.search(text)}


def dispensable(names: Iterable[str], used: AbstractSet[str]) -> set[str]:
    """Return those of some missing extensions that a script does not need; it uses functions of those in `used`."""
    return {name for name in names if name in _USES and name not in used}


def advice(*names: str) -> str:
    """Return what to do where a server does not offer an extension, or several."""
    if len(names) > 1:
        return "Install them on the machine of the server, or use a server that has them."
    return _ADVICE.get(names[0], UNKNOWN)


def hint_of(message: str) -> str | None:
    """Return the advice for a server's message that it does not offer an extension, or None for another message."""
    unavailable = _UNAVAILABLE.fullmatch(message)
    return advice(unavailable[1]) if unavailable else None
