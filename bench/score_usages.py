#!/usr/bin/env python3
"""Score the column usages that a scan claims against a hand-labelled file.

Labels: {"ranges": [{"file", "from", "to"}], "labels": [{"file", "line", "table", "column", "kind",
         "certainty": "sure"|"arguable"}], "negatives": [{"file", "line", "word"}]}
Scan:   {"usages": [{"table_name", "column_name", "file_path", "line_number", "usage_type", "sub_type", "tier"}]}

A claim counts when its tier is A or B, its sub_type is neither "implicit" nor "lazy", and its line lies in a
labelled range. Claims and labels are matched on (table, column, file, line): names ignore case, a schema prefix
of the table is dropped, an empty column name is "*" (the row). An arguable label is neither a hit nor a miss,
and a claim that meets one is no error. A join has two sides: on a line that holds a join, filter or delete label, a
claim of kind join on an unlabelled id is neutral. Kinds are judged on the hits only. The exit code is 0 whatever the score.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

LOOSE = {"read": {"read", "projection"}, "projection": {"read", "projection"}}


def make_key(table, column, file, line):
    return str(table).split(".")[-1].lower(), str(column or "*").lower(), file.removeprefix("./"), int(line)


def split_labels(labels):
    """Return ({key: kinds} of the sure labels, {key} of the arguable ones)."""
    sure, arguable = defaultdict(set), set()
    for label in labels:
        key = make_key(label["table"], label["column"], label["file"], label["line"])
        if label.get("certainty") == "sure":
            sure[key].add(label["kind"])
        else:
            arguable.add(key)
    return sure, arguable


def counted_claims(usages, ranges):
    """Return {key: usage types} of the explicit claims of tier A and B inside the ranges."""
    claims = defaultdict(set)
    for usage in usages:
        if usage.get("tier") not in ("A", "B") or usage.get("sub_type") in ("implicit", "lazy"):
            continue
        key = make_key(usage["table_name"], usage["column_name"], usage["file_path"], usage["line_number"])
        if any(key[2] == r["file"] and r["from"] <= key[3] <= r["to"] for r in ranges):
            claims[key].add(usage["usage_type"])
    return claims


def share(part, whole):
    return round(part / whole, 4) if whole else 0.0


def score(truth, scan):
    sure, arguable = split_labels(truth["labels"])
    claims = counted_claims(scan["usages"], truth["ranges"])
    plain = {(n["file"], n["line"], n["word"].lower().replace("_", "")) for n in truth.get("negatives", [])}
    hits = [key for key in sure if key in claims]
    missed = sorted(key for key in sure if key not in claims)
    joined = {(x["file"], int(x["line"])) for x in truth["labels"] if x["kind"] in ("join", "filter", "delete")}
    far = {k for k, kinds in claims.items() if kinds == {"join"} and k[1] in ("id", "uid", "uuid") and k[2:] in joined}
    false = sorted(key for key in claims if key not in sure and key not in arguable and key not in far)
    near = [k for k in missed if any((*k[:3], k[3] + step) in claims for step in (-2, -1, 1, 2))]
    exact = [key for key in hits if claims[key] & sure[key]]
    loose = [key for key in hits if any(claims[key] & LOOSE.get(kind, {kind}) for kind in sure[key])]
    return {
        "repo": truth.get("repo"),
        "labels": len(sure),
        "claimed": len(claims),
        "hits": len(hits),
        "precision": round(1 - len(false) / len(claims), 4) if claims else 0.0,
        "recall": share(len(hits), len(sure)),
        "kind_exact": share(len(exact), len(hits)),
        "kind_loose": share(len(loose), len(hits)),
        "near_line": len(near),
        "false_on_negative": sum((k[2], k[3], k[1].replace("_", "")) in plain for k in false),
        "false": [{"at": list(key), "claimed": sorted(claims[key])} for key in false],
        "missed": [{"at": list(key), "kinds": sorted(sure[key]), "near": key in near} for key in missed],
        "wrong_kind": [
            {"at": list(key), "kinds": sorted(sure[key]), "claimed": sorted(claims[key])}
            for key in hits
            if key not in loose
        ],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="a file of usages/")
    parser.add_argument("scan", type=Path, help="the scan's output")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--limit", type=int, default=40, help="rows listed per section in text (default 40)")
    args = parser.parse_args()
    result = score(json.loads(args.labels.read_text("utf-8")), json.loads(args.scan.read_text("utf-8")))
    if args.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        if not isinstance(value, list):
            print(f"{name:18}{value}")
    for name in ("false", "missed", "wrong_kind"):
        print(f"\n{name}: {len(result[name])}")
        for row in result[name][: args.limit]:
            table, column, file, line = row["at"]
            rest = ", ".join(f"{k}={v}" for k, v in row.items() if k != "at" and v is not False)
            print(f"  {file}:{line}  {table}.{column}  {rest}")


if __name__ == "__main__":
    main()
