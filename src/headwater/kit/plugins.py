"""Finds plugins (engines, readers, languages) by listing folders and entry points, before importing them.

Listing names imports nothing; loading a plugin imports only that one. Other packages provide plugins by an entry point
in the group `headwater.<room>`, for instance `headwater.readers`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from headwater.kit.errors import NotFound, did_you_mean


@cache
def _folder(room: str) -> tuple[str, ...]:
    package = importlib.import_module(f"headwater.{room}")
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


@cache
def _entry_points(room: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"headwater.{room}")}


def names(room: str) -> tuple[str, ...]:
    """Return the names of all plugins of a kind (`engines`, `readers`, `languages`), sorted, without importing them."""
    return tuple(sorted({*_folder(room), *_entry_points(room)}))


@cache
def load(room: str, name: str) -> ModuleType:
    """Import one plugin and return its module.

    Raises:
        NotFound: no such part; the hint lists the right names.
    """
    if name in _folder(room):
        return importlib.import_module(f"headwater.{room}.{name}")
    if name in _entry_points(room):
        loaded: ModuleType = _entry_points(room)[name].load()
        return loaded
    raise NotFound(f"There is no {room.rstrip('s')} called {name!r}.", hint=did_you_mean(name, names(room)))


def load_all(room: str) -> dict[str, ModuleType]:
    """Import every plugin of a kind and return them by name."""
    return {name: load(room, name) for name in names(room)}
