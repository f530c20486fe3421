"""Request and response models of entries, their parts and their changes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from headwater.catalog.entries import ChangeKind
from headwater.features.accounts.api_models import Input, Wire

Name = Annotated[str, StringConstraints(max_length=100_000)]
Body = Annotated[str, StringConstraints(max_length=17_000_000)]
Expression = Annotated[str, StringConstraints(max_length=100_000)]
Cursor = Annotated[str, StringConstraints(max_length=200)]


class HolderOut(Wire):
    """A container of entries: a collection, a view, or all keys of a database."""

    name: str
    kind: Literal["collection", "view", "keys"]
    count: int | None


class EntriesIn(Input):
    """Which entries to read; `filter` and `sort` use the engine's syntax (a document, or a pattern of keys)."""

    holder: Name = ""
    filter: Expression = ""
    sort: Expression = ""
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class EntryIn(Input):
    """One entry, by its id."""

    holder: Name = ""
    id: Name


class PartsIn(EntryIn):
    """Which parts of an entry to read."""

    filter: Expression = ""
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class EntryOut(Wire):
    """A document, or a key. `whole` is false if `body` is truncated, `binary` is true if it is escaped bytes."""

    id: str
    type: str
    body: str
    whole: bool
    binary: bool
    length: int | None
    size_bytes: int | None
    seconds_left: float | None


class EntriesOut(Wire):
    """A page of entries; `total` is the number of all entries if the engine can tell it quickly."""

    items: list[EntryOut]
    next: str | None
    total: int | None


class PartOut(Wire):
    """A field, item, member or stream entry; `name` is its field, index, member or id."""

    name: str
    value: str
    binary: bool
    whole: bool


class PartsOut(Wire):
    """A page of parts."""

    items: list[PartOut]
    next: str | None


class EntryChangeIn(Input):
    """A change of one entry; with `was`, it is applied only if the entry still has that value."""

    holder: Name = ""
    kind: ChangeKind
    id: Name = ""
    type: Annotated[str, StringConstraints(max_length=20)] = Field("", description="Type of a new key: string, hash …")
    part: Name = Field("", description="Field, index, member or id to set or remove.")
    body: Body = ""
    was: Body | None = None
    seconds: Annotated[float, Field(gt=0, le=10**10)] | None = Field(
        None, description="Seconds to live; null: forever."
    )
    confirmed: bool = Field(False, description="Confirms a write to a protected database.")


class EntryChangeOut(Wire):
    """Whether the change was applied, and to which entry; if not, `now` is its current value (null: deleted)."""

    applied: bool
    id: str
    now: str | None
