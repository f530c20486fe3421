"""Cursor paging: a page of items and an opaque token for the next one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from headwater.kit.errors import BadInput

Item = TypeVar("Item")
DEFAULT_LIMIT = 50
MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order, and the cursor of the next page or None at the end."""

    items: tuple[Item, ...]
    next: str | None


def encode_cursor(*key: str | int) -> str:
    """Return an opaque URL-safe token for a sort key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(key))).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type[str] | type[int]) -> tuple[str | int, ...]:
    """Return the sort key of a cursor.

    Args:
        cursor: a token made by `encode_cursor`.
        kinds: the type of each part of the key, in order.

    Raises:
        BadInput: the token is invalid, or belongs to another list.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key: list[str | int] = msgspec.json.decode(raw, type=list[str | int])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        key = []
    if [type(part) for part in key] != list(kinds):
        raise BadInput("The cursor does not belong to this list.", hint="Leave it out to start from the beginning.")
    return tuple(key)


def cut(rows: Sequence[Item], limit: int, key: Callable[[Item], tuple[str | int, ...]]) -> Page[Item]:
    """Make a page of `limit` items from up to `limit + 1` rows; one row more means that there is a next page."""
    items = tuple(rows[:limit])
    return Page(items, encode_cursor(*key(items[-1])) if len(rows) > limit else None)
