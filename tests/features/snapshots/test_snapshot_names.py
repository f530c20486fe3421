"""References to snapshots on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.features.databases.commands import names
from headwater.features.snapshots.commands.references import find_snapshot
from headwater.kit.errors import BadInput, NotFound

ID = "01a1ff34-60a9-7032-a6f2-bbf7e08eb37d"
ROWS = [
    {"id": "5", "label": "", "status": "taking", "taken_at": None},
    {"id": "4", "label": "latest", "status": "failed", "taken_at": None},
    {"id": "3", "label": "", "status": "complete", "taken_at": "2026-11-21T10:00:30Z"},
    {"id": "2", "label": "before the sale", "status": "complete", "taken_at": "2026-11-21T09:00:00Z"},
    {"id": "1", "label": "", "status": "complete", "taken_at": "2026-11-20T23:59:59.5Z"},
]


class Server:
    """A server with one database and its snapshots."""

    def every(self, path: str, **_: Any) -> list[Any]:
        return {
            "/projects": [{"id": "p"}],
            "/projects/p/databases": [{"id": "d", "name": "shop"}],
            "/databases/d/snapshots": ROWS,
        }[path]

    def call(self, method: str, path: str) -> Any:
        return {"asked": path}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("shop#", "3"),
        ("shop#2026-11-21T10:00", "3"),
        ("shop#2026-11-21T10:00:29", "2"),
        ("shop#2026-11-21", "3"),
        ("shop#2026-11-20", "1"),
        ("shop#2026-11-21T12:00+02:00", "2"),
        ("shop#2026-11-21T12:01+02:00", "3"),
        ("shop#before the sale", "2"),
        ("shop#1", "1"),
        ("shop#latest", "3"),
    ],
)
def test_snapshot_reference_is_resolved(wanted: str, expected: str) -> None:
    assert find_snapshot(Server(), wanted)["id"] == expected  # type: ignore[arg-type]


def test_snapshot_id_is_a_reference() -> None:
    assert find_snapshot(Server(), ID) == {"asked": f"/snapshots/{ID}"}  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", ["shop#2026-11-19", "shop#before the sales", "shp#latest"])
def test_wrong_names_are_answered_with_the_right_ones(wanted: str) -> None:
    with pytest.raises(NotFound) as told:
        find_snapshot(Server(), wanted)  # type: ignore[arg-type]
    assert told.value.hint


def test_database_name_alone_is_rejected() -> None:
    with pytest.raises(BadInput, match="is not a snapshot"):
        find_snapshot(Server(), "shop")  # type: ignore[arg-type]


def test_table_names_are_split_at_commas() -> None:
    assert (names("a, b,,c"), names(""), names(None)) == (["a", "b", "c"], None, None)
