"""Pages: one column of one chunk as canonical bytes, and back; the bytes of a value never change.

A column is an Arrow array of byte strings or nulls, in the engine's text format. Values that look like numbers, times,
UUIDs or hexadecimal digits are stored as such if they give back exactly the same bytes, which is checked for each page;
everything else is stored as it is. The layout is in docs/reference/vault-format.md.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.vault import integer_codec
from headwater.vault.errors import Damaged

Hint = Literal["text", "integer", "float", "timestamp", "timestamptz", "date", "uuid", "hex"]
Column: TypeAlias = Any  # pa.Array of binary

VALUES = pa.binary()
_HEAD = struct.Struct("<BBI")
_HAS_NULLS = 1
NULLS, CONSTANT, BYTES, INTEGERS, FLOATS, MOMENTS, DAYS, UUIDS, HEX, DICTIONARY = range(10)
_SMALL = 255  # the largest dictionary
_LONGEST_PREFIX = 255


def encode(column: Column, hint: Hint = "text") -> bytes:
    """Return a column as the canonical bytes of a page: equal columns give equal bytes.

    Args:
        column: n byte strings or nulls.
        hint: the expected format of the values; a wrong hint costs space, but loses no value.
    """
    rows, present = len(column), column
    flags, bitmap = 0, b""
    if column.null_count:
        if column.null_count == rows:
            return _HEAD.pack(NULLS, 0, rows)
        mask = column.is_valid().to_numpy(zero_copy_only=False)
        flags, bitmap = _HAS_NULLS, np.packbits(mask, bitorder="little").tobytes()
        present = column.drop_null()
    kind, body = _body(present, hint) if len(present) else (NULLS, b"")
    return _HEAD.pack(kind, flags, rows) + bitmap + body


def decode(page: bytes) -> Column:
    """Return the column of a page.

    Raises:
        Damaged: these are not the bytes of a page.
    """
    try:
        kind, flags, rows = _HEAD.unpack_from(page)
        at = _HEAD.size
        if kind == NULLS:
            return pa.nulls(rows, VALUES)
        mask = None
        count = rows
        if flags & _HAS_NULLS:
            packed = np.frombuffer(page, np.uint8, (rows + 7) // 8, at)
            mask = np.unpackbits(packed, count=rows, bitorder="little").astype(bool)
            at += len(packed)
            count = int(mask.sum())
        present = _READERS[kind](memoryview(page)[at:], count)
        if mask is None:
            return present
        places = np.cumsum(mask) - 1
        return present.take(pa.array(places, mask=~mask))
    except (struct.error, ValueError, KeyError, IndexError, pa.ArrowInvalid, OverflowError) as error:
        raise Damaged("A page cannot be read.") from error


def rows(page: bytes) -> int:
    """Return the number of values in a page; raises Damaged."""
    try:
        count: int = _HEAD.unpack_from(page)[2]
    except struct.error as error:
        raise Damaged("A page cannot be read.") from error
    return count


def _body(present: Column, hint: Hint) -> tuple[int, bytes]:
    data, offsets = _parts(present)
    first = present[0].as_py()
    if len(present) * len(first) == len(data) and data == first * len(present) and _even(offsets, len(first)):
        return CONSTANT, first
    if (tried := _TYPED.get(hint)) and (body := tried(present)):
        return body
    if body := _dictionary(present):
        return body
    return BYTES, _strings(data, offsets)


def _parts(column: Column) -> tuple[bytes, np.ndarray]:
    """Return the concatenated bytes of all values, and their offsets."""
    _, offsets, data = column.buffers()
    places = np.frombuffer(offsets, np.int32, len(column) + 1, column.offset * 4).astype(np.int64)
    start, end = int(places[0]), int(places[-1])
    return (data.slice(start, end - start).to_pybytes() if data else b""), places - start


def _even(offsets: np.ndarray, size: int) -> bool:
    return bool((np.diff(offsets) == size).all())


def _strings(data: bytes, offsets: np.ndarray) -> bytes:
    """Return lengths and bytes: one length if all are equal, else as few bytes per length as the largest needs."""
    lengths = np.diff(offsets)
    return integer_codec.pack(lengths) + data


def _read_strings(body: memoryview, count: int) -> Column:
    lengths, at = integer_codec.unpack(body, count)
    return _joined(lengths, body[at:])


def _joined(lengths: np.ndarray, data: memoryview) -> Column:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    if (lengths < 0).any() or offsets[-1] != len(data):
        raise ValueError("lengths and data differ")
    places = pa.py_buffer(offsets.astype(np.int32))
    return pa.Array.from_buffers(VALUES, len(lengths), [None, places, pa.py_buffer(bytes(data))])


def _read_constant(body: memoryview, count: int) -> Column:
    return _joined(np.full(count, len(body), np.int64), memoryview(bytes(body) * count))


def _dictionary(present: Column) -> tuple[int, bytes] | None:
    if len(present) < 16 or len(pc.unique(present.slice(0, 64))) > 32:
        return None
    encoded = present.dictionary_encode()
    values = encoded.dictionary
    if len(values) > _SMALL or len(values) * 4 > len(present):
        return None
    words = _strings(*_parts(values))
    indices = encoded.indices.to_numpy().astype(np.uint8)
    return DICTIONARY, struct.pack("<BI", len(values), len(words)) + words + indices.tobytes()


def _read_dictionary(body: memoryview, count: int) -> Column:
    number, size = struct.unpack_from("<BI", body)
    values = _read_strings(body[5 : 5 + size], number)
    return values.take(pa.array(np.frombuffer(body, np.uint8, count, 5 + size).astype(np.int64)))


def _as_text(column: Column) -> Column:
    return column.cast(pa.string())


def _integers(present: Column) -> tuple[int, bytes] | None:
    data, offsets = _parts(present)
    try:
        values: np.ndarray = _as_text(present).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    if b"x" in data or (integer_codec.digits(values) != np.diff(offsets)).any():  # 0x1F, 007
        return None
    return INTEGERS, integer_codec.pack(values)


def _shown(values: Any) -> Column:
    return values.cast(pa.string()).cast(VALUES)


def _read_integers(body: memoryview, count: int) -> Column:
    return _shown(pa.array(integer_codec.unpack(body, count)[0]))


def _floats(present: Column) -> tuple[int, bytes] | None:
    try:
        values = _as_text(present).cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    if not _shown(values).equals(present):
        return None
    return FLOATS, values.to_numpy().view(np.uint8).reshape(-1, 8).T.tobytes()


def _read_floats(body: memoryview, count: int) -> Column:
    planes = np.frombuffer(body, np.uint8, count * 8).reshape(8, count)
    return _shown(pa.array(np.ascontiguousarray(planes.T).view(np.float64).reshape(-1)))


_ZONE = pa.scalar(b"+00", VALUES)
_SECOND = 1_000_000


def _moments(zoned: bool) -> Callable[[Column], tuple[int, bytes] | None]:
    def made(present: Column) -> tuple[int, bytes] | None:
        data, offsets = _parts(present)
        try:
            read = _as_text(present).cast(pa.timestamp("us", "UTC" if zoned else None))
        except pa.ArrowInvalid:
            return None
        values: np.ndarray = read.cast(pa.int64()).to_numpy()
        fraction = values % _SECOND
        whole = not fraction.any()
        if not _spelled(np.frombuffer(data, np.uint8), offsets, fraction, 3 if zoned else 0):
            return None
        numbers = values // _SECOND if whole else values
        return MOMENTS, struct.pack("<B", zoned | whole << 1) + integer_codec.pack(numbers)

    return made


def _spelled(data: np.ndarray, offsets: np.ndarray, fraction: np.ndarray, zone: int) -> bool:
    """Return True if times are spelled canonically: `2024-01-31 23:59:59.5+00`, without trailing zeros."""
    behind = np.where(fraction != 0, 7, 0)
    for power in (10, 100, 1_000, 10_000, 100_000):
        behind -= (fraction % power == 0) & (fraction != 0)
    if (np.diff(offsets) != 19 + behind + zone).any() or (data[offsets[:-1] + 10] != ord(" ")).any():
        return False
    return not zone or all((data[offsets[1:] - 3 + at] == sign).all() for at, sign in enumerate(b"+00"))


def _show_moments(values: np.ndarray, zoned: bool, whole: bool) -> Column:
    text = pa.array(values).cast(pa.timestamp("s" if whole else "us")).cast(pa.string())
    if not whole:
        text = pc.utf8_rtrim(pc.utf8_rtrim(text, "0"), ".")
    value = text.cast(VALUES)
    return pc.binary_join_element_wise(value, _ZONE, pa.scalar(b"", VALUES)) if zoned else value


def _read_moments(body: memoryview, count: int) -> Column:
    return _show_moments(integer_codec.unpack(body[1:], count)[0], bool(body[0] & 1), bool(body[0] & 2))


def _days(present: Column) -> tuple[int, bytes] | None:
    if not _even(_parts(present)[1], 10):
        return None
    try:
        values = _as_text(present).cast(pa.date32())
    except pa.ArrowInvalid:
        return None
    return DAYS, integer_codec.pack(values.cast(pa.int32()).to_numpy().astype(np.int64))


def _read_days(body: memoryview, count: int) -> Column:
    return _shown(pa.array(integer_codec.unpack(body, count)[0].astype(np.int32)).cast(pa.date32()))


# The offsets of a UUID's digits in its text, with and without dashes.
_GROUPS = ((0, 8, 0), (9, 13, 8), (14, 18, 12), (19, 23, 16), (24, 36, 20))


def _uuids(present: Column) -> tuple[int, bytes] | None:
    data, offsets = _parts(present)
    if not _even(offsets, 36):
        return None
    table = np.frombuffer(data, np.uint8).reshape(-1, 36)
    digits = np.empty((len(table), 32), np.uint8)
    for start, end, to in _GROUPS:
        digits[:, to : to + end - start] = table[:, start:end]
    if any((table[:, end] != ord("-")).any() for _, end, _ in _GROUPS[:-1]):
        return None
    values = _unhex(digits.tobytes())
    return (UUIDS, values) if values is not None else None


def _read_uuids(body: memoryview, count: int) -> Column:
    if len(body) != count * 16:
        raise ValueError("not so many UUIDs")
    digits = np.frombuffer(binascii.hexlify(body), np.uint8).reshape(count, 32)
    table = np.full((count, 36), ord("-"), np.uint8)
    for start, end, to in _GROUPS:
        table[:, start:end] = digits[:, to : to + end - start]
    return _joined(np.full(count, 36, np.int64), memoryview(table.tobytes()))


def _unhex(digits: bytes) -> bytes | None:
    """Return the bytes of lower-case hexadecimal digits, or None if there are other characters."""
    try:
        values = binascii.unhexlify(digits)
    except binascii.Error:
        return None
    return values if binascii.hexlify(values) == digits else None


def _hex(present: Column) -> tuple[int, bytes] | None:
    """Return hexadecimal digits as bytes; all values begin with the same prefix ending in x, if any."""
    first = present[0].as_py()
    prefix = first[: first.find(b"x") + 1]
    if len(prefix) > _LONGEST_PREFIX or (prefix and not pc.all(pc.starts_with(present, prefix)).as_py()):
        return None
    data, offsets = _parts(present)
    if prefix:
        data, offsets = _without(data, offsets, len(prefix))
    values = None if (offsets & 1).any() else _unhex(data)
    if values is None:
        return None
    return HEX, struct.pack("<B", len(prefix)) + prefix + integer_codec.pack(np.diff(offsets) // 2) + values


def _without(data: bytes, offsets: np.ndarray, prefix: int) -> tuple[bytes, np.ndarray]:
    """Return values without this many leading bytes."""
    rows, table = len(offsets) - 1, np.frombuffer(data, np.uint8)
    if _even(offsets, int(offsets[1])):
        cut = table.reshape(rows, -1)[:, prefix:]
    else:
        inner = np.ones(len(data), bool)
        inner[offsets[:-1, None] + np.arange(prefix)] = False
        cut = table[inner]
    return cut.tobytes(), offsets - prefix * np.arange(rows + 1)


def _read_hex(body: memoryview, count: int) -> Column:
    end = 1 + body[0]
    lengths, at = integer_codec.unpack(body[end:], count)
    digits = _joined(lengths * 2, memoryview(binascii.hexlify(body[end + at :])))
    return pc.binary_join_element_wise(pa.scalar(bytes(body[1:end]), VALUES), digits, pa.scalar(b"", VALUES))


_TYPED: dict[Hint, Callable[[Column], tuple[int, bytes] | None]] = {
    "integer": _integers,
    "float": _floats,
    "timestamp": _moments(False),
    "timestamptz": _moments(True),
    "date": _days,
    "uuid": _uuids,
    "hex": _hex,
}
_READERS: dict[int, Callable[[memoryview, int], Column]] = {
    CONSTANT: _read_constant,
    BYTES: _read_strings,
    INTEGERS: _read_integers,
    FLOATS: _read_floats,
    MOMENTS: _read_moments,
    DAYS: _read_days,
    UUIDS: _read_uuids,
    HEX: _read_hex,
    DICTIONARY: _read_dictionary,
}
