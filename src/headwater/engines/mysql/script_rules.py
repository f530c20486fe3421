"""What an import does with statements of a MySQL or MariaDB dump that concern the server, or need another one."""

from __future__ import annotations

import re
from dataclasses import dataclass

_I = re.IGNORECASE
ENCODING = re.compile(r"(?:/\*!\d*\s*)?SET\s+(?:NAMES|CHARACTER\s+SET|character_set_client)\b", _I)
_NAME = r"(?:`(?P<quoted>(?:[^`]|``)+)`|(?P<plain>[^\s`;,(]+))"
_EXECUTED = re.compile(r"/\*M?!\d*|\*/")
_DATABASE = re.compile(
    rf"(?:(?P<verb>CREATE|DROP|ALTER)\s+(?:DATABASE|SCHEMA)\s+(?:OR\s+REPLACE\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?|USE\s+){_NAME}",
    _I,
)
_TABLE = re.compile(rf"CREATE\s+(?:TEMPORARY\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}", _I)
_SERVER_WIDE = (
    (
        re.compile(r"(?:CREATE|ALTER|DROP|RENAME)\s+(?:USER|ROLE)\b|SET\s+PASSWORD\b", _I),
        "Users belong to the whole server; an import does not change them.",
    ),
    (
        re.compile(r"CHANGE\s+(?:MASTER|REPLICATION)\b|(?:START|STOP)\s+(?:SLAVE|REPLICA)\b", _I),
        "An import does not change replication.",
    ),
    (
        re.compile(r"(?:CREATE|ALTER|DROP)\s+(?:UNDO\s+)?(?:TABLESPACE|LOGFILE\s+GROUP)\b", _I),
        "An import does not change tablespaces.",
    ),
)
_SOURCE = re.compile(r"(?:\\\S|(?:source|system)[ \t]+\S)", _I)
# Error codes of statements that may fail, and are then left out.
_MAY_FAIL = (
    # An unknown or read-only variable, a value that this server does not have, no privilege.
    (re.compile(r"SET\b", _I), frozenset({1193, 1227, 1228, 1229, 1231, 1238, 1621, 4186})),
    (
        re.compile(r"(?:GRANT|REVOKE)\b", _I),
        frozenset({1044, 1045, 1133, 1141, 1142, 1227, 1396, 1410}),
    ),
    (re.compile(r"(?:FLUSH|RESET|PURGE)\b", _I), frozenset({1227})),
)
NO_PRIVILEGE = frozenset({1227, 1449})
UNKNOWN_COLLATION = 1273
_ACCOUNT = rb"(?:`(?:[^`]|``)*`|'[^']*'|\"[^\"]*\"|[^\s@`'\"*]+)"
_DEFINER = re.compile(rb"DEFINER\s*=\s*" + _ACCOUNT + rb"(?:\s*@\s*" + _ACCOUNT + rb")?", _I)
_WITH_DEFINER = re.compile(r"(?:CREATE|ALTER)\b", _I)
_BODY = re.compile(rb"\b(?:TRIGGER|VIEW|PROCEDURE|FUNCTION|EVENT)\b", _I)
# Collations of MySQL 8 and those of MariaDB that sort most like them, and the other way round.
_COLLATIONS = {
    b"utf8mb4_0900_ai_ci": (b"utf8mb4_uca1400_ai_ci", b"utf8mb4_unicode_520_ci"),
    b"utf8mb4_0900_as_ci": (b"utf8mb4_uca1400_as_ci", b"utf8mb4_unicode_520_ci"),
    b"utf8mb4_0900_as_cs": (b"utf8mb4_uca1400_as_cs", b"utf8mb4_bin"),
    b"utf8mb4_0900_bin": (b"utf8mb4_nopad_bin", b"utf8mb4_bin"),
    b"utf8mb4_uca1400_ai_ci": (b"utf8mb4_0900_ai_ci", b"utf8mb4_unicode_520_ci"),
    b"utf8mb3_uca1400_ai_ci": (b"utf8mb3_unicode_ci", b"utf8_unicode_ci"),
    b"utf8mb4_uca1400_as_cs": (b"utf8mb4_0900_as_cs", b"utf8mb4_bin"),
}
_COLLATION = re.compile(rb"\butf8mb[34]_(?:0900|uca1400)_\w+\b")


@dataclass(frozen=True, slots=True)
class DatabaseReference:
    """A database that a statement creates, drops, alters or uses."""

    name: str
    verb: str


def plain_head(text: str) -> str:
    """Return the beginning of a statement without the marks of comments that servers execute."""
    return _EXECUTED.sub(" ", text[:2000]).strip()


def database(head: str) -> DatabaseReference | None:
    """Return the database that a statement is about, or None."""
    match = _DATABASE.match(head)
    return DatabaseReference(_name(match), (match["verb"] or "use").upper()) if match else None


def created_table(head: str) -> str:
    """Return the name of the table that a statement creates, or ""."""
    match = _TABLE.match(head)
    return _name(match) if match else ""


def _name(match: re.Match[str]) -> str:
    return match["quoted"].replace("``", "`") if match["quoted"] else match["plain"]


def server_wide(head: str) -> str:
    """Return why a statement is always left out; "" if it is not."""
    return next((reason for pattern, reason in _SERVER_WIDE if pattern.match(head)), "")


def client_command(head: str) -> str:
    """Return the command of the program mysql that a statement is, or ""."""
    return head.split(None, 1)[0] if _SOURCE.match(head) else ""


def tolerated(head: str) -> frozenset[int]:
    """Return the error codes with which a statement may fail."""
    return frozenset[int]().union(*(codes for pattern, codes in _MAY_FAIL if pattern.match(head)))


def without_definer(text: bytes, head: str) -> tuple[bytes, str]:
    """Return a statement whose definer is the current user, and the definer that it names; "" if it names none."""
    body = _BODY.search(text)
    definer = _DEFINER.search(text, 0, body.start() if body else 2000) if _WITH_DEFINER.match(head) else None
    if definer is None:
        return text, ""
    changed = text[: definer.start()] + b"DEFINER=CURRENT_USER" + text[definer.end() :]
    return changed, definer[0].decode(errors="replace")


def other_collations(text: bytes) -> list[tuple[bytes, str]]:
    """Return the statement with similar collations that another server may know, best first, and what changed."""
    names = sorted({match[0] for match in _COLLATION.finditer(text)} & _COLLATIONS.keys())
    if not names:
        return []
    return [_replaced(text, names, choice) for choice in (0, 1)]


def _replaced(text: bytes, names: list[bytes], choice: int) -> tuple[bytes, str]:
    changed = _COLLATION.sub(lambda match: _COLLATIONS.get(match[0], (match[0],) * 2)[choice], text)
    swaps = ", ".join(f"{name.decode()} by {_COLLATIONS[name][choice].decode()}" for name in names)
    return changed, f"Collations that this server does not know were replaced: {swaps}."


class Qualifier:
    """Removes the name of the dump's own database from the names of tables, because it gets the name of the target."""

    def __init__(self, name: str, *, bare: bool) -> None:
        quoted, plain = re.escape(f"`{name.replace('`', '``')}`".encode()), re.escape(name.encode())
        names = rb"(?:" + quoted + rb"|" + plain + rb"\b)" if bare else quoted
        self._marks = (f"{name}`".encode(), f"{name}.".encode())
        self._pattern = re.compile(
            rb"'(?:[^'\\]++|''|\\.)*'|\"(?:[^\"\\]++|\"\"|\\.)*\"|--[ \t][^\n]*|\#[^\n]*"
            rb"|(?<![\w`.@$])(?P<name>" + names + rb"[ \t]*\.[ \t]*)(?=[`\w$])",
            re.DOTALL,
        )

    def removed(self, text: bytes) -> bytes:
        """Return a statement without the name."""
        if not any(mark in text for mark in self._marks):
            return text
        return self._pattern.sub(lambda match: b"" if match["name"] else match[0], text)
