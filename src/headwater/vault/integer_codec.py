"""Packs integers: differences from a base or from the previous number, stored in byte planes.

Layout: mode (1 byte: 0 from the base, 1 from the previous number), bytes per number (1 byte: 0 to 8), base (8 bytes),
then the lowest bytes of all numbers, the next ones, and so on.
"""

from __future__ import annotations

import struct

import numpy as np

_HEAD = struct.Struct("<BBq")
_FROM_BASE, _FROM_LAST = 0, 1
_POWERS = np.array([10**power for power in range(1, 20)], np.uint64)


def pack(values: np.ndarray) -> bytes:
    """Return int64 numbers as bytes; differences are modulo 2**64, so that none overflows."""
    if not len(values):
        return _HEAD.pack(_FROM_BASE, 0, 0)
    bits = values.view(np.uint64)
    low = values.min()
    plain = bits - low.view(np.uint64)
    wide = _width(plain)
    if wide > 1 and len(values) > 2:
        steps = (bits[1:] - bits[:-1]).view(np.int64)
        zigzag = ((steps << 1) ^ (steps >> 63)).view(np.uint64)
        if (narrow := _width(zigzag)) < wide:
            return _HEAD.pack(_FROM_LAST, narrow, int(values[0])) + _planes(zigzag, narrow)
    return _HEAD.pack(_FROM_BASE, wide, int(low)) + _planes(plain, wide)


def unpack(data: memoryview, count: int) -> tuple[np.ndarray, int]:
    """Return this many int64 numbers, and how many bytes they took.

    Raises:
        ValueError: these are not the bytes of so many numbers.
    """
    mode, width, base = _HEAD.unpack_from(data)
    stored = count - 1 if mode == _FROM_LAST else count
    if mode > 1 or width > 8 or stored < 0 or len(data) < _HEAD.size + stored * width:
        raise ValueError("not packed numbers")
    spread = np.zeros((stored, 8), np.uint8)
    if width:
        spread[:, :width] = np.frombuffer(data, np.uint8, stored * width, _HEAD.size).reshape(width, stored).T
    reshape = spread.view(np.uint64).reshape(-1)
    first = np.array([base], np.int64).view(np.uint64)
    if mode == _FROM_BASE:
        values = reshape + first
    else:
        steps = (reshape >> np.uint64(1)) ^ (np.uint64(0) - (reshape & np.uint64(1)))
        values = np.cumsum(np.concatenate((first, steps)), dtype=np.uint64)
    return values.view(np.int64), _HEAD.size + stored * width


def digits(values: np.ndarray) -> np.ndarray:
    """Return the number of characters of each number in decimal, including the sign."""
    size = np.abs(values).view(np.uint64)  # also for the smallest number
    count: np.ndarray = np.searchsorted(_POWERS, size, "right") + 1 + (values < 0)
    return count


def _width(values: np.ndarray) -> int:
    return (int(values.max()).bit_length() + 7) // 8


def _planes(values: np.ndarray, width: int) -> bytes:
    return values.view(np.uint8).reshape(-1, 8)[:, :width].T.tobytes() if width else b""
