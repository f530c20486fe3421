"""Entries of databases that have no tables: documents of collections, keys and the parts of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ChangeKind = Literal["insert", "replace", "delete", "expire", "put", "remove"]


@dataclass(frozen=True, slots=True)
class Collection:
    """What holds entries: a collection, a view, or all keys of a database."""

    name: str
    kind: Literal["collection", "view", "keys"]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class CollectionEntry:
    """A document or a key.

    `id` names it within its holder. `body` is what it holds as text: Extended JSON, or the value of a key that has
    no parts; `whole` is False when that was cut. `binary` says that `body` is escaped bytes, which cannot be edited
    as text. `length` counts characters or parts; `seconds_left` is None for what stays.
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
    """A field, item, member or stream entry of a key's value; `name` is its field, place, member or id.

    `whole` is False when the value was cut.
    """

    name: str
    value: str = ""
    binary: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries, where the next ones begin, and how many there are when that is quick to say."""

    items: tuple[CollectionEntry, ...]
    next: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ElementPage:
    """Some parts of an entry, and where the next ones begin."""

    items: tuple[Element, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: `filter` and `sort` in the engine's own words."""

    filter: str = ""
    sort: str = ""
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One change of one entry.

    `insert` makes one (of `type`, with a first `part` where it has parts), `replace` its body, `delete` ends it,
    `expire` lets it end in `seconds` (None: never), `put` and `remove` change one part. `was` is what the editor
    showed: when that is no longer so, nothing is changed.
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
    """Whether a change was made and to which entry; if not, `now` is what there is, None when it is gone."""

    applied: bool
    id: str
    now: str | None = None
