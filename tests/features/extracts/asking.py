"""SQL on a snapshot, as the tests of extracts ask it."""

from __future__ import annotations

from typing import Any

from features.snapshots.shelf import Shelf


async def ask(shelf: Shelf, taken: Any, text: str, **body: Any) -> Any:
    return await shelf.person.send("POST", f"/snapshots/{taken['id']}/query", 200, json={"text": text} | body)


async def rows(shelf: Shelf, taken: Any, text: str, **body: Any) -> Any:
    answer = await ask(shelf, taken, text, **body)
    assert answer["error"] is None, answer["error"]
    return answer["results"][0]["rows"]
