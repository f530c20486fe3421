"""Schemas in the engine's own format: writing one for a snapshot, and creating the objects of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class SchemaArchive:
    """A schema in the engine's own format, and sentences about what it does not contain.

    `content` is None if it could not be written; the sentences say why.
    """

    content: bytes | None
    notes: tuple[str, ...] = ()


class SchemaArchiver(Protocol):
    """Writes the schema of a snapshot in the engine's own format, which has every kind of object."""

    def write(self) -> SchemaArchive:
        """Return the archive; the same schema gives the same bytes. Blocks; `SnapshotReader.cancel` interrupts it."""

    def objects(
        self, archive: bytes, tables: Collection[tuple[str | None, str]] | None = None
    ) -> Mapping[tuple[str, str], str]:
        """Return the definition of each object of an archive by its kind and its name for users.

        With `tables`, which are not all tables, only those, what they need and what belongs to them.
        """

    def are_equivalent(self, first: str, second: str) -> bool:
        """Return True if two definitions that differ mean the same: servers of other versions print them otherwise."""


@dataclass(frozen=True, slots=True)
class ArchiveStatement:
    """A statement of an archive: `subject` is the object for users, `needs` are the numbers of others before it.

    Without an object that is `essential`, a table cannot be created. Any other one may be missing after a restore,
    together with what needs it.
    """

    number: int
    text: str
    subject: str
    essential: bool
    needs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchivePlan:
    """How an archive is restored: the statements before the rows, after them, and after the extras.

    `objects` are the (kind, name) of what `TransferTarget.drop` must drop to undo it, dependents first.
    `left_out` are objects that some tables do not need, for users. `extras` are those that are still to be restored.
    `extensions` are those that the tables need and the database does not have.
    """

    pre_data: tuple[ArchiveStatement, ...]
    post_data: tuple[ArchiveStatement, ...]
    final: tuple[ArchiveStatement, ...]
    objects: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    extras: Mapping[str, Any]
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchiveRefusal:
    """A statement that was refused, or not run because it needs one that was.

    `supported` is false if the server or the role is the reason, or an object that was refused for that reason: the
    statement may run elsewhere. `needs` is the refused object that the statement needs, empty if it was run itself.
    """

    subject: str
    reason: str
    supported: bool
    hint: str | None = None
    needs: str = ""

    @property
    def sentence(self) -> str:
        """The object and the reason, for users."""
        return f"{self.subject}: {self.reason}"


class ArchiveRestore(Protocol):
    """Creates the schema of a snapshot from the engine's own archive."""

    def plan(
        self, archive: bytes, extras: Mapping[str, Any], tables: Collection[tuple[str | None, str]]
    ) -> ArchivePlan:
        """Return the plan for all objects, or if `tables` are not all tables, for those and what they need. Blocks.

        Standalone rows that are restored are among `tables`, too.

        Raises:
            Conflict: the database already has one of the objects.
        """

    async def check(self, plan: ArchivePlan) -> None:
        """Check that the server has what the tables of a plan need, before anything is created.

        Raises:
            BadInput: it lacks extensions; all are named.
        """

    async def unavailable(self, plan: ArchivePlan) -> Sequence[tuple[str, str]]:
        """Return the objects of a checked plan that the server cannot have, for users, and the reason of each."""

    async def create(self, statement: ArchiveStatement) -> str | ArchiveRefusal | None:
        """Run a statement, unless it needs one that was refused.

        Returns:
            A sentence if the object was created with a difference, or why it was not created.

        Raises:
            QueryError: the statement is not the reason that it failed: the server lacks room, or was interrupted.
            Unavailable: the connection was lost.
        """
