"""The protocol by which the extensions of a database are listed and changed."""

from __future__ import annotations

from typing import Protocol

from headwater.catalog.extensions import Extension
from headwater.engines._session import Session


class ExtensionSupport(Protocol):
    """Lists, installs, updates and removes extensions of a database."""

    async def available(self, session: Session) -> tuple[Extension, ...]:
        """Return the extensions that the server offers, by name."""

    async def install(self, session: Session, name: str, schema: str | None = None) -> None:
        """Install an extension with those it requires.

        Raises:
            BadInput: the server does not offer it.
            QueryError: the server refused it.
        """

    async def update(self, session: Session, name: str) -> None:
        """Update an installed extension to the version that the server offers; raises like `install`."""

    async def remove(self, session: Session, name: str) -> None:
        """Remove an extension that nothing depends on; raises like `install`."""
