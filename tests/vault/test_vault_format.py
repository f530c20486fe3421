"""Old vaults stay readable: by Headwater, and by a reader written only from docs/reference/vault-format.md.

The reader below imports nothing of Headwater. Who changes the format changes the page, the version, and adds a fixture.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import math
import random
import re
import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import blake3
import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
Value = bytes | None


def derived(key: bytes, purpose: bytes, length: int = 32) -> bytes:
    return HKDF(hashes.SHA256(), length, None, b"headwater vault 1 " + purpose).derive(key)


class Reader:
    """A vault by its document."""

    def __init__(self, folder: Path, secret: bytes, kind: str) -> None:
        self.folder = folder
        config = json.loads((folder / "config").read_text())
        assert config["version"] == 1
        self.master = self._master(config["id"].encode(), secret, kind)
        self.content = derived(self.master, b"content")
        self.seen: dict[str, set[int]] = {"codec": set(), "kind": set(), "segment": set()}

    def _master(self, vault: bytes, secret: bytes, kind: str) -> bytes:
        for path in (self.folder / "keys").iterdir():
            slot = msgspec.msgpack.decode(path.read_bytes())
            if slot["kind"] != kind:
                continue
            if kind == "passphrase":
                wrapping = hashlib.scrypt(secret, salt=slot["salt"], n=slot["cost"], r=8, p=1, maxmem=2**28, dklen=32)
            else:
                wrapping = derived(secret, b"slot")
            return AESGCM(wrapping).decrypt(slot["wrapped"][:12], slot["wrapped"][12:], vault)
        raise AssertionError("no slot")

    def manifest(self, snapshot: str) -> dict[str, Any]:
        name = f"snapshots/{snapshot}".encode()
        data = (self.folder / name.decode()).read_bytes()
        assert data[:8] == b"HWSNAP\0\1"
        body = AESGCM(derived(self.master, b"manifest" + name)).decrypt(data[8:20], data[20:], name)
        return dict(msgspec.msgpack.decode(self.unpacked(body)))

    def unpacked(self, body: bytes) -> bytes:
        self.seen["codec"].add(body[0])
        match body[0]:
            case 0:
                return body[1:]
            case 1:
                return zstandard.ZstdDecompressor().decompress(body[1:])
            case 2:
                return gzip.decompress(body[1:])
            case 3:
                return zlib.decompress(body[1:])
            case 4:
                return lz4(body[5:], int.from_bytes(body[1:5], "little"))
        raise AssertionError(body[0])

    def pack(self, id_: bytes) -> bytes:
        return (self.folder / "packs" / id_.hex()[:2] / id_.hex()).read_bytes()

    def opened(self, kind: int, pack: bytes, offset: int, length: int) -> bytes:
        self.seen["segment"].add(kind)
        bound = pack + struct.pack("<IB", offset, kind)
        data = self.pack(pack)[offset : offset + length]
        return AESGCM(derived(self.master, b"pack" + pack)).decrypt(offset.to_bytes(12, "big"), data, bound)

    def segment(self, kind: int, ref: tuple[bytes, bytes, int, int]) -> bytes:
        content = self.unpacked(self.opened(kind, *ref[1:]))
        assert blake3.blake3(content, key=self.content).digest(length=16) == ref[0]
        return content

    def footer(self, pack: bytes) -> list[tuple[int, bytes, int, int]]:
        data = self.pack(pack)
        assert data[:8] == b"HWPACK\0\1"
        assert data[-8:] == b"HWPACKEN"
        length = int.from_bytes(data[-12:-8], "little")
        listed = self.opened(4, pack, len(data) - 12 - length, length)
        return list(struct.iter_unpack("<B16sII", listed))

    def rows(self, table: dict[str, Any]) -> list[tuple[Value, ...]]:
        result: list[tuple[Value, ...]] = []
        packs, firsts, chunks, rows, refs = msgspec.msgpack.decode(self.segment(3, tuple(table["root"])))
        leaves = references(packs, refs)
        assert len(leaves) == len(firsts) == len(chunks)
        for leaf, number, many in zip(leaves, chunks, rows, strict=True):
            before = len(result)
            result += self.leaf(leaf, table["key"], number)
            assert len(result) - before == many
        assert len(result) == table["rows"]
        return result

    def leaf(self, ref: tuple[bytes, bytes, int, int], key: list[int], number: int) -> list[tuple[Value, ...]]:
        packs, columns, firsts, counts, deltas, refs = msgspec.msgpack.decode(self.segment(2, ref))
        assert len(firsts) == number
        left = iter(references(packs, refs))
        result: list[tuple[Value, ...]] = []
        for rows, changes in zip(counts, deltas, strict=True):
            pages = [self.page(self.segment(0, item)) for item in itertools.islice(left, columns)]
            chunk = list(zip(*pages, strict=True)) if columns else [()] * rows
            for item in itertools.islice(left, changes):
                chunk = self.changed(chunk, key, self.segment(1, item))
            assert len(chunk) == rows
            result += chunk
        assert next(left, None) is None
        return result

    def changed(self, chunk: list[tuple[Value, ...]], key: list[int], delta: bytes) -> list[tuple[Value, ...]]:
        rows, gone = msgspec.msgpack.decode(delta)
        new = {tuple(row[location] for location in key): row for row in zip(*map(self.page, rows), strict=True)}
        dead = set(zip(*map(self.page, gone), strict=True))
        result = []
        for row in chunk:
            its = tuple(row[location] for location in key)
            if its in new:
                result.append(new.pop(its))
            elif its not in dead:
                result.append(row)
        return result + list(new.values())

    def page(self, data: bytes) -> list[Value]:
        kind, flags, rows = struct.unpack_from("<BBI", data)
        self.seen["kind"].add(kind)
        if kind == 0:
            return [None] * rows
        body, there = data[6:], [True] * rows
        if flags & 1:
            size = (rows + 7) // 8
            there = [bool(body[row // 8] >> row % 8 & 1) for row in range(rows)]
            body = body[size:]
        values = iter(KINDS[kind](body, sum(there)))
        result = [next(values) if item else None for item in there]
        assert next(values, None) is None
        return result


def references(packs: bytes, refs: bytes) -> list[tuple[bytes, bytes, int, int]]:
    return [
        (id_, packs[16 * location : 16 * location + 16], at, size)
        for id_, location, at, size in struct.iter_unpack("<16sHII", refs)
    ]


def numbers(data: bytes, count: int) -> tuple[list[int], bytes]:
    mode, width, base = struct.unpack_from("<BBq", data)
    stored = count - 1 if mode else count
    planes = data[10 : 10 + stored * width]
    plain = [sum(planes[plane * stored + at] << 8 * plane for plane in range(width)) for at in range(stored)]
    if mode == 0:
        result = [base + item for item in plain]
    else:
        result = list(itertools.accumulate(((item >> 1) ^ -(item & 1) for item in plain), initial=base))
    signed = [(item + 2**63) % 2**64 - 2**63 for item in result]
    return signed, data[10 + stored * width :]


def strings(data: bytes, count: int) -> list[bytes]:
    lengths, rest = numbers(data, count)
    ends = list(itertools.accumulate(lengths, initial=0))
    assert ends[-1] == len(rest)
    return [rest[start:end] for start, end in itertools.pairwise(ends)]


def shown_float(value: float) -> bytes:
    if not math.isfinite(value):
        return str(value).encode()
    sign, digits, exponent = re.fullmatch(r"(-?)([\d.]+)(?:e([+-]\d+))?", repr(value)).groups()  # type: ignore[union-attr]
    if value == 0:
        return f"{sign}0".encode()
    whole, _, fraction = digits.partition(".")
    point = len(whole) + int(exponent or 0)
    figures = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(figures)
    figures = figures.rstrip("0")
    if 1e-6 <= abs(value) < 1e10:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{figures}".encode()
        whole, fraction = figures[:point].ljust(point, "0"), figures[point:]
        return f"{sign}{whole}.{fraction}".rstrip(".").encode()
    return f"{sign}{figures[0]}.{figures[1:]}".rstrip(".").encode() + b"e%+d".replace(
        b"+", b"+" if point > 0 else b""
    ) % (point - 1)


def floats(data: bytes, count: int) -> list[bytes]:
    raw = [bytes(data[plane * count + at] for plane in range(8)) for at in range(count)]
    return [shown_float(struct.unpack("<d", item)[0]) for item in raw]


def moments(data: bytes, count: int) -> list[bytes]:
    values, rest = numbers(data[1:], count)
    assert not rest
    epoch, result = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None), []
    for value in values:
        moment = epoch + timedelta(**{"seconds" if data[0] & 2 else "microseconds": value})
        text = moment.strftime(f"{moment.year:04}-%m-%d %H:%M:%S") + f".{moment.microsecond:06}".rstrip("0").rstrip(".")
        result.append(text.encode() + (b"+00" if data[0] & 1 else b""))
    return result


def hexadecimal(data: bytes, count: int) -> list[bytes]:
    prefix = data[1 : 1 + data[0]]
    return [prefix + string.hex().encode() for string in strings(data[1 + data[0] :], count)]


def dictionary(data: bytes, count: int) -> list[bytes]:
    many, size = struct.unpack_from("<BI", data)
    words = strings(data[5 : 5 + size], many)
    return [words[location] for location in data[5 + size :][:count]]


def uuid(data: bytes) -> bytes:
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])).encode()


KINDS: dict[int, Any] = {
    1: lambda data, count: [data] * count,
    2: strings,
    3: lambda data, count: [b"%d" % item for item in numbers(data, count)[0]],
    4: floats,
    5: moments,
    6: lambda data, count: [
        (date(1970, 1, 1) + timedelta(item)).isoformat().encode() for item in numbers(data, count)[0]
    ],
    7: lambda data, count: [uuid(data[16 * at : 16 * at + 16]) for at in range(count)],
    8: hexadecimal,
    9: dictionary,
}


def lz4(data: bytes, size: int) -> bytes:
    """Unpack a raw LZ4 block (the format is public: lz4_Block_format.md)."""
    result, at = bytearray(), 0

    def more(length: int) -> int:
        nonlocal at
        while length >= 15 and (byte := data[at]) is not None:
            at, length = at + 1, length + byte
            if byte != 255:
                break
        return length

    while at < len(data):
        token, at = data[at], at + 1
        literals = more(token >> 4)
        result += data[at : at + literals]
        at += literals
        if at >= len(data):
            break
        offset = int.from_bytes(data[at : at + 2], "little")
        at += 2
        for _ in range(more(token & 15) + 4):
            result.append(result[-offset])
    assert len(result) == size
    return bytes(result)


def wanted(version: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / version / "rows.json").read_text()))


def shown(rows: list[tuple[Value, ...]]) -> list[list[str | None]]:
    return [[None if item is None else item.decode("latin-1") for item in row] for row in rows]


@pytest.mark.parametrize("version", VERSIONS)
def test_documentation_is_sufficient_to_read_a_vault(version: str) -> None:
    truth = wanted(version)
    reader = Reader(FIXTURES / version / "vault", truth["key"].encode(), "key")
    assert Reader(reader.folder, truth["passphrase"].encode(), "passphrase").master == reader.master
    for snapshot, tables in truth["snapshots"].items():
        manifest = reader.manifest(snapshot)
        archive = truth.get("archives", {}).get(snapshot)
        assert (manifest["version"], manifest["id"], manifest["engine"]) == (2 if archive else 1, snapshot, "test")
        if archive:
            pieces = [row[1] for row in reader.rows(manifest["archive"])]
            assert b"".join(piece for piece in pieces if piece is not None).decode("latin-1") == archive
        assert {table["name"] for table in manifest["tables"]} == set(tables)
        for table in manifest["tables"]:
            assert len(table["columns"]) == len(tables[table["name"]][0] if table["rows"] else table["columns"])
            assert shown(reader.rows(table)) == tables[table["name"]]
    for path in (reader.folder / "packs").rglob("*/*"):
        pack, end = bytes.fromhex(path.name), 8
        assert path.parent.name == path.name[:2]
        for kind, id_, offset, length in reader.footer(pack):
            assert offset == end
            end += length
            reader.segment(kind, (id_, pack, offset, length))
        assert end + 25 * len(reader.footer(pack)) + 16 + 12 == path.stat().st_size
    # All that the document tells of is in the fixture, else it would not have been read.
    assert reader.seen == {"codec": set(range(5)), "kind": set(range(10)), "segment": set(range(5))}


@pytest.mark.parametrize("version", VERSIONS)
def test_headwater_reads_old_vault(version: str) -> None:
    from headwater.core.snapshots import schema_archives
    from headwater.vault import verification
    from headwater.vault.keys import KeySource
    from headwater.vault.local import LocalBlobs
    from headwater.vault.vault import Vault
    from vault import builders

    truth = wanted(version)
    blobs = LocalBlobs(FIXTURES / version / "vault")
    for opener in (KeySource.key(truth["key"].encode()), KeySource.passphrase(truth["passphrase"])):
        of = Vault.open(blobs, opener)
        for snapshot, tables in truth["snapshots"].items():
            taken = of.manifest(snapshot)
            for name, rows in tables.items():
                assert shown(builders.rows(of, taken, name)) == rows
            archive = schema_archives.read(of, taken)
            assert (archive.decode("latin-1") if archive else None) == truth.get("archives", {}).get(snapshot)
    assert verification.deep(of).findings == ()


def test_float_format_matches_documentation() -> None:
    from headwater.vault import pages

    chance = random.Random(4)
    odd = [0.0, -0.0, 123.0, 5e-324, 1.7976931348623157e308, 100.0, math.inf, -math.inf, 0.1, -2.5e-5, 9.999999e-7]
    odd += [lead * 10.0**power for power in range(-12, 26) for lead in (1, -1.5, 9.999, 1.23456789012345)]
    bits = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(2000)]
    values = odd + bits + [chance.uniform(-1e11, 1e11) for _ in range(2000)]
    text = [shown_float(value) for value in values if not math.isnan(value)] + [b"nan"]
    page = pages.encode(pages.pa.array(text, pages.VALUES), "float")
    assert page[0] == pages.FLOATS, "what the reader shows is not what Headwater shows"
    assert KINDS[4](page[6:], len(text)) == text
