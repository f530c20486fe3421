"""Source languages, one file each, found by listing: source text in, facts out, nothing remembered.

A language module has:

    NAME: str                              as shown to users, for instance "python"
    SUFFIXES: tuple[str, ...]              with the dot, lower-case, for instance (".py", ".pyi")
    facts(path: str, source: bytes) -> Module     never raises: what is not understood is counted in `errors`

Optional:

    INTERPRETERS: tuple[str, ...]          the shebang programs that mean this language
    SCOPE: Scope                           where a name that a file neither defines nor imports is looked for
    IMPLICIT_RECEIVER: bool                a method can name members of its object without `this.` or `self.`
    BARE_CALLS: bool                       a method without arguments is called without parentheses
    IMPLICIT_TARGET: bool                  and set them so: an assignment to a name that is not declared sets a member

The conformance suite in `headwater.testing.languages` runs over every module found here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal, Protocol, cast

from headwater.catalog.facts import Module
from headwater.kit import plugins

# file      only the file itself and its imports (Python, JavaScript)
# folder    all files of the folder share their names; an import names a folder by the end of its path (Go)
# package   all files that declare the same `Module.package` share their names; an import names a package and a member,
#           or a package and `*` (Java, Kotlin, C#, PHP)
# path      an import names a module by its path from `crate`, `self` or `super` (Rust)
# global    every class can be named everywhere, by its full name or from inside its namespace (Ruby)
Scope = Literal["file", "folder", "package", "path", "global"]


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


@cache
def scope_of(language: str) -> Scope:
    """Return where names are looked for in a language; `file` unless it says otherwise."""
    known = by_name().get(language)
    scope: Scope = getattr(known, "SCOPE", "file")
    return scope


@cache
def has_implicit_receiver(language: str) -> bool:
    """Return True if methods of a language can name members of their object without a receiver."""
    return bool(getattr(by_name().get(language), "IMPLICIT_RECEIVER", False))


@cache
def has_bare_calls(language: str) -> bool:
    """Return True if methods of a language that take no arguments are called without parentheses."""
    return bool(getattr(by_name().get(language), "BARE_CALLS", False))


@cache
def has_implicit_target(language: str) -> bool:
    """Return True if methods of a language can set members of their object without a receiver."""
    return bool(getattr(by_name().get(language), "IMPLICIT_TARGET", False))
