"""Source strings: one syntax for everything that a Schema can be read from, and reading the Schema.

shop · shop@dev · shop#latest — a managed database, a branch, a snapshot

postgresql://… sqlite:///… — a live database

schema.sql · migrations/ · schema.prisma · ./app · app.zip — files and code

models:./app · migrations:./app — one half of a code base
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from headwater.catalog.model import Schema
from headwater.core.sources import live
from headwater.kit.errors import BadInput, NotFound
from headwater.readers import Half

Result = TypeVar("Result")
Kind = Literal["url", "path", "database", "branch", "snapshot"]

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_HALF = re.compile(r"(?P<half>models|migrations):(?!//)(?P<path>.*)", re.DOTALL)
_MANAGED = re.compile(r"(?P<name>[A-Za-z][\w-]*)(?:@(?P<branch>[\w./-]+))?(?:#(?P<snapshot>[\w:.+-]+))?$")


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed source string."""

    kind: Kind
    text: str
    scheme: str = ""
    name: str = ""
    branch: str | None = None
    snapshot: str | None = None
    half: Half | None = None

    @property
    def path(self) -> Path:
        """The path, of a source of kind `path`."""
        return Path(self.text).expanduser()


def parse(text: str) -> Source:
    """Return the source of a string; an existing path takes precedence over a database of that name.

    Raises:
        BadInput: the string has none of the known forms.
    """
    if (half := _HALF.match(text)) and half["path"]:
        name: Half = "models" if half["half"] == "models" else "migrations"
        return Source("path", half["path"], half=name)
    if url := _URL.match(text):
        return Source("url", text, scheme=url[1].lower().partition("+")[0])
    if (
        (text.strip() and Path(text).expanduser().exists())
        or text.startswith((".", "/", "~"))
        or "/" in text
        or "\\" in text
    ):
        return Source("path", text)
    managed = _MANAGED.match(text)
    if managed is None or re.search(r"\.\w+$", text):
        if re.search(r"\.\w+$", text):
            return Source("path", text)
        raise BadInput(
            f"{text!r} is not a source.", hint="Give a folder, a file, an archive, a URL or a database name."
        )
    kind: Kind = "snapshot" if managed["snapshot"] else "branch" if managed["branch"] else "database"
    return Source(kind, text, name=managed["name"], branch=managed["branch"], snapshot=managed["snapshot"])


def read(text: str, of_code: Callable[[Path, Half | None], Result], of_database: Callable[[Schema], Result]) -> Result:
    """Return the Schema of a source, in the form that the caller wants.

    Args:
        text: a source string.
        of_code: reads the Schema of a file, folder or archive, or of one half of it.
        of_database: returns the Schema of a database in the same form.

    Raises:
        BadInput: not a source string, or an unreadable file.
        NotFound: a managed database, or a URL that no installed engine opens.
        Unavailable: a live database that cannot be reached.
    """
    source = parse(text)
    if source.kind == "path":
        return of_code(source.path, source.half)
    if source.kind == "url":
        return of_database(live.read(text))
    raise NotFound(
        f"There is no file or folder {text}, and no managed database of that name.",
        hint="Give a folder, an archive, a .sql or a .prisma file.",
    )
