#!/usr/bin/env python3
"""Score an extracted database schema against a frozen truth file.

Truth:      {"tables": {name: {"columns": {col: type}}}, "mapped_tables": [...],
             "ignore_tables": [...], "unmapped_columns": {table: [col, ...]}}
Prediction: {"schema": {"tables": [{"name": str, "schema": str?, "columns": [{"name": str}]}]}}

Only mapped_tables (all truth tables when the list is absent) are scored. Names in
ignore_tables, truth tables outside mapped_tables and unmapped_columns are neutral:
neither a miss nor an extra. Any other predicted name that the truth lacks is an
extra; so are the columns of an extra table. Names are compared exactly, then once
more ignoring case. The exit code is 0 whatever the score.
"""

import argparse
import json
from pathlib import Path


def prf(hit, miss, extra):
    rates = {
        "precision": round(hit / max(hit + extra, 1), 4),
        "recall": round(hit / max(hit + miss, 1), 4),
        "f1": round(2 * hit / max(2 * hit + miss + extra, 1), 4),
    }
    return {**rates, "hit": hit, "miss": miss, "extra": extra}


def fold_truth(truth, fold):
    """Return (scored columns by table, neutral tables, neutral (table, column) pairs)."""
    tables = truth["tables"]
    ignored = {fold(name) for name in truth.get("ignore_tables", [])}
    mapped = truth.get("mapped_tables")
    mapped = {fold(name) for name in (tables if mapped is None else mapped)} - ignored
    unmapped = {
        (fold(table), fold(column))
        for table, columns in truth.get("unmapped_columns", {}).items()
        for column in columns
    }
    scored = {}
    for name, body in tables.items():
        if fold(name) in mapped:
            pairs = {(fold(name), fold(column)) for column in body["columns"]}
            scored.setdefault(fold(name), set()).update(pairs - unmapped)
    neutral = ignored | ({fold(name) for name in tables} - mapped)
    return scored, neutral, unmapped


def fold_prediction(prediction, fold):
    actual = {}
    for table in prediction.get("schema", {}).get("tables") or []:
        name = fold(table["name"])
        columns = {(name, fold(column["name"])) for column in table.get("columns") or []}
        actual.setdefault(name, set()).update(columns)
    return actual


def score(truth, prediction, fold=str):
    scored, neutral, unmapped = fold_truth(truth, fold)
    actual = {k: v for k, v in fold_prediction(prediction, fold).items() if k not in neutral}
    want_tables, have_tables = set(scored), set(actual)
    want = set().union(*scored.values())
    have = set().union(*actual.values()) - unmapped
    return {
        "tables": prf(
            len(want_tables & have_tables),
            len(want_tables - have_tables),
            len(have_tables - want_tables),
        ),
        "columns": prf(len(want & have), len(want - have), len(have - want)),
        "missing_tables": sorted(want_tables - have_tables),
        "extra_tables": sorted(have_tables - want_tables),
        "missing_columns": sorted(".".join(pair) for pair in want - have),
        "extra_columns": sorted(".".join(pair) for pair in have - want),
    }


def summary(label, result):
    parts = [
        f"{kind} P={part['precision']:.4f} R={part['recall']:.4f} F1={part['f1']:.4f}"
        f" ({part['hit']} hit, {part['miss']} miss, {part['extra']} extra)"
        for kind, part in (("tables", result["tables"]), ("columns", result["columns"]))
    ]
    return f"{label:<16} " + "  ".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path, help="truth JSON file")
    parser.add_argument("prediction", type=Path, help="JSON of the tool under test")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--limit", type=int, default=40, help="names listed per kind (40)")
    args = parser.parse_args()
    try:
        truth, prediction = (json.loads(path.read_text(encoding="utf-8")) for path in (args.truth, args.prediction))
    except (OSError, ValueError) as error:
        print(f"not scored: {error}")
        return
    exact = score(truth, prediction)
    nocase = score(truth, prediction, str.casefold)
    if args.json:
        print(json.dumps({"repo": truth.get("repo"), "exact": exact, "nocase": nocase}))
        return
    print(f"{truth.get('repo', args.truth.name)} [{truth.get('orm', '?')}]")
    print(summary("exact", exact))
    print(summary("case-insensitive", nocase))
    for kind in ("missing_tables", "extra_tables", "missing_columns", "extra_columns"):
        names = exact[kind]
        if names:
            more = f" ... and {len(names) - args.limit} more" if len(names) > args.limit else ""
            print(f"{kind.replace('_', ' ')} ({len(names)}): {', '.join(names[: args.limit])}{more}")


if __name__ == "__main__":
    main()
