"""Back to every moment: what was committed by then is there, all of it and nothing else; the database is untouched."""

from __future__ import annotations

from typing import Any

import pytest

from features.recovery.timeline import Timeline

STEPS = 4
ROWS = "SELECT n, body FROM step ORDER BY n"


@pytest.fixture(scope="module")
async def steps(line: Timeline) -> list[dict[str, Any]]:
    """What was there after each step, and the three names of that moment; across a sleep and a base in the middle."""
    found = []
    path = f"/databases/{line.database}"
    for number in range(STEPS):
        await line.sql(
            f"INSERT INTO step VALUES ({number}, 'step {number}'); UPDATE step SET body = body || ' u{number}' WHERE n < {number}"
        )
        if number == 2:
            await line.sql("DELETE FROM step WHERE n = 0")
        rows = await line.sql(ROWS)
        point = f"after {number}"
        status = await line.person.send("POST", f"{path}/recovery/points", 201, json={"name": point})
        assert point in {one["name"] for one in status["points"]}
        time = await line.one(
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        )
        found.append({"rows": rows, "point": point, "time": time, "lsn": await line.one("SELECT pg_current_wal_lsn()")})
        if number == 1:
            await line.base()
        if number == 2:
            await line.person.send("PUT", f"{path}/desired", 200, json={"state": "asleep"}, params={"wait": 30})
            await line.tick()
    await line.ship()
    return found


@pytest.mark.parametrize("kind", ["time", "lsn", "point"])
@pytest.mark.parametrize("number", range(STEPS))
async def test_rows_are_those_of_the_moment(
    line: Timeline, steps: list[dict[str, Any]], number: int, kind: str
) -> None:
    done = await line.back(**{kind: steps[number][kind]})
    assert await line.sql(ROWS, done["target_id"]) == steps[number]["rows"]
    assert await line.sql(ROWS) == steps[-1]["rows"]
    await line.sql("INSERT INTO step VALUES (100, 'it lives')", done["target_id"])
    await line.leave(done)
