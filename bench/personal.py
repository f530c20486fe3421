"""Columns with personal data against hand labels of public schemas.

    make bench PART=personal [ARGS="--list"]

bench/truth/personal/<schema>.json has the columns (table, column, type, whether it is a foreign key, label) of a schema
at a commit. Labels were made before the rules ran on it: a class of `data_classes.toml`, "" for none, "?" where a privacy
officer would have to ask, which is not counted. A column with another class than its label is wrong twice.

`first_run` has the numbers of columns that were rightly named, wrongly named and missed when the rules ran on the schema for
the first time. Later rules were written with its misses in view, except for those of the schemas that are `held_out`: these
figures, and the first runs, say what to expect of a new schema.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.rows import Row, save
from headwater.catalog.model import Column, ForeignKey, Relation, Schema
from headwater.core.lineage.questions.data_classes import personal_columns

TRUTH = Path(__file__).parent / "truth" / "personal"
COMMAND = "make bench PART=personal"
UNCLEAR = "?"


@dataclass(frozen=True)
class Score:
    """The numbers of columns that are rightly named, wrongly named and missed, and what is wrong in words."""

    right: int
    wrong: Sequence[str]
    missed: Sequence[str]
    columns: int

    @property
    def precision(self) -> float:
        """The part of the named columns that are rightly named."""
        return self.right / max(1, self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        """The part of the labelled columns that are named."""
        return self.right / max(1, self.right + len(self.missed))


def schema_of(truth: dict[str, Any]) -> Schema:
    """Return the Schema of a truth file."""
    relations = []
    for table, rows in groupby(truth["columns"], key=lambda row: row[0]):
        columns = list(rows)
        keys = tuple(ForeignKey((name,), "other") for _, name, _, is_key, _ in columns if is_key)
        relations.append(Relation(table, tuple(Column(row[1], row[2]) for row in columns), foreign_keys=keys))
    return Schema(tuple(relations))


def score(truth: dict[str, Any]) -> Score:
    """Return how the classes of a schema compare with its labels."""
    labels = {(row[0], row[1]): row[4] for row in truth["columns"]}
    named = {(item.table_name, item.column_name): item.data_class for item in personal_columns(schema_of(truth))}
    right, wrong, missed = 0, [], []
    for key, label in labels.items():
        answer = named.get(key, "")
        if label == UNCLEAR or answer == label == "":
            continue
        if answer == label:
            right += 1
            continue
        if answer:
            wrong.append(f"{'.'.join(key)}: {answer}, not {label or 'personal'}")
        if label:
            missed.append(f"{'.'.join(key)}: {label}, not {answer or 'named'}")
    return Score(right, wrong, missed, len(labels))


def pooled(scores: Sequence[Score]) -> Score:
    """Return the score of all columns together."""
    return Score(
        sum(item.right for item in scores),
        [text for item in scores for text in item.wrong],
        [text for item in scores for text in item.missed],
        sum(item.columns for item in scores),
    )


def row(what: str, result: Score) -> Row:
    """Return a figure with its target."""
    holds = result.precision >= 0.9 and result.recall >= 0.9
    labelled = result.right + len(result.missed)
    ours = f"P {result.precision:.3f}, R {result.recall:.3f}, {labelled} of {result.columns} columns labelled"
    return Row(what, ours, "hand labels", "", None, "P ≥ 0.90, R ≥ 0.90", holds, COMMAND)


def first_run(truths: Sequence[dict[str, Any]]) -> Score:
    """Return the score of the first runs together."""
    right, wrong, missed = (sum(truth["first_run"][at] for truth in truths) for at in range(3))
    return Score(right, [""] * wrong, [""] * missed, sum(len(truth["columns"]) for truth in truths))


def main() -> None:
    """Measure all schemas together, and repeat what their first runs were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="list what is wrong, by schema")
    given = parser.parse_args()
    truths = [json.loads(file.read_text("utf-8")) for file in sorted(TRUTH.glob("*.json"))]
    scores = [score(truth) for truth in truths]
    held_out = [result for truth, result in zip(truths, scores, strict=True) if truth["held_out"]]
    number = f"{len(truths)} schemas"
    save(
        "lineage",
        [
            row(f"personal data in {number}, first run on each", first_run(truths)),
            row(f"personal data in {len(held_out)} schemas that no rule was written for", pooled(held_out)),
            row(f"personal data in {number}, rules of today", pooled(scores)),
        ],
    )
    for truth, result in zip(truths, scores, strict=True) if given.list else ():
        print(f"{truth['repo']}: P {result.precision:.3f}, R {result.recall:.3f}")
        print("\n".join(["  wrong:", *result.wrong, "  missed:", *result.missed]))


if __name__ == "__main__":
    main()
