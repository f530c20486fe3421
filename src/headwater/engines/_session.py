"""Sessions: connections to a database, by which statements are run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from headwater.catalog.results import STANDARD, Cell, Frame, Limits, QueryError

Parameters: TypeAlias = Sequence[Cell] | Mapping[str, Cell] | None


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a ping tells, safe to show: no host names of others, no paths, no secrets."""

    product: str
    version: str
    latency_ms: float
    size_bytes: int | None = None
    tls: str | None = None
    privileges: tuple[str, ...] = ()
    read_only: bool = False
    warnings: tuple[str, ...] = ()


class Session(Protocol):
    """One connection. Not for two tasks at once, but for `cancel`, which any task may call."""

    async def ping(self) -> ServerFacts:
        """Return facts about the server and the rights of this connection."""

    def run(self, text: str, parameters: Parameters = None, limits: Limits = STANDARD) -> AsyncGenerator[Frame, None]:
        """Run the statements of a text in order and give their frames as they come.

        Rows come by a server-side cursor or the like: memory does not grow with the result. With
        `limits.read_only` the engine itself refuses writes. Who stops early closes the generator (`aclosing`): what
        runs is ended then, and not before.

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
        """Return the first error in a text without running it; None when there is none, or it cannot be known."""

    async def cancel(self) -> None:
        """End what runs, from another task."""

    def broken(self) -> bool:
        """Return True if an idle connection has been lost; cheap, sends nothing to the server."""

    async def close(self) -> None:
        """Close the connection; safe to call twice."""
