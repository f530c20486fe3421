"""Values as bytes in the cache: whatever a cache holds, only data of these classes comes out, and no code runs."""

from __future__ import annotations

import importlib
import io
import pickle
from functools import cache
from typing import Any

_OWN = ("headwater.catalog.", "headwater.readers", "headwater.frameworks", "headwater.core.lineage.")
_BUILTINS: dict[str, type] = {"frozenset": frozenset, "set": set}


def dumps(value: object) -> bytes:
    """Return a value as bytes."""
    return pickle.dumps(value, protocol=5)


def loads(data: bytes) -> Any:
    """Return the value that `dumps` was given.

    Raises:
        UnpicklingError: the bytes name something that is no class of lineage.
    """
    return _Unpickler(io.BytesIO(data)).load()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        """Return the class of this name, if it is one of those that are stored."""
        return _class(module_name, global_name)


@cache
def _class(module_name: str, global_name: str) -> type:
    known = _BUILTINS.get(global_name) if module_name == "builtins" else None
    if module_name.startswith(_OWN):
        known = getattr(importlib.import_module(module_name), global_name, None)
    if not isinstance(known, type):
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is not stored in the cache.")
    return known
