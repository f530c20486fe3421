"""Which tests a change affects, in which order, and what fits into the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite import affected
from suite.affected import Candidate

IMPORTERS = {
    "vault.codecs": ["vault.encoding", "features.snapshots.models"],
    "vault.encoding": ["vault.vault"],
    "features.snapshots.models": ["features.policies.service.rules"],
    "features.policies.service.rules": ["entrypoints.cli"],
}
FILES = (
    "tests/vault/test_vault_pages.py",
    "tests/vault/test_vault_parts.py",
    "tests/features/snapshots/test_capture.py",
    "tests/features/policies/test_checks.py",
    "tests/entrypoints/test_up.py",
    "tests/catalog/test_names.py",
    "tests/faults/test_vault_kills.py",
    "tests/engines/test_every_engine.py",
    "tests/engines/redis/test_redis.py",
)


def above(module: str) -> list[str]:
    return IMPORTERS.get(module, [])


def chosen(
    changed: set[str], tests: set[str] | None = None, imports: dict[str, set[str]] | None = None
) -> list[tuple[str, int]]:
    actual = affected.candidates(
        FILES,
        tests or set(),
        affected.distances(changed, above),
        lambda file: (imports or {}).get(file, set()),
        changed,
        {},
    )
    return [(candidate.file, candidate.distance) for candidate in actual]


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("src/headwater/vault/codecs.py", "vault"),
        ("src/headwater/features/query/service/runs.py", "features.query"),
        ("src/headwater/engines/_dumps.py", "engines"),
        ("src/headwater/engines/__init__.py", "engines"),
        ("src/headwater/engines/redis/keys.py", "engines.redis"),
        ("src/headwater/core/transfer/plan.py", "core.transfer"),
    ],
)
def test_source_file_has_a_room(path: str, room: str) -> None:
    module = affected.module_of(path)
    assert module and affected.room_of_module(module) == room


@pytest.mark.parametrize("path", ["ui/src/lib/http.ts", "tests/conftest.py", "README.md"])
def test_other_file_is_no_module(path: str) -> None:
    assert affected.module_of(path) is None


@pytest.mark.parametrize(
    ("file", "room"),
    [
        ("tests/vault/test_vault_pages.py", "vault"),
        ("tests/features/query/test_query.py", "features.query"),
        ("tests/core/lineage/orm/test_orm.py", "core.lineage"),
        ("tests/engines/test_every_engine.py", "engines"),
        ("tests/faults/test_vault_kills.py", "vault"),
        ("tests/faults/test_full_disk.py", "features.databases"),
        ("tests/test_house.py", ""),
    ],
)
def test_test_file_belongs_to_a_room(file: str, room: str) -> None:
    assert affected.room_of_test(file) == room


def test_rooms_above_are_reached_in_order_of_distance() -> None:
    assert affected.distances({"vault.codecs"}, above) == {
        "vault": 1,
        "features.snapshots": 2,
        "features.policies": 3,
        "entrypoints.cli": 4,
    }


def test_own_room_comes_first_and_then_the_rooms_above() -> None:
    assert chosen({"vault.codecs"}) == [
        ("tests/vault/test_vault_pages.py", 1),
        ("tests/vault/test_vault_parts.py", 1),
        ("tests/faults/test_vault_kills.py", 1),
        ("tests/features/snapshots/test_capture.py", 2),
        ("tests/features/policies/test_checks.py", 3),
        ("tests/entrypoints/test_up.py", 4),
    ]


def test_file_that_imports_the_changed_module_comes_before_all() -> None:
    first, *_ = chosen({"vault.codecs"}, imports={"tests/features/snapshots/test_capture.py": {"vault.codecs"}})
    assert first == ("tests/features/snapshots/test_capture.py", 0)


def test_changed_engine_affects_the_tests_of_all_engines() -> None:
    assert {file for file, _ in chosen({"engines.redis.keys"})} == {
        "tests/engines/test_every_engine.py",
        "tests/engines/redis/test_redis.py",
    }


def test_changed_test_runs_and_changed_helper_runs_its_folder() -> None:
    assert chosen(set(), {"tests/catalog/test_names.py"}) == [("tests/catalog/test_names.py", 0)]
    assert {file for file, _ in chosen(set(), {"tests/vault/vault_helpers.py"})} == {
        "tests/vault/test_vault_pages.py",
        "tests/vault/test_vault_parts.py",
    }
    assert ("tests/features/policies/test_checks.py", 2) in chosen(set(), {"tests/people.py"})


def test_time_is_shared_by_workers_and_what_does_not_fit_is_left_out() -> None:
    every = [Candidate(f"tests/vault/test_{n}.py", 1, seconds) for n, seconds in enumerate([20.0, 20.0, 50.0, 10.0])]
    selection = affected.select(every, affected.STARTUP_SECONDS + 30.0, workers=2)
    assert [candidate.seconds for candidate in selection.chosen] == [20.0, 20.0, 10.0]
    assert [candidate.seconds for candidate in selection.left_out] == [50.0]


def test_start_of_a_server_counts_and_a_whole_headwater_is_left_out() -> None:
    every = [Candidate("tests/features/query/test_query.py", 1, 10.0), Candidate("tests/e2e/test_pages.py", 2, 1.0)]
    every.append(Candidate("tests/faults/test_kills.py", 0, 1.0))
    assert affected.select(every, affected.STARTUP_SECONDS + 10.0).chosen == ()
    enough = affected.STARTUP_SECONDS + affected.SERVER_SECONDS + 20.0
    assert [candidate.file for candidate in affected.select(every, enough).chosen] == [
        "tests/features/query/test_query.py"
    ]


def test_imports_of_a_test_are_read_from_its_text(tmp_path: Path) -> None:
    file = tmp_path / "test_x.py"
    file.write_text("import headwater.kit.ids\nfrom headwater.vault import codecs, keys\nimport os\n")
    assert affected.imported_by(file) == {"kit.ids", "vault", "vault.codecs", "vault.keys"}


def test_rooms_run_until_the_time_is_used_up() -> None:
    now = iter([0.0, 0.0, 50.0, 100.0])
    rooms = {"vault": ["a"], "features.query": ["b", "c"], "features.jobs": ["d"]}
    codes = {"a": 0, "b": 1}
    result = affected.run_rooms(rooms, 100.0, lambda files: codes[files[0]], lambda: next(now))
    assert result == (1, ["vault", "features.query"], ["features.jobs"])


def test_every_test_file_with_a_profile_has_long_laws() -> None:
    files = affected.long_files()
    assert {
        "tests/vault/test_vault_pages.py",
        "tests/faults/test_kills.py",
        "tests/engines/postgresql/test_escapes.py",
    } <= files
    assert all("profiles" in (affected.ROOT / file).read_text("utf-8") for file in files)


def test_real_change_finds_its_own_tests_first() -> None:
    actual = affected.affected({"src/headwater/vault/codecs.py"})
    assert affected.room_of_test(actual[0].file) == "vault"
    assert "features.snapshots" in affected.rooms_in_order(actual)
