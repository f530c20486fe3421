"""Codecs on the very pages of a table: how small, how fast; zstd 3 is the default because of this."""

from __future__ import annotations

import time

from bench.rows import Row
from bench.snapshots.counting import opened
from bench.snapshots.postgresql import TABLE, Server
from bench.snapshots.taking import COMMAND, median
from entrypoints.proxied_headwater import ProxiedHeadwater
from headwater.vault.codecs import Codec, decompress
from headwater.vault.packs import PAGE

TRIED = (
    Codec("none", 0),
    Codec("lz4", 0),
    Codec("zstd", 1),
    Codec("zstd", 3),
    Codec("zstd", 6),
    Codec("zstd", 9),
    Codec("deflate", 1),
    Codec("deflate", 6),
    Codec("gzip", 6),
)
SAMPLE = 40  # chunks


def codecs(kept: ProxiedHeadwater) -> list[Row]:
    """Every codec on the pages of some chunks, beside gzip 6, which is what pg_dump -Fc takes."""
    bench = Server(kept, "bench-codecs")
    bench.run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", TABLE)
    result, _ = bench.snapshot()
    vault, _ = opened(kept.home)
    (table,) = vault.manifest(result["id"]).tables
    pages: list[bytes] = []
    for number, chunk in enumerate(vault.table(table).chunks()):
        if number == SAMPLE:
            break
        pages += [decompress(body) for body in vault.packs.segments(PAGE, chunk.pages)]
    size = sum(map(len, pages))
    measured = {codec: _measured(codec, pages) for codec in TRIED}
    peer_size, peer_time = measured[Codec("gzip", 6)]
    return [
        Row(
            f"codec {codec.name} {codec.level}, on pages",
            f"{taken / size:.3f} of the pages, {size / seconds / 1e6:.0f} MB/s",
            f"{peer_size / size:.3f}, {size / peer_time / 1e6:.0f} MB/s",
            "gzip 6",
            round(seconds / peer_time, 3),
            "no target",
            True,
            COMMAND,
        )
        for codec, (taken, seconds) in measured.items()
    ]


def _measured(codec: Codec, pages: list[bytes]) -> tuple[int, float]:
    taken, times = 0, []
    for _ in range(3):
        began = time.process_time()
        taken = sum(len(codec.compress(page)) for page in pages)
        times.append(time.process_time() - began)
    return taken, median(times)
