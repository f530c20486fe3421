"""Headwater: one self-hosted workbench for the whole life of a database."""

from __future__ import annotations

from functools import cache


@cache
def version() -> str:
    """Return the version of the installed package; read when first asked for, since most commands never ask."""
    from importlib import metadata

    try:
        return metadata.version("headwater")
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        return "0+source"
