"""What Prometheus gets: few series whatever is sent, no tenant, true for all processes, and closed by a token."""

from __future__ import annotations

import asyncio
import itertools
import re
import uuid

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from features.accounts import route_list
from headwater.entrypoints.server import scrapes
from headwater.entrypoints.server.scrapes import Scrapes
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.jobs.service import workers
from people import PASSWORD, AppFixture

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "LINK")
MOST_SERIES = 1000


async def scraped(app: AppFixture) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return the value of each series, measured now."""
    app.server.context.service(Scrapes)._measured = float("-inf")
    answer = await (await app.stranger()).get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


async def test_series_stay_few_whatever_is_sent(app: AppFixture) -> None:
    someone = await app.person()
    stranger = await app.stranger()
    odd = itertools.cycle([str(uuid.uuid4()), "x", "%00", "..%2f", "é"])
    for method, path, _ in route_list.load():
        filled = re.sub(r"\{[^}]*\}", lambda _: next(odd), path)
        for client, each in ((someone.client, method), *((stranger, wrong) for wrong in METHODS)):
            if not filled.endswith("/events"):
                await client.request(each, filled)
    for number in range(300):
        await stranger.request(f"M{number}", f"/some/odd/{number}", headers={"host": f"h{number}.example"})
    series = await scraped(app)
    assert 100 < len(series) < MOST_SERIES
    text = str(series)
    assert someone.organization not in text and someone.project["id"] not in text and "odd" not in text
    assert not any("created" in name for name, _ in series)


async def test_every_part_is_measured(app: AppFixture, supervisor: Supervisor) -> None:
    async with app.server.database.transaction() as db:
        await workers.beat(db, workers.this_process())
    someone = await app.person()
    database = await someone.database()
    await someone.send("POST", f"/databases/{database}/query", 200, json={"text": "SELECT 1"})
    series = await scraped(app)
    values = {name: value for (name, labels), value in series.items() if not labels}
    assert values["headwater_workers"] >= 1 and values["headwater_workers_resident_memory_bytes"] > 1_000_000
    assert values["headwater_supervisor_up"] == 1 and values["headwater_supervisor_resident_memory_bytes"] > 1_000_000
    assert values["headwater_instances_running"] >= 1 and values["headwater_proxy_connections"] == 0
    assert values["headwater_disk_size_bytes"] > values["headwater_disk_free_bytes"] > 0
    assert values["headwater_store_up"] == 1 and values["headwater_event_streams"] == 0
    assert series["headwater_databases", frozenset({("origin", "managed"), ("state", "running")})] >= 1
    assert series["headwater_queries_total", frozenset({("engine", "postgresql"), ("outcome", "ok")})] >= 1
    assert series["headwater_store_connections", frozenset({("state", "in_use")})] >= 1
    for name in ("policies_overdue", "policy_oldest_snapshot_age_seconds", "archive_oldest_problem_seconds"):
        assert values[f"headwater_{name}"] >= 0


async def test_sign_ins_are_counted(app: AppFixture) -> None:
    name, refused = "headwater_sign_ins_total", frozenset({("outcome", "refused")})
    before = (await scraped(app))[name, refused]
    someone = await app.person()
    await (await app.stranger()).post(
        "/api/v1/auth/login", json={"email": someone.email, "password": f"not {PASSWORD}"}
    )
    assert (await scraped(app))[name, refused] == before + 1


async def test_scrapes_at_once_are_one_measurement(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = 0
    real = scrapes._measure

    async def counted(context: object) -> None:
        nonlocal measured
        measured += 1
        await real(context)  # type: ignore[arg-type]

    monkeypatch.setattr(scrapes, "_measure", counted)
    stranger = await app.stranger()
    answers = await asyncio.gather(*(stranger.get("/metrics") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200} and measured == 1


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", "Basic tok3n-of-the-metrics", "Bearer é", "tok3n-of-the-metrics"]
)
async def test_token_closes_the_metrics(app: AppFixture, given: str) -> None:
    app.server.settings.metrics_token = SecretStr("tok3n-of-the-metrics")
    try:
        stranger = await app.stranger()
        refused = await stranger.get("/metrics", headers={"authorization": given.encode()})
        assert refused.status_code == 401 and "token" in refused.json()["detail"]
        right = await stranger.get("/metrics", headers={"authorization": "Bearer tok3n-of-the-metrics"})
        assert right.status_code == 200
    finally:
        app.server.settings.metrics_token = None
