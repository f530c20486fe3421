"""The worker: every kind of job is found in its feature, and only the feature that a job needs is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from headwater.entrypoints.worker.run import task_of
from headwater.features import collect, declared

KINDS = {kind: task for module in collect("tasks").values() for kind, task in module.TASKS.items()}


def test_declared_jobs_match_the_tasks() -> None:
    assert {room for room, words in declared("JOBS").items() if words} == set(collect("tasks"))
    assert {kind: task_of(kind) for kind in KINDS} == KINDS


@pytest.mark.parametrize("kind", ["snapshot.guess", "guess"])
def test_unknown_kind_of_job_raises_key_error(kind: str) -> None:
    with pytest.raises(KeyError):
        task_of(kind)


def test_snapshot_job_loads_no_parsers() -> None:
    text = (
        "import sys; from headwater.entrypoints.worker.run import task_of; task_of('snapshot.take');"
        "print({'sqlglot', 'tree_sitter', 'duckdb', 'fastapi'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
