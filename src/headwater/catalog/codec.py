"""Stable JSON of a Schema: equal Schemas always give the same bytes, and can be read back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from headwater.catalog.model import Schema
from headwater.kit.errors import BadInput

FORMAT = 1


@dataclass(frozen=True, slots=True)
class _Envelope:
    format: int
    schema: Schema


def to_json(schema: Schema) -> bytes:
    """Return the Schema as UTF-8 JSON in declaration order."""
    return msgspec.json.encode(_Envelope(FORMAT, schema))


def from_json(data: bytes | str) -> Schema:
    """Return the Schema that `to_json` wrote.

    Raises:
        BadInput: not such JSON, or written by a newer version.
    """
    try:
        envelope = msgspec.json.decode(data, type=_Envelope)
    except msgspec.DecodeError as error:
        raise BadInput(f"This is not a Headwater schema: {error}.") from error
    if envelope.format > FORMAT:
        raise BadInput(
            f"The schema has format {envelope.format}; this version reads up to {FORMAT}.",
            hint="Use a newer Headwater.",
        )
    return envelope.schema


def fingerprint(schema: Schema) -> str:
    """Return 32 hex digits that are equal for equal Schemas (BLAKE2b of the stable JSON)."""
    return hashlib.blake2b(to_json(schema), digest_size=16).hexdigest()
