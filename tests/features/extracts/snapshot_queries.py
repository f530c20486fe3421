"""Helpers that run SQL on a snapshot in the tests of extracts."""

from __future__ import annotations

from typing import Any

from features.snapshots.snapshot_fixture import SnapshotFixture


async def ask(snapshot_fixture: SnapshotFixture, taken: Any, text: str, **body: Any) -> Any:
    return await snapshot_fixture.person.send(
        "POST", f"/snapshots/{taken['id']}/query", 200, json={"text": text} | body
    )


async def rows(snapshot_fixture: SnapshotFixture, taken: Any, text: str, **body: Any) -> Any:
    answer = await ask(snapshot_fixture, taken, text, **body)
    assert answer["error"] is None, answer["error"]
    return answer["results"][0]["rows"]
