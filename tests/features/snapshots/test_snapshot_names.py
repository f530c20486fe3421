"""References to snapshots on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.features.databases.commands import names
from headwater.features.snapshots.commands.references import find_snapshot
from headwater.kit.errors import BadInput, NotFound

ID = "01a1ff34-60a9-7032-a6f2-bbf7e08eb37d"


def row(id_: str, label: str, status: str, taken_at: str | None, **given: Any) -> dict[str, Any]:
    return {"id": id_, "label": label, "status": status, "taken_at": taken_at, "partial": False, "undo": False} | given


ROWS = [
    row("7", "Before restoring 3", "complete", "2026-11-21T10:00:50Z", undo=True),
    row("6", "two tables", "complete", "2026-11-21T10:00:40Z", partial=True),
    row("5", "", "taking", None),
    row("4", "latest", "failed", None),
    row("3", "", "complete", "2026-11-21T10:00:30Z"),
    row("2", "before the sale", "complete", "2026-11-21T09:00:00Z"),
    row("1", "", "complete", "2026-11-20T23:59:59.5Z"),
]


class Server:
    """A server with one database and its snapshots."""

    def every(self, path: str, **_: Any) -> list[Any]:
        return {
            "/projects": [{"id": "p"}],
            "/projects/p/databases": [{"id": "d", "name": "shop"}],
            "/databases/d/snapshots": ROWS,
            "/organizations/o/snapshots": [
                row("9", "", "complete", "2026-11-22T10:00:00Z", database_id=None, database_name="lost"),
                row("8", "", "complete", "2026-11-22T09:00:00Z", database_id="e", database_name="other"),
            ],
        }[path]

    def call(self, method: str, path: str) -> Any:
        return {"items": [{"id": "o"}]} if path == "/organizations" else {"asked": path}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("shop#", "3"),
        ("shop#2026-11-21T10:00", "7"),
        ("shop#2026-11-21T10:00:29", "2"),
        ("shop#2026-11-21", "7"),
        ("shop#2026-11-20", "1"),
        ("shop#2026-11-21T12:00+02:00", "2"),
        ("shop#2026-11-21T12:01+02:00", "7"),
        ("shop#two tables", "6"),
        ("shop#before the sale", "2"),
        ("shop#1", "1"),
        ("shop#latest", "3"),
        ("lost#latest", "9"),
    ],
)
def test_snapshot_reference_is_resolved(wanted: str, expected: str) -> None:
    assert find_snapshot(Server(), wanted)["id"] == expected  # type: ignore[arg-type]


def test_snapshot_id_is_a_reference() -> None:
    assert find_snapshot(Server(), ID) == {"asked": f"/snapshots/{ID}"}  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", ["shop#2026-11-19", "shop#before the sales", "shp#latest", "other#latest"])
def test_wrong_names_are_answered_with_the_right_ones(wanted: str) -> None:
    with pytest.raises(NotFound) as message:
        find_snapshot(Server(), wanted)  # type: ignore[arg-type]
    assert message.value.hint


def test_database_name_alone_is_rejected() -> None:
    with pytest.raises(BadInput, match="is not a snapshot"):
        find_snapshot(Server(), "shop")  # type: ignore[arg-type]


def test_table_names_are_split_at_commas() -> None:
    assert (names("a, b,,c"), names(""), names(None)) == (["a", "b", "c"], None, None)


def test_latest_is_never_a_part_or_an_undo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROWS", ROWS[:2])
    with pytest.raises(NotFound) as refused:
        find_snapshot(Server(), "shop#latest")  # type: ignore[arg-type]
    assert "No snapshot has all tables" in str(refused.value.hint)
