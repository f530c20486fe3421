"""Source languages, one file each, found by listing: source text in, facts out, nothing remembered.

A language module has:

    NAME: str                              as shown to users, for instance "python"
    SUFFIXES: tuple[str, ...]              with the dot, lower-case, for instance (".py", ".pyi")
    facts(path: str, source: bytes) -> Module     never raises: what is not understood is counted in `errors`

Optional: INTERPRETERS: tuple[str, ...], the shebang programs that mean this language.
The conformance suite in `headwater.testing.languages` runs over every module found here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Protocol, cast

from headwater.catalog.facts import Module
from headwater.kit import plugins


class Language(Protocol):
    """The interface of a language module."""

    NAME: str
    SUFFIXES: tuple[str, ...]

    def facts(self, path: str, source: bytes) -> Module:
        """Convert UTF-8 source text to facts.

        Args:
            path: the file's path inside its code base, with forward slashes.
            source: UTF-8 bytes without a byte-order mark.

        Returns:
            The facts, with byte offsets into `source`.
        """


@cache
def by_name() -> Mapping[str, Language]:
    """Return each language by its name."""
    modules = cast(dict[str, Language], plugins.load_all("languages"))
    return MappingProxyType({language.NAME: language for language in modules.values()})


@cache
def by_suffix() -> Mapping[str, Language]:
    """Return the language of each file suffix."""
    return MappingProxyType({suffix: lang for lang in by_name().values() for suffix in lang.SUFFIXES})
