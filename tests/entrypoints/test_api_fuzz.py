"""The whole API under schemathesis: no input ends in a server error, and every answer is as described.

`make test` sends the examples of each operation, `make long` everything: boundaries and violations of each rule of the
description (coverage), random values (fuzzing), and sequences of operations (stateful).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.api_fuzzing import (
    EVERY_PHASE,
    UNTESTED_OPERATIONS,
    Resources,
    fuzz,
    operations_of,
    start_fuzzed,
)
from entrypoints.headwater_process import HeadwaterProcess
from headwater.entrypoints.server.run import application
from suite.profiles import examples, variants


@pytest.fixture  # for each phase: the sign-ins that one has failed would be counted against the next
def fuzzed() -> Iterator[tuple[HeadwaterProcess, Resources]]:
    with start_fuzzed() as running:
        yield running


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("phase", variants(EVERY_PHASE))
def test_every_answer_is_as_described(fuzzed: tuple[HeadwaterProcess, Resources], tmp_path: Path, phase: str) -> None:
    headwater, resources = fuzzed
    report = fuzz(headwater, resources, tmp_path, [phase], examples(30))
    problems = [f"{operation}: {check}\n  {shown}" for (operation, check), shown in report.problems.items()]
    assert not problems, "\n\n".join(problems)
    assert report.complete
    assert report.server_errors == 0
    assert report.cases[phase] > 200


def test_only_named_operations_are_left_out() -> None:
    operations = operations_of(application().openapi())
    assert set(UNTESTED_OPERATIONS) <= set(operations)
    assert len(operations) > 200
