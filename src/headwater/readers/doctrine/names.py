"""Physical names that Doctrine's naming strategies give to classes, properties and join tables."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from headwater.readers import SourceFile

_STRATEGY = re.compile(rb"naming_strategy\s*:\s*['\"]?([\w.\\]+)")
_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BORDER_AWARE = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])")


class DoctrineNaming(msgspec.Struct, frozen=True):
    """A naming strategy: the default one keeps names, the underscore ones make snake case."""

    underscore: bool = False
    number_aware: bool = False

    def column(self, name: str) -> str:
        """Return the column of a property."""
        if not self.underscore:
            return name
        return (_BORDER_AWARE if self.number_aware else _BORDER).sub("_", name).lower()

    def table(self, name: str) -> str:
        """Return the table of a class."""
        return self.column(name)

    def join_column(self, name: str, key: str) -> str:
        """Return the column of a relationship to a key."""
        return f"{self.column(name)}_{key}"

    def join_table(self, source: str, target: str) -> str:
        """Return the table of a relationship between two classes."""
        return f"{self.table(source)}_{self.table(target)}".lower()

    def join_key(self, name: str, key: str) -> str:
        """Return the column of a join table for a class."""
        return f"{self.table(name).lower()}_{key}"


def naming(files: Iterable[SourceFile]) -> DoctrineNaming:
    """Return the naming strategy that the settings of a code base name, or the default one."""
    named = [match[1] for file in files if file.language == "settings" for match in _STRATEGY.finditer(file.source)]
    strategy = named[0].decode() if named else ""
    return DoctrineNaming("underscore" in strategy, "number_aware" in strategy)
