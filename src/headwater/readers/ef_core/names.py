"""Names of EF Core: the conventions of the framework, and the naming conventions of EFCore.NamingConventions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from headwater.catalog.names import snake
from headwater.readers import SourceFile

_CALLS: tuple[tuple[bytes, Callable[[str], str]], ...] = (
    (b"UseSnakeCaseNamingConvention(", snake),
    (b"UseLowerCaseNamingConvention(", str.lower),
    (b"UseUpperCaseNamingConvention(", str.upper),
    (b"UseUpperSnakeCaseNamingConvention(", lambda name: snake(name).upper()),
    (b"UseCamelCaseNamingConvention(", lambda name: name[:1].lower() + name[1:]),
)
_COMMENT = re.compile(rb"^[ \t]*//[^\n]*$", re.MULTILINE)


def naming_of(files: Iterable[SourceFile]) -> Callable[[str], str]:
    """Return the function that makes a name that is not configured."""
    for file in files:
        if file.language == "csharp" and b"NamingConvention(" in file.source:
            code = _COMMENT.sub(b"", file.source)
            for call, convert in _CALLS:
                if call in code:
                    return convert
    return str


def foreign_key(stem: str, key: str) -> str:
    """Return the name of a shadow foreign key: of the navigation or the principal, and the key it refers to."""
    return key if key.lower().startswith(stem.lower()) else stem + key


def candidates(navigation: str, principal: str, key: str) -> tuple[str, ...]:
    """Return the names by which a property is taken for a foreign key, in the order of the convention."""
    stems = [stem for stem in (navigation, principal) if stem]
    names = [name for stem in stems for name in (stem + key, f"{stem}Id", foreign_key(stem, key))]
    return tuple(dict.fromkeys(name.lower() for name in names))
