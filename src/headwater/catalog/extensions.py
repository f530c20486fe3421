"""The extensions of a database server: what is available, and what a database has installed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension that a server offers to a database.

    Args:
        name: as CREATE EXTENSION takes it.
        description: one sentence of its author.
        version: the version that an installation gets.
        installed: the version that the database has, or None.
        schema: the schema that it is installed in, or None.
        requires: the extensions that are installed with it.
        refused: why the user of the connection cannot install it, or None if that is possible.
    """

    name: str
    description: str
    version: str
    installed: str | None = None
    schema: str | None = None
    requires: tuple[str, ...] = ()
    refused: str | None = None

    @property
    def outdated(self) -> bool:
        """True if the server offers another version than the installed one."""
        return self.installed is not None and self.installed != self.version
