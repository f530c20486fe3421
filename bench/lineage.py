"""Lineage measured: schemas, usages, the naive way, schema text; the other figures are in `bench.languages`.

    make bench PART=lineage ARGS="--ctfd DIR --polar DIR --umami DIR --apollo DIR --openstatus DIR"

Each DIR is a checkout of the public repository at the commit that its truth file in bench/truth names; a
measurement whose checkout is not given is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from bench import naive
from bench.rows import Row, save
from bench.score_schema import score as score_schema
from bench.score_usages import score as score_usages
from headwater.core.lineage.pipeline import scan, schema_of

TRUTH = Path(__file__).parent / "truth"
COMMAND = "make bench PART=lineage"
REPOS = {
    "ctfd": ("CTFd__CTFd", 0.99),
    "polar": ("polarsource__polar", 0.97),
    "umami": ("umami-software__umami", 0.99),
}
FOLDS = {
    "umami": ("umami-software__umami", "prisma"),
    "apollo": ("apolloconfig__apollo", "scripts/sql/profiles/mysql-database-not-specified"),
    "openstatus": ("openstatusHQ__openstatus", "packages/db/drizzle"),
}


def truth(kind: str, name: str) -> dict[str, Any]:
    """Return a truth file."""
    return json.loads((TRUTH / kind / f"{name}.json").read_text("utf-8"))  # type: ignore[no-any-return]


def stripped(checkout: Path, patterns: list[str], into: Path) -> Path:
    """Copy a checkout without what its truth file says to strip, so that models are read and not migrations."""
    copy = into / checkout.name
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git", "node_modules"), symlinks=True)
    for pattern in patterns:
        for path in copy.glob(pattern.removesuffix("/**")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return copy


def as_prediction(schema: Any) -> dict[str, Any]:
    """Return a Schema in the scorer's shape."""
    tables = [{"name": r.name, "columns": [{"name": c.name} for c in r.columns]} for r in schema]
    return {"schema": {"tables": tables}}


def schemas(checkouts: dict[str, Path]) -> list[Row]:
    """Models read as schemas, against the executed truth."""
    rows = []
    for key, (name, target) in REPOS.items():
        if key not in checkouts:
            continue
        facts = truth("schema", name)
        with tempfile.TemporaryDirectory() as folder:
            actual = schema_of(stripped(checkouts[key], facts["strip"], Path(folder))).schema
        result = score_schema(facts, as_prediction(actual))
        f1 = result["columns"]["f1"]
        rows.append(
            Row(
                f"schema of {facts['repo']}, column F1",
                f"{f1:.4f}",
                "executed schema",
                "",
                None,
                f"≥ {target}",
                f1 >= target,
                COMMAND,
            )
        )
    return rows


def folds(checkouts: dict[str, Path]) -> list[Row]:
    """Migrations folded, against the same migrations executed."""
    rows = []
    for key, (name, inner) in FOLDS.items():
        if key not in checkouts:
            continue
        facts = truth("schema", name)
        with tempfile.TemporaryDirectory() as folder:
            only_sql = Path(folder) / "sql"
            shutil.copytree(
                checkouts[key] / inner,
                only_sql,
                ignore=lambda at, names: [n for n in names if not n.endswith(".sql") and not (Path(at) / n).is_dir()],
            )
            result = score_schema(facts, as_prediction(schema_of(only_sql).schema))
        tables, columns = result["tables"], result["columns"]
        share = columns["hit"] / max(columns["hit"] + columns["miss"] + columns["extra"], 1)
        holds = tables["f1"] == 1 and share >= 0.995
        ours = f"tables {tables['f1']:.1%}, columns {share:.2%}"
        rows.append(
            Row(
                f"SQL folding, {facts['repo']}",
                ours,
                "the same scripts executed",
                "",
                None,
                "tables 100 %, columns ≥ 99.5 %",
                holds,
                COMMAND,
            )
        )
    return rows


def usages(checkouts: dict[str, Path]) -> list[Row]:
    """Usages against hand labels, and the naive way on the same labels."""
    rows = []
    for key, (name, _) in REPOS.items():
        if key not in checkouts:
            continue
        labels = truth("usages", name)
        result = scan(checkouts[key])
        ours = score_usages(labels, {"usages": msgspec.to_builtins(result.usages)})
        peer = score_usages(labels, naive.scan(checkouts[key], result.schema))
        holds = ours["precision"] >= 0.92 and ours["recall"] >= 0.80 and ours["kind_exact"] >= 0.95
        target = "P ≥ 0.92, R ≥ 0.80, kind ≥ 0.95"
        rows.append(
            Row(
                f"usages in {labels['repo']}, labelled ({ours['labels']} labels)",
                _prk(ours),
                _prk(peer),
                "names and regexes",
                None,
                target,
                holds,
                COMMAND,
            )
        )
    return rows


def _prk(score: dict[str, Any]) -> str:
    return f"P {score['precision']:.3f}, R {score['recall']:.3f}, kind {score['kind_exact']:.3f}"


def _pinned(work: Any) -> float:
    began_mask = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(began_mask)})
    try:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began
    finally:
        os.sched_setaffinity(0, began_mask)


TABLE = """CREATE TABLE public.t_{n} (
    id bigint NOT NULL, tenant_id bigint DEFAULT 1 NOT NULL, owner_id bigint,
    name character varying(255) DEFAULT ''::character varying NOT NULL, description text,
    amount numeric(12,2) DEFAULT 0.0, state integer DEFAULT 0 NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT t_{n}_state CHECK ((state >= 0)), CONSTRAINT t_{n}_amount CHECK (((amount)::numeric < 1000000.0))
);
"""
KEYS = """ALTER TABLE ONLY public.t_{n}
    ADD CONSTRAINT t_{n}_pkey PRIMARY KEY (id);
CREATE INDEX t_{n}_name ON public.t_{n} USING btree (name, created_at DESC);
ALTER TABLE ONLY public.t_{n}
    ADD CONSTRAINT t_{n}_owner FOREIGN KEY (owner_id) REFERENCES public.t_{m}(id) ON DELETE CASCADE;
"""


def schema_text(checkouts: dict[str, Path]) -> list[Row]:
    """A dump of 6,000 tables with keys and indexes, as pg_dump writes it; the median of three."""
    tables = 6_000
    parts = [TABLE.format(n=n) for n in range(tables)] + [KEYS.format(n=n, m=n // 2) for n in range(tables)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "schema.sql")
        file.write_text("".join(parts), "utf-8")
        megabytes = file.stat().st_size / 1e6
        seconds = statistics.median(_pinned(lambda: schema_of(file)) for _ in range(3))
    ours = f"{seconds:.1f} s for {megabytes:.1f} MB"
    what, target = f"schema text of PostgreSQL, {tables:,} tables", "≤ 5 s"
    return [Row(what, ours, "5 s", "limit", seconds / 5, target, seconds <= 5, COMMAND)]


PARTS = {
    "schema-text": schema_text,
    "schemas": schemas,
    "folds": folds,
    "usages": usages,
}


def main() -> None:
    """Measure what the given checkouts allow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("ctfd", "polar", "umami", "apollo", "openstatus"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--only", choices=PARTS, action="append")
    given = vars(parser.parse_args())
    checkouts = {name: path for name, path in given.items() if isinstance(path, Path)}
    for name, measure in PARTS.items():
        if not given["only"] or name in given["only"]:
            save("lineage", measure(checkouts))


if __name__ == "__main__":
    main()
