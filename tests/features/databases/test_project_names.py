"""Names of projects on the command line: a name that fits two is refused, never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.features.databases.commands import find_project
from headwater.kit.errors import BadInput, NotFound

PROJECTS = [
    {"id": "1", "name": "api"},
    {"id": "2", "name": "api"},
    {"id": "3", "name": "web"},
    {"id": "4", "name": "Bookshop sample", "is_sample": True},
]


class Server:
    """A server with some projects."""

    def __init__(self, *projects: dict[str, Any]) -> None:
        self.projects = projects

    def every(self, path: str) -> Any:
        assert path == "/projects"
        return self.projects


def find(wanted: str | None, *projects: dict[str, Any]) -> Any:
    return find_project(Server(*projects), wanted)["id"]  # type: ignore[arg-type]


def test_project_is_found_by_name_and_by_id() -> None:
    assert (find("web", *PROJECTS), find("2", *PROJECTS)) == ("3", "2")


def test_name_of_two_projects_is_refused_with_their_ids() -> None:
    with pytest.raises(BadInput, match="2 projects are named api") as refused:
        find("api", *PROJECTS)
    assert "1, 2" in str(refused.value.hint)


def test_the_only_project_that_is_no_sample_is_the_default() -> None:
    assert find(None, PROJECTS[0], PROJECTS[3]) == "1"
    assert find(None, PROJECTS[3]) == "4"


def test_without_a_name_the_choices_are_names_or_ids_that_can_be_used() -> None:
    with pytest.raises(BadInput, match="There are 3 projects") as refused:
        find(None, *PROJECTS)
    assert "1, 2, web" in str(refused.value.hint)


def test_unknown_project_is_answered_with_a_likely_one() -> None:
    with pytest.raises(NotFound) as refused:
        find("wep", *PROJECTS)
    assert "web" in str(refused.value.hint)
