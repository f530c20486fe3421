"""One migration as a script with an up direction and, if it was written, a down direction."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from headwater.catalog.grammar import Grammar
from headwater.catalog.statements import split
from headwater.kit.errors import Invalid

Origin = Literal["headwater", "flyway", "prisma", "alembic", "dbmate", "sql"]
_TRANSACTION = re.compile(r"(?:BEGIN|COMMIT|ROLLBACK|START\s+TRANSACTION|SAVEPOINT|END)\b", re.IGNORECASE)
_WITHOUT = re.compile(r"^--\s*headwater:\s*no transaction\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A migration: `up` applies it, `down` reverts it (None: not available).

    `runs` is False for one that only the tool it came from can run, such as a Python file of Alembic: it is history.
    """

    version: str
    name: str
    up: str
    down: str | None = None
    origin: Origin = "headwater"
    runs: bool = True

    @property
    def checksum(self) -> str:
        """Return a hash of `up` that ignores differences of line endings."""
        text = self.up.replace("\r\n", "\n").rstrip()
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def in_one_transaction(text: str) -> bool:
    """Return True if a script runs in one transaction: always, unless a comment says otherwise."""
    return _WITHOUT.search(text) is None


def check(text: str, field: str, grammar: Grammar | None = None) -> None:
    """Raise Invalid if a script contains no statement, or ends transactions itself."""
    statements = [statement.text for statement in split(text, grammar)]
    if not statements:
        raise Invalid({field: "The script contains no statement."})
    for statement in statements:
        if match := _TRANSACTION.match(statement):
            word = match[0].upper()
            raise Invalid(
                {field: f"{word} is not allowed in a migration: each migration runs in its own transaction."},
                hint="Remove it, or add the line `-- headwater: no transaction`.",
            )
