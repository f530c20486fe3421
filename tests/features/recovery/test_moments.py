"""Recoveries to several moments: they have exactly the rows committed by then, and the source is not changed."""

from __future__ import annotations

from typing import Any

import pytest

from features.recovery.recovery_fixture import RecoveryFixture

STEPS = 4
ROWS = "SELECT n, body FROM step ORDER BY n"


@pytest.fixture(scope="module")
async def steps(recovery_fixture: RecoveryFixture) -> list[dict[str, Any]]:
    """The rows after each step, and the time, position and restore point of that moment."""
    result = []
    path = f"/databases/{recovery_fixture.database}"
    for number in range(STEPS):
        await recovery_fixture.sql(
            f"INSERT INTO step VALUES ({number}, 'step {number}'); UPDATE step SET body = body || ' u{number}' WHERE n < {number}"
        )
        if number == 2:
            await recovery_fixture.sql("DELETE FROM step WHERE n = 0")
        rows = await recovery_fixture.sql(ROWS)
        point = f"after {number}"
        status = await recovery_fixture.person.send("POST", f"{path}/recovery/points", 201, json={"name": point})
        assert point in {point["name"] for point in status["points"]}
        time = await recovery_fixture.one(
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        )
        result.append(
            {
                "rows": rows,
                "point": point,
                "time": time,
                "lsn": await recovery_fixture.one("SELECT pg_current_wal_lsn()"),
            }
        )
        if number == 1:
            await recovery_fixture.base()
        if number == 2:
            await recovery_fixture.person.send(
                "PUT", f"{path}/desired", 200, json={"state": "asleep"}, params={"wait": 30}
            )
            await recovery_fixture.tick()
    await recovery_fixture.ship()
    return result


@pytest.mark.parametrize("kind", ["time", "lsn", "point"])
@pytest.mark.parametrize("number", range(STEPS))
async def test_recovered_rows_are_those_of_the_moment(
    recovery_fixture: RecoveryFixture, steps: list[dict[str, Any]], number: int, kind: str
) -> None:
    done = await recovery_fixture.back(**{kind: steps[number][kind]})
    assert await recovery_fixture.sql(ROWS, done["target_id"]) == steps[number]["rows"]
    assert await recovery_fixture.sql(ROWS) == steps[-1]["rows"]
    await recovery_fixture.sql("INSERT INTO step VALUES (100, 'it lives')", done["target_id"])
    await recovery_fixture.leave(done)
