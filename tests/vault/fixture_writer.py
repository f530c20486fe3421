"""Writes the fixture vault of the present format: `python -m vault.fixture_writer FOLDER`, in `tests/`, once a version."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from headwater.core.snapshots import schema_archives
from headwater.vault import keys, manifest
from headwater.vault.chunker import ChunkSizes
from headwater.vault.codecs import Codec
from headwater.vault.deltas import Delta
from headwater.vault.keys import KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.manifest import Manifest
from headwater.vault.pages import Hint
from headwater.vault.snapshot_writer import TableShape, TableWriter
from headwater.vault.vault import Vault
from vault import builders
from vault.builders import Given, Row

PASSPHRASE = "the river remembers"
SIZES = ChunkSizes(rows=24)
# Two pieces; a text that no encoding and no escape of a page may change.
ARCHIVE = bytes(range(256)) * 128 + b"\\N\0\n" * 9
HINTS: tuple[Hint, ...] = (
    "integer",
    "integer",
    "float",
    "timestamp",
    "timestamptz",
    "date",
    "uuid",
    "hex",
    "text",
    "text",
    "text",
)


def rows() -> list[Row]:
    """Return rows whose columns give every kind of page, with and without nulls."""
    chance = random.Random(1)
    result: list[Row] = []
    for index in range(200):
        number = chance.randrange(-(2**63), 2**63)
        odd = ("1e-7", "9999999999", "1e+10", "0.000001", "0.1", "3e+300", "nan", "-inf", "-0")
        float_ = chance.choice([repr(number / 1e9), f"{index}.5", *odd])
        row: list[bytes | None] = [
            b"%d" % index,
            b"%d" % (number >> (index % 60)),
            float_.encode(),
            b"2026-%02d-11 10:%02d:00" % (index % 12 + 1, index % 60),
            b"19%02d-02-28 23:59:59.%06d+00" % (index % 100, index * 7 + 1)
            if index % 10 != 9
            else b"2026-01-01 00:00:00.5+00",
            b"20%02d-%02d-28" % (index % 100, index % 12 + 1),
            b"%08x-0000-4000-8000-%012x" % (chance.getrandbits(32), index),
            b"\\x" + chance.randbytes(index % 7).hex().encode(),
            chance.randbytes(index % 30),
            [b"new", b"paid", b""][index % 3],
            b"always",
        ]
        result.append(
            tuple(
                None if column and chance.random() < (0.1 if index > 120 else 0) else entry
                for column, entry in enumerate(row)
            )
        )
    return result


def write(folder: Path) -> None:
    """Write the vault and what is in it."""
    vault = Vault.create(LocalBlobs(folder / "vault"), builders.KEY, "key")
    keys.add_slot(vault.blobs, vault.id, vault.keys, KeySource.passphrase(PASSPHRASE), "passphrase")
    content = rows()
    tables = {
        "everything": Given(HINTS, content, (0,)),
        "without a key": Given(("text", "integer"), [(None, b"007"), (b"\0\xff", None)] * 40),
        "without columns": Given((), [()] * 5),
        "without rows": Given(("text",), []),
    }
    parent = builders.snapshot(vault, tables, sizes=SIZES, id_="0001")
    last = parent
    for number, codec in enumerate((Codec("gzip", 6), Codec("deflate", 6), Codec("lz4", 0), Codec("none", 0)), 2):
        content = [
            (*row[:-1], b"version %d" % number) if index % 300 == number else row for index, row in enumerate(content)
        ]
        last = builders.snapshot(
            vault,
            {"everything": Given(HINTS, content, (0,))},
            parent=last,
            sizes=SIZES,
            codec=codec,
            id_=f"000{number}",
        )
    _delta(vault, last)
    result = {
        taken: {
            table.name: _shown(builders.rows(vault, vault.manifest(taken), table.name))
            for table in vault.manifest(taken).tables
        }
        for taken in vault.snapshots()
    }
    (folder / "rows.json").write_text(
        json.dumps(
            {
                "key": builders.KEY.secret.decode(),
                "passphrase": PASSPHRASE,
                "snapshots": {taken: result[taken] for taken in ("0001", "0006")},
                "archives": {"0006": ARCHIVE.decode("latin-1")},
            },
            separators=(",", ":"),
        )
    )
    (folder / "vault" / "temporary").rmdir()


def _delta(vault: Vault, last: Manifest) -> None:
    before = last.tables[0]
    with vault.write_snapshot("0006", parent=last, sizes=SIZES) as writing:
        reader = vault.table(before)
        writer = TableWriter(writing.ink, TableShape(HINTS, (0,)), reader.parent())
        for number, chunk in enumerate(reader.chunks()):
            old = reader.batch(chunk)
            if number % 3:
                writer.keep(chunk)
                continue
            # Row 1 gets what row 2 has, row 4 is gone, and a row is added whose key was not there.
            new = [old.column(0).slice(1, 1), *(column.slice(2, 1) for column in old.columns[1:])]
            added = builders.pa.array([old.column(0)[-1].as_py() + b".5"], builders.VALUES)
            columns = [
                builders.pa.concat_arrays([new[0], added]),
                *(builders.pa.concat_arrays([item, item]) for item in new[1:]),
            ]
            writer.change(chunk, Delta(tuple(columns), (old.column(0).slice(4, 1),)), chunk.rows)
        table = manifest.table("public", "everything", before.columns, before.key, writer.end())
        archive = schema_archives.write(vault, writing, None, ARCHIVE)
        vault.commit(
            writing,
            Manifest(
                version=manifest.VERSION,
                archive=archive,
                id="0006",
                database="shop",
                started=last.started,
                finished=last.finished,
                engine="test",
                parent=last.id,
                tables=(table,),
            ),
        )


def _shown(found: list[Row]) -> list[list[str | None]]:
    return [[None if item is None else item.decode("latin-1") for item in row] for row in found]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
