"""What an import does with the statements of a dump that are not about tables, and with the commands of psql.

A dump is written for psql, by a role that may do everything, on a server that may be newer. What concerns the whole
server, or only how psql shows results, is left out and listed; what would change the meaning of the script is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_IGNORED_COMMANDS = frozenset(
    [
        "a",
        "C",
        "cd",
        "conninfo",
        "copyright",
        "echo",
        "errverbose",
        "f",
        "H",
        "h",
        "help",
        "pset",
        "p",
        "qecho",
        "restrict",
        "s",
        "set",
        "t",
        "T",
        "timing",
        "unrestrict",
        "unset",
        "warn",
        "w",
        "x",
        "?",
        "connect",
        "c",
        "encoding",
    ]
)
COMMAND = re.compile(r"\\(?P<name>\w+\+?|[?!;])[ \t]*(?P<rest>[^\n]*)")
# Ends a statement instead of a semicolon.
_INSIDE = re.compile(
    r"\\(?P<name>g|gx|gset|gexec|gdesc|crosstabview|watch|bind|parse|sendpipeline)\b[^\n]*$", re.MULTILINE
)
_TEXTS = re.compile(r"--[^\n]*|/\*.*?\*/|(\$\w*\$).*?\1|E'(?:[^'\\]++|''|\\.)*'|'(?:[^']++|'')*'|\"[^\"]*\"", re.DOTALL)
_I = re.IGNORECASE
TRIGGERS = re.compile(
    r"ALTER\s+TABLE\s+(?:ONLY\s+)?(?P<table>(?:\"(?:[^\"]|\"\")*\"|[\w.$])+)\s+(?P<verb>ENABLE|DISABLE)\s+TRIGGER\s+ALL\s*",
    _I,
)
ENCODING = re.compile(r"SET\s+(?:SESSION\s+)?(?:client_encoding|NAMES)\b|\\encoding\b", _I)

_SERVER_WIDE = (
    (
        re.compile(r"(?:SET\s+(?:SESSION\s+|LOCAL\s+)?|RESET\s+)(?:ROLE|SESSION\s+AUTHORIZATION)\b", _I),
        "The import runs as the role of the connection.",
    ),
    (
        re.compile(r"(?:CREATE|ALTER|DROP)\s+(?:DATABASE|TABLESPACE)\b", _I),
        "An import does not change databases and tablespaces.",
    ),
    (
        re.compile(r"(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER(?!\s+MAPPING)|GROUP)\b", _I),
        "Roles belong to the whole server; an import does not change them.",
    ),
    (re.compile(r"(?:VACUUM|CHECKPOINT)\b", _I), "It cannot run in a transaction."),
)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Statements that may fail with some SQLSTATEs; they are then left out."""

    pattern: re.Pattern[str]
    states: frozenset[str]


def _may_fail(pattern: str, states: str) -> Tolerance:
    return Tolerance(re.compile(pattern, _I | re.DOTALL), frozenset(states.split()))


_AUTHORIZATION = (
    r"CREATE\s+SCHEMA\s+(?:IF\s+NOT\s+EXISTS\s+)?(?!AUTHORIZATION\b)(?:\"(?:[^\"]|\"\")*\"|[\w$]+)"
    r"(?P<owner>\s+AUTHORIZATION\s+(?:\"(?:[^\"]|\"\")*\"|[\w$]+))"
)
_PLPGSQL = r"(?:OR\s+REPLACE\s+)?(?:TRUSTED\s+)?(?:PROCEDURAL\s+)?LANGUAGE\s+\"?plpgsql\b"
_SUPERUSERS = r"(?:EVENT\s+TRIGGER|PUBLICATION|SUBSCRIPTION|(?:TRUSTED\s+)?(?:PROCEDURAL\s+)?LANGUAGE)\b"
# 42501: not permitted. 42704: it does not exist. 42710, 42P06: it exists already.
TOLERANCES = (
    _may_fail(r"SET\b", "42704 42501 55P02 22023 0A000"),
    _may_fail(r"(?:GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES)\b", "42501 3D000 0LP01"),
    _may_fail(r"(?:ALTER\b.*\bOWNER\s+TO|REASSIGN\s+OWNED|DROP\s+OWNED)\b", "42501"),
    _may_fail(r"COMMENT\s+ON\b", "42501"),
    _may_fail(r"SECURITY\s+LABEL\b", "22023 42501 0A000"),
    _may_fail(r"CREATE\s+SCHEMA\s+\"?public\b", "42P06"),
    _may_fail(_AUTHORIZATION, "42501 42704"),
    _may_fail(rf"CREATE\s+{_PLPGSQL}", "42710 42501"),
    _may_fail(rf"(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?{_SUPERUSERS}", "42501 42704"),
    _may_fail(r"CREATE\s+EXTENSION\b", "42710"),
    _may_fail(r"(?:ALTER|DROP)\s+EXTENSION\b", "42501"),
    _may_fail(r"ALTER\s+TABLE\b.*\b(?:ENABLE|DISABLE)\s+TRIGGER\s+ALL\b", "42501"),
)
_OWNED_SCHEMA = re.compile(_AUTHORIZATION.encode(), _I)
_ABOUT_ROLES = re.compile(
    r"(?:GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES)\b|ALTER\b.*\bOWNER\s+TO\b|REASSIGN\s+OWNED\b", _I | re.DOTALL
)
_OWNER = re.compile(r"\bOWNER\s+TO\s+(?P<names>[^;]+)$", _I)
_GRANTEES = re.compile(r"\b(?:TO|FROM)\s+(?P<names>(?:(?!\bTO\b|\bFROM\b)[^;])+)$", _I)
_FOR_ROLE = re.compile(r"\bFOR\s+(?:ROLE|USER)\s+(?P<names>(?:\"(?:[^\"]|\"\")*\"|[^\s,;]+)(?:\s*,\s*\S+)*)", _I)
_NAME = re.compile(r"\"(?P<quoted>(?:[^\"]|\"\")*)\"|(?P<plain>[A-Za-z_]\w*)")
_NO_NAMES = frozenset(
    [
        "group",
        "with",
        "grant",
        "option",
        "granted",
        "by",
        "public",
        "cascade",
        "restrict",
        "current_user",
        "current_role",
        "session_user",
        "admin",
        "inherit",
        "set",
        "true",
        "false",
        "role",
        "user",
    ]
)
_EXTENSION = re.compile(
    r"(?:(?P<create>CREATE)|COMMENT\s+ON|ALTER|DROP)\s+EXTENSION\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    r"(?:\"(?P<quoted>(?:[^\"]|\"\")*)\"|(?P<plain>[\w-]+))",
    _I,
)
_CONNECT = re.compile(r"\\c(?:onnect)?\s+(?:-\S+\s+)*(?P<name>\"(?:[^\"]|\"\")*\"|'[^']*'|\S+)")


def is_ignored(command: str) -> bool:
    """Return True for a command of psql that changes nothing in the database."""
    return command in _IGNORED_COMMANDS or (command.startswith(("d", "l")) and not command.startswith("lo_"))


def server_wide(text: str) -> str:
    """Return why a statement is always left out; "" if it is not."""
    return next((reason for pattern, reason in _SERVER_WIDE if pattern.match(text)), "")


def tolerated(text: str) -> frozenset[str]:
    """Return the SQLSTATEs with which a statement may fail."""
    return frozenset[str]().union(*(item.states for item in TOLERANCES if item.pattern.match(text)))


def missing_roles(text: str, roles: Collection[str]) -> list[str]:
    """Return the roles that an OWNER TO or a GRANT names and that do not exist."""
    if not _ABOUT_ROLES.match(text):
        return []
    matches = [match for match in (_OWNER.search(text) or _GRANTEES.search(text), _FOR_ROLE.search(text)) if match]
    names = [name for match in matches for name in _names(match["names"])]
    return [name for name in dict.fromkeys(names) if name not in roles]


def _names(text: str) -> list[str]:
    names = []
    for match in _NAME.finditer(text):
        plain = (match["plain"] or "").lower()
        if match["quoted"] is not None:
            names.append(match["quoted"].replace('""', '"'))
        elif plain not in _NO_NAMES:
            names.append(plain)
    return names


def extension(text: str) -> str:
    """Return the extension that a statement creates, or ""."""
    match = _EXTENSION.match(text)
    return _name(match) if match and match["create"] else ""


def subject_extension(text: str) -> str:
    """Return the extension that a statement creates, comments on, changes or drops, or ""."""
    match = _EXTENSION.match(text)
    return _name(match) if match else ""


def _name(match: re.Match[str]) -> str:
    return match["quoted"].replace('""', '"') if match["quoted"] else match["plain"].lower()


def connected_database(text: str) -> str:
    """Return the database to which a command of psql connects, or ""."""
    match = _CONNECT.match(text)
    if not match:
        return ""
    name = match["name"].strip("\"'")
    return (
        name
        if "=" not in name
        else next((part.removeprefix("dbname=").strip("'") for part in name.split() if part.startswith("dbname=")), "")
    )


def without_authorization(text: bytes) -> bytes:
    """Return a CREATE SCHEMA without the owner that it names; b"" if it names none."""
    match = _OWNED_SCHEMA.match(text)
    return text[: match.start("owner")] + text[match.end("owner") :] if match else b""


def command_inside(text: str) -> str:
    """Return the command of psql that ends a statement in the middle of a text, such as `\\\\gexec`, or ""."""
    if "\\" not in text:
        return ""
    match = _INSIDE.search(_TEXTS.sub("", text))
    return match["name"] if match else ""
