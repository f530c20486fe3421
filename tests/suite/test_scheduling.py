"""Files go to workers whole, the slowest first, and those that share a server together."""

from __future__ import annotations

import pytest

from suite import profiles, scheduling
from suite.ports import PORTS, free_ports


@pytest.mark.parametrize(
    ("node_id", "group"),
    [
        ("tests/vault/test_vault_pages.py::test_pages[a::b]", "tests/vault/test_vault_pages.py"),
        ("tests/e2e/test_history.py::test_a", "browser, first half"),
        ("tests/e2e/test_pages.py::test_a", "browser, second half"),
        ("tests/entrypoints/test_policy_commands.py::test_a", "commands"),
        ("tests/entrypoints/test_up.py::test_a", "tests/entrypoints/test_up.py"),
        ("tests/faults/test_copy_kills.py::test_a", "kills"),
    ],
)
def test_test_belongs_to_a_group(node_id: str, group: str) -> None:
    assert scheduling.group_of(node_id) == group


def test_slowest_group_comes_first_and_unknown_files_count_as_average() -> None:
    recorded = {
        "tests/entrypoints/test_a_commands.py": 6.0,
        "tests/entrypoints/test_b_commands.py": 6.0,
        "tests/c.py": 9.0,
    }
    groups = dict.fromkeys(["tests/d.py", "tests/new.py", "tests/c.py", "commands"])
    order = scheduling.in_order(groups, recorded | {"tests/d.py": 1.0})
    assert order == ["commands", "tests/c.py", "tests/new.py", "tests/d.py"]


def test_groups_of_the_browser_come_first() -> None:
    halves = ["browser, second half", "browser, first half"]
    recorded = {"tests/e2e/test_a.py": 1.0, "tests/e2e/test_z.py": 2.0, "tests/c.py": 9.0}
    assert scheduling.in_order(dict.fromkeys(["tests/c.py", *halves]), recorded) == [*halves, "tests/c.py"]


def test_ports_are_reserved_with_those_above_them() -> None:
    ports = free_ports(3, offset=10_000)
    assert len(set(ports)) == 3
    assert all(port in PORTS and port + 10_000 in PORTS for port in ports)
    assert not set(ports) & set(free_ports(50))


def test_quick_profile_tries_every_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "LONG", False)
    assert (profiles.examples(400), profiles.examples(1), profiles.rounds("NOTHING", 5)) == (100, 1, 1)
    assert profiles.variants(["18", "15"]) == ["18"]


def test_long_profile_tries_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "LONG", True)
    assert (profiles.examples(400), profiles.rounds("NOTHING", 5)) == (400, 5)
    assert profiles.variants(["18", "15"]) == ["18", "15"]
    monkeypatch.setenv("HEADWATER_TEST_NOTHING", "20")
    assert profiles.rounds("NOTHING", 5) == 20
