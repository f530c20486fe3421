"""An endpoint, and the code that it reaches in which columns are used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from headwater.catalog.usages import Usage


class ChainStep(msgspec.Struct, frozen=True):
    """A function or class on the way from a route to a usage; the symbol of a file's top level is ""."""

    symbol: str
    file_path: str


class ReachedCode(msgspec.Struct, frozen=True):
    """Code that an endpoint runs and that uses columns: a function, or lines of a file if it has no name.

    `chain` leads there, the handler first, this code last.
    """

    file_path: str
    symbol: str
    chain: tuple[ChainStep, ...]
    first_line: int = 0
    last_line: int = 0


class HttpEndpoint(msgspec.Struct, frozen=True):
    """An HTTP method and a path, where the code declares it, and what it reaches."""

    method: str
    path: str
    framework: str
    handler: str
    file_path: str
    line_number: int
    reaches: tuple[ReachedCode, ...] = ()

    @property
    def name(self) -> str:
        """The method and the path."""
        return f"{self.method} {self.path}"


class ReachingEndpoint(NamedTuple):
    """An endpoint that reaches a usage, and how."""

    endpoint: HttpEndpoint
    reach: ReachedCode


class ReachIndex:
    """Finds the endpoints that reach a usage."""

    def __init__(self, endpoints: Iterable[HttpEndpoint]) -> None:
        self._by_symbol: dict[tuple[str, str], list[ReachingEndpoint]] = defaultdict(list)
        self._by_lines: dict[str, list[ReachingEndpoint]] = defaultdict(list)
        for endpoint in endpoints:
            for reach in endpoint.reaches:
                if reach.first_line:
                    self._by_lines[reach.file_path].append(ReachingEndpoint(endpoint, reach))
                else:
                    self._by_symbol[reach.file_path, reach.symbol].append(ReachingEndpoint(endpoint, reach))

    def of(self, file_path: str, symbol: str, line: int) -> list[ReachingEndpoint]:
        """Return the endpoints that reach a line of a function, each with its shortest chain."""
        inline = [c for c in self._by_lines.get(file_path, ()) if c.reach.first_line <= line <= c.reach.last_line]
        callers: dict[HttpEndpoint, ReachingEndpoint] = {}
        for caller in (*inline, *self._by_symbol.get((file_path, symbol), ())):
            callers.setdefault(caller.endpoint, caller)
        return list(callers.values())


def endpoints_by_usage(endpoints: Iterable[HttpEndpoint], usages: Sequence[Usage]) -> list[list[ReachingEndpoint]]:
    """Return, for each of these usages, the endpoints that reach it."""
    index = ReachIndex(endpoints)
    return [index.of(usage.file_path, usage.symbol, usage.line_number) for usage in usages]
