"""Lineage of every language and ORM against truth: schemas, usages, what real changes broke; and its speed.

    make bench PART=languages ARGS="--clones DIR [--only usages] [--repo owner/name]"

The census of silence counts the files that import a data-access library and are neither read nor named.

DIR/owner/name, or DIR/owner/name@commit (8 digits), is a checkout of a public repository at the commit that its truth
file in bench/truth names; for the cases of impact, DIR/impact/<case> is the tree before the change. What has no
checkout is left out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench import score_endpoints
from bench.lineage import TRUTH, as_prediction, stripped
from bench.rows import Row, save
from bench.score_dynamic import score as score_dynamic
from bench.score_schema import score as score_schema
from bench.score_usages import score as score_usages
from bench.silence import census
from bench.speed import speed
from headwater.core.lineage.impact import requests
from headwater.core.lineage.impact.code import of_scan
from headwater.core.lineage.impact.report import impact_of
from headwater.core.lineage.path_kinds import is_test
from headwater.core.lineage.pipeline import scan, schema_of
from headwater.core.lineage.result import ScanResult

COMMAND = "make bench PART=languages"
# ORMs whose models do not declare every name.
CONVENTIONS = ("gorm", "efcore", "sequelize", "eloquent", "activerecord")


def _truths(kind: str, clones: Path, repo: str | None) -> Iterator[tuple[dict[str, Any], Path]]:
    for file in sorted((TRUTH / kind).glob("*.json")):
        facts = json.loads(file.read_text("utf-8"))
        name = facts["repo"]
        exact = clones / f"{name}@{facts.get('commit', '')[:8]}"  # where two truths name two commits
        folder = clones / "impact" / file.stem if kind == "impact" else exact if exact.is_dir() else clones / name
        if folder.is_dir() and repo in (None, name):
            yield facts, folder


def schemas(clones: Path, repo: str | None) -> list[Row]:
    """Models read as schemas, against the executed truth."""
    rows = []
    for facts, folder in _truths("schema", clones, repo):
        with tempfile.TemporaryDirectory() as copies:
            schema = schema_of(stripped(folder, facts["strip"], Path(copies))).schema
        f1 = score_schema(facts, as_prediction(schema))["columns"]["f1"]
        target = 0.97 if facts.get("orm", "") in CONVENTIONS else 0.99
        what = f"schema of {facts['repo']} ({facts.get('orm', '')}), column F1"
        rows.append(Row(what, f"{f1:.4f}", "executed schema", "", None, f"≥ {target}", f1 >= target, COMMAND))
    return rows


def usages(clones: Path, repo: str | None) -> list[Row]:
    """Labelled usages: precision, recall, and how many kinds are right."""
    rows = []
    for facts, folder in _truths("usages", clones, repo):
        claims = {"usages": [msgspec.to_builtins(usage) for usage in scan(folder).usages]}
        result = score_usages(facts, claims)
        precision, recall, kinds = result["precision"], result["recall"], result["kind_exact"]
        holds = precision >= 0.95 and recall >= 0.85 and kinds >= 0.95
        ours = f"P {precision:.3f}, R {recall:.3f}, kinds {kinds:.3f}, {result['labels']} labels"
        what = f"usages of {facts['repo']}"
        rows.append(Row(what, ours, "hand labels", "", None, "P ≥ 0.95, R ≥ 0.85, kinds ≥ 0.95", holds, COMMAND))
    return rows


def dynamic(clones: Path, repo: str | None) -> list[Row]:
    """Usages against what applications did while their own tests ran under a recorder (bench/dynamic_truth.py)."""
    rows = []
    for facts, folder in _truths("dynamic", clones, repo):
        actual = score_dynamic(facts, scan(folder))
        holds = actual.precision >= 0.95 and actual.recall >= 0.85
        ours = f"P {actual.precision:.3f} ({actual.judged} judged), R {actual.recall:.3f} ({actual.wanted} wanted)"
        what = (
            f"values read and set in {facts['repo']}, by running its tests (P also of filters and joins, by function)"
        )
        rows.append(Row(what, ours, actual.how, "", None, "P ≥ 0.95, R ≥ 0.85", holds, COMMAND))
    return rows


def typecheck(clones: Path, repo: str | None) -> list[Row]:
    """Lines that a type checker refuses after a rename in the model alone (bench/typecheck): how many we name."""
    rows = []
    for facts, folder in _truths("typecheck", clones, repo):
        result = scan(folder)
        names = {
            (model.name, field.name): (model.table, field.column) for model in result.models for field in model.fields
        }
        claimed: dict[Any, set[tuple[str, int]]] = {}
        for usage in result.usages:
            claimed.setdefault((usage.table_name, usage.column_name), set()).add((usage.file_path, usage.line_number))
        hits: dict[bool, list[tuple[bool, bool]]] = {False: [], True: []}
        for column in facts["columns"]:
            named = claimed.get(names.get((column["entity"], column["property"])), set())
            for file, line in column["lines"]:
                near = any((file, line + shift) in named for shift in (-1, 0, 1))
                hits[is_test(file)].append((near, (file, line) in named))
        code, tests = hits[False], hits[True]
        recall = sum(near for near, _ in code) / max(1, len(code))
        exact = sum(exact for _, exact in code) / max(1, sum(near for near, _ in code))
        ours = f"R {recall:.3f} of {len(code)} lines, {exact:.3f} of them at the exact line"
        if tests:
            ours += f"; {sum(near for near, _ in tests) / len(tests):.3f} of {len(tests)} lines of tests"
        holds, target = recall >= 0.9 and exact >= 0.99, "R ≥ 0.90, exact line ≥ 0.99"
        rows.append(
            Row(f"usages of {facts['repo']}, by type checker", ours, facts["how"], "", None, target, holds, COMMAND)
        )
    return rows


def impact(clones: Path, repo: str | None) -> list[Row]:
    """What real column changes broke: the lines that the commits changed, and the length of the list."""
    sure: list[tuple[bool, bool]] = []
    ratios: list[float] = []
    forgotten = [0, 0]
    for facts, folder in _truths("impact", clones, repo):
        named = _named(facts["change"], scan(folder, keep_texts=True))
        for line in facts["lines"]:
            if line["certainty"] == "sure":
                is_server = line.get("side") != "client" and not line.get("test")
                sure.append((is_server, _is_near(line, named)))
        missed = facts.get("missed_by_commit", [])
        forgotten = [forgotten[0] + sum(_is_near(line, named) for line in missed), forgotten[1] + len(missed)]
        changed = sum(len(facts.get(key, [])) for key in ("lines", "model_file_lines", "sql_lines"))
        ratios.append(len(named) / max(1, changed))
    if not sure:
        return []
    server = [hit for is_server, hit in sure if is_server]
    recall, recall_server = sum(hit for _, hit in sure) / len(sure), sum(server) / max(1, len(server))
    ratio = statistics.median(ratios)
    ours = f"{recall_server:.3f} of server lines, {recall:.3f} of {len(sure)} sure lines, forgotten {forgotten[0]} of {forgotten[1]}"
    target = "≥ 0.90 of server lines, ≥ 0.80 of all; median length of the list ≤ 3 times the true one"
    holds = recall_server >= 0.9 and recall >= 0.8 and ratio <= 3
    what = f"impact of {len(ratios)} real column changes, recall"
    return [
        Row(what, f"{ours}; length {ratio:.1f}", "lines that the commits changed", "", None, target, holds, COMMAND)
    ]


def _named(change: dict[str, Any], result: ScanResult) -> set[tuple[str, int]]:
    lines: set[tuple[str, int]] = set()
    for item in (change, *change.get("also", [])):
        if change["kind"] == "drop_table":
            changes = requests.of_table(result.schema, item["table"], requests.ColumnChange(drop=True))
        else:
            wanted = {
                "rename_column": requests.ColumnChange(rename=item.get("to")),
                "alter_type": requests.ColumnChange(type="text"),
            }.get(change["kind"], requests.ColumnChange(drop=True))
            changes = requests.of_column(result.schema, f"{item['table']}.{item['column']}", wanted)
        lines |= {(found.file_path, found.line_number) for found in impact_of(changes, of_scan(result)).breaks}
    return lines


def endpoints(clones: Path, repo: str | None) -> list[Row]:
    """Routes of public applications, and which columns their endpoints use, against hand labels."""
    found = claimed = labelled = 0
    pairs = [0, 0, 0]
    truths = list(_truths("endpoints", clones, repo))
    for facts, folder in truths:
        result = scan(folder)
        hits, claims, labels, wrong, missed = score_endpoints.routes(facts, result)
        found, claimed, labelled = found + hits, claimed + claims - (claims - hits - len(wrong)), labelled + labels
        print(f"     {facts['repo']}: {hits} of {labels} routes; wrong {wrong}; missed {missed}")
        known = score_endpoints.columns(facts, result)
        print(f"     columns: {len(known[0])} right; wrong {known[1]}; missed {known[2]}")
        pairs = [total + len(part) for total, part in zip(pairs, known, strict=True)]
    if not truths or not labelled:
        return []
    rows = [_shares(f"routes of {len(truths)} applications", found, claimed - found, labelled - found)]
    return rows + ([_shares("columns of endpoints", *pairs)] if any(pairs) else [])


def _shares(what: str, hits: int, wrong: int, missed: int) -> Row:
    precision, recall = hits / max(1, hits + wrong), hits / max(1, hits + missed)
    ours = f"P {precision:.3f}, R {recall:.3f}, {hits + missed} labels"
    holds = precision >= 0.95 and recall >= 0.9
    return Row(what, ours, "hand labels", "", None, "P ≥ 0.95, R ≥ 0.90", holds, COMMAND)


def _is_near(line: dict[str, Any], named: set[tuple[str, int]]) -> bool:
    return any((line["file"], line["line"] + shift) in named for shift in (-1, 0, 1))


def silence(clones: Path, repo: str | None) -> list[Row]:
    """Files that import a data-access library and are neither read nor named."""
    truths = (*_truths("schema", clones, repo), *_truths("usages", clones, repo))
    folders = {facts["repo"]: folder for facts, folder in truths}
    return [census(name, folder) for name, folder in sorted(folders.items())]


PARTS = {
    "schemas": schemas,
    "usages": usages,
    "dynamic": dynamic,
    "typecheck": typecheck,
    "impact": impact,
    "endpoints": endpoints,
    "silence": silence,
    "speed": speed,
}


def main() -> None:
    """Measure what the given checkouts allow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--repo")
    given = parser.parse_args()
    for name, measure in PARTS.items():
        if not given.only or name in given.only:
            save("lineage", measure(given.clones, given.repo))


if __name__ == "__main__":
    main()
