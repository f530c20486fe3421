"""The routers of a code base as a graph: which is mounted below which, and the routes that each declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

# A router is known by where it comes from: ("new", path, offset), ("name", path, variable), ("param", path, function,
# parameter), ("return", path, function).
RouterKey: TypeAlias = tuple[str, ...]

_MAX_PREFIXES = 8
_MAX_DEPTH = 12


class Declared(msgspec.Struct, frozen=True):
    """A route as it is declared, with the path below its router."""

    router: RouterKey
    methods: tuple[str, ...]
    path: str
    file_path: str
    start: int
    end: int
    handler: str
    roots: tuple[tuple[str, str], ...]


@dataclass
class RouterGraph:
    """All routers, filled by reading files.

    `roots` are routers that are constructed, or declared by the type of a parameter; a route counts only below one.
    """

    own: dict[RouterKey, str] = field(default_factory=dict)
    roots: set[RouterKey] = field(default_factory=set)
    same: dict[RouterKey, RouterKey] = field(default_factory=dict)
    mounts: dict[RouterKey, list[tuple[RouterKey, str]]] = field(default_factory=dict)
    declared: list[Declared] = field(default_factory=list)

    def mount(self, parent: RouterKey, path: str, child: RouterKey) -> None:
        """Record that a router stands below another one."""
        self.mounts.setdefault(child, []).append((parent, path))

    def resolved(self, key: RouterKey) -> RouterKey:
        """Return the router that a variable or a return value stands for."""
        for _ in range(_MAX_DEPTH):
            if key not in self.same:
                break
            key = self.same[key]
        return key

    def prefixes(self, router: RouterKey, replaces: bool) -> list[str]:
        """Return the paths under which a router can be reached, none if it is not known to be a router.

        Args:
            router: the router.
            replaces: the path of a mount stands for the router's own path.
        """
        return list(dict.fromkeys(self._prefixes(self.resolved(router), replaces, frozenset())))[:_MAX_PREFIXES]

    def _prefixes(self, router: RouterKey, replaces: bool, seen: frozenset[RouterKey]) -> list[str]:
        own = self.own.get(router, "")
        above: list[str] = []
        if len(seen) < _MAX_DEPTH:
            for parent, path in self._mounts_of(router):
                key = self.resolved(parent)
                if key not in seen | {router}:
                    below = path if replaces and path else f"{path.rstrip('/')}/{own.lstrip('/')}" if own else path
                    prefixes = self._prefixes(key, replaces, seen | {router})
                    above += [f"{prefix.rstrip('/')}/{below.lstrip('/')}" if below else prefix for prefix in prefixes]
        return above or ([own] if router in self.roots else [])

    def _mounts_of(self, router: RouterKey) -> list[tuple[RouterKey, str]]:
        if not hasattr(self, "_by_child"):
            self._by_child: dict[RouterKey, list[tuple[RouterKey, str]]] = {}
            for child, parents in self.mounts.items():
                self._by_child.setdefault(self.resolved(child), []).extend(parents)
        return self._by_child.get(router, [])
