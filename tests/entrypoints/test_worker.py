"""The worker: every kind of job is found in its room, and no more rooms are loaded than a job needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from headwater.entrypoints.worker.run import task_of
from headwater.features import collect, declared

KINDS = {kind: task for module in collect("tasks").values() for kind, task in module.TASKS.items()}


def test_the_list_of_jobs_is_true() -> None:
    assert {room for room, words in declared("JOBS").items() if words} == set(collect("tasks"))
    assert {kind: task_of(kind) for kind in KINDS} == KINDS


@pytest.mark.parametrize("kind", ["snapshot.guess", "guess"])
def test_what_is_no_kind_of_job_is_not_guessed(kind: str) -> None:
    with pytest.raises(KeyError):
        task_of(kind)


def test_a_snapshot_loads_no_parsers() -> None:
    text = (
        "import sys; from headwater.entrypoints.worker.run import task_of; task_of('snapshot.take');"
        "print({'sqlglot', 'tree_sitter', 'duckdb', 'fastapi'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
