"""A database larger than memory could hold, straight to S3: how much memory the worker takes."""

from __future__ import annotations

from bench.rows import Row
from bench.snapshots.postgresql import TABLE, Server
from bench.snapshots.taking import COMMAND, memory
from entrypoints.proxied_headwater import ProxiedHeadwater
from vault import s3

COPIES = 19  # of 1.5 million rows


def large(kept: ProxiedHeadwater) -> list[Row]:
    """Nineteen times the table of 1.5 million rows, 10 GB with its index, into a SeaweedFS."""
    bench = Server(kept, "bench-large")
    bench.run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", TABLE)
    names = "customer, ratio, price, email, note, title, created, born, ref, active, tags, doc, raw, mood, n"
    for number in range(1, COPIES):
        bench.ask(f"INSERT INTO t SELECT id + {number} * 1500000, {names} FROM t WHERE id <= 1500000")
    size = int(bench.ask("SELECT pg_database_size(current_database())"))
    organization = bench.kept.headwater.get("/organizations")["items"][0]["id"]
    with s3.running() as location:
        body = {
            "kind": "s3",
            "bucket": s3.BUCKET,
            "endpoint": location.endpoint,
            "access_key": s3.KEY,
            "secret_key": s3.SECRET,
        }
        answer = bench.client.put(f"/api/v1/organizations/{organization}/vault", json=body)
        assert answer.status_code == 200, answer.text
        with memory(kept) as used:
            result, seconds = bench.snapshot()
    what = f"{size / 1e9:.1f} GB database straight to S3: peak memory of the worker"
    ours, limit = used[0] / 2**20, 256
    assert result["rows"] == COPIES * 1_500_000
    said = f"{ours:.0f} MB, in {seconds:.0f} s"
    return [Row(what, said, f"{limit} MB", "limit", round(ours / limit, 3), "≤ 1×", ours <= limit, COMMAND)]
