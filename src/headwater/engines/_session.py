"""Sessions: connections to a database that run statements."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from headwater.catalog.results import STANDARD, Cell, Frame, Limits, QueryError

Parameters: TypeAlias = Sequence[Cell] | Mapping[str, Cell] | None


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """Facts that a ping returns; safe to show: no names of other hosts, no paths, no secrets."""

    product: str
    version: str
    latency_ms: float
    size_bytes: int | None = None
    tls: str | None = None
    privileges: tuple[str, ...] = ()
    read_only: bool = False
    warnings: tuple[str, ...] = ()


class Session(Protocol):
    """One connection. Only one task may use it at a time, except for `cancel`, which any task may call."""

    @property
    def in_transaction(self) -> bool:
        """True if a transaction is open, also a failed one; cheap, sends nothing to the server."""

    async def ping(self) -> ServerFacts:
        """Return facts about the server and the privileges of this connection."""

    def run(self, text: str, parameters: Parameters = None, limits: Limits = STANDARD) -> AsyncGenerator[Frame, None]:
        """Run the statements of a text in order and yield their frames as they arrive.

        Rows come from a server-side cursor or the like: memory does not grow with the result. With `limits.read_only`
        the engine itself refuses writes. To stop early, close the generator (`aclosing`): the running statement is
        ended then.

        Args:
            text: one or more statements in the engine's language.
            parameters: values for the placeholders of a single statement: `$1 …` by position, `:name` by name.
            limits: what the run may take.

        Raises:
            QueryError: the database refused a statement, with the position in `text` where it knows one.
            QueryTimeout: `limits.seconds` passed.
            QueryCancelled: `cancel` was called.
            Unavailable: the connection broke.
        """

    async def check(self, text: str) -> QueryError | None:
        """Return the first error in a text without running it; None if there is none or it cannot be determined."""

    async def cancel(self) -> None:
        """Stop the running statement, from another task."""

    async def reset(self) -> None:
        """Roll back an open transaction, and discard what runs left in the session, such as settings and locks.

        The session is then like a new one.
        """

    def broken(self) -> bool:
        """True if an idle connection was lost; cheap, sends nothing to the server."""

    async def close(self) -> None:
        """Close the connection; safe to call twice."""
