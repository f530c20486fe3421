"""Headwater: one self-hosted workbench for the whole life of a database."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("headwater")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+source"
