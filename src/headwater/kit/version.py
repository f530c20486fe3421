"""The version of this installation."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

# What a checkout that is not installed calls itself.
UNINSTALLED = "0.1.0"


@cache
def version() -> str:
    """Return the version of Headwater."""
    try:
        return installed("headwater")
    except PackageNotFoundError:
        return UNINSTALLED
