"""Entries of databases without tables: documents of collections, keys and the elements of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ChangeKind = Literal["insert", "replace", "delete", "expire", "put", "remove"]


@dataclass(frozen=True, slots=True)
class Collection:
    """A container of entries: a collection, a view, or all keys of a database."""

    name: str
    kind: Literal["collection", "view", "keys"]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class CollectionEntry:
    """A document or a key.

    `id` identifies it in its collection. `body` is its content as text: Extended JSON, or the value of a key that has
    no elements; `whole` is False if the body was truncated. `binary` says that `body` is escaped bytes, which cannot be
    edited as text. `length` counts characters or elements; `seconds_left` is None if it does not expire.
    """

    id: str
    type: str
    body: str = ""
    whole: bool = True
    binary: bool = False
    length: int | None = None
    size_bytes: int | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """A field, item, member or stream entry of a key's value; `name` is its field, index, member or id.

    `whole` is False when the value was cut.
    """

    name: str
    value: str = ""
    binary: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries, the cursor of the next page, and the total number if it is cheap to count."""

    items: tuple[CollectionEntry, ...]
    next: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ElementPage:
    """Some elements of an entry, and the cursor of the next page."""

    items: tuple[Element, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A search: `filter` and `sort` in the engine's own syntax."""

    filter: str = ""
    sort: str = ""
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One change of one entry.

    `insert` creates an entry (of `type`, with a first `part` if it has elements), `replace` replaces its body, `delete`
    deletes it, `expire` sets its time to live to `seconds` (None: forever), `put` and `remove` change one element.
    `was` is what the editor showed: if the entry has changed since then, nothing is changed.
    """

    kind: ChangeKind
    id: str = ""
    type: str = ""
    part: str = ""
    body: str = ""
    was: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """Whether a change was made and to which entry; if not, `now` is the current value, None if it is gone."""

    applied: bool
    id: str
    now: str | None = None
