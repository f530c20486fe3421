"""Drift over HTTP: a codebase against its migrations, another codebase and a database; what others see."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import text

from clusters import Cluster
from features.codebases.test_codebases import scanned, zipped
from features.schemas.test_drift_command import MIGRATION, MODELS
from people import AppFixture, Person

pytestmark = pytest.mark.usefixtures("with_sample")
APP = zipped(migrations__1_users_dot_sql=MIGRATION, app__models_dot_py=MODELS)


async def drift(person: Person, codebase: str, against: str | None = None, status: int = 200) -> Any:
    params = {"against": against} if against is not None else {}
    answer = await person.client.get(f"/api/v1/codebases/{codebase}/drift", params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_strangers_and_neighbours_see_nothing(app: AppFixture, cluster: Cluster) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    own, theirs = await scanned(app, owner, APP), await scanned(app, neighbour, APP)
    stranger = await app.stranger()
    assert (await stranger.get(f"/api/v1/codebases/{own['id']}/drift")).status_code == 401
    database = await neighbour.connected(cluster.clone())
    await drift(neighbour, own["id"], status=404)
    await drift(owner, own["id"], f"codebase:{theirs['id']}", 404)
    await drift(owner, own["id"], f"database:{database}", 404)
    await drift(owner, own["id"], f"database:{uuid.uuid4()}", 404)


async def test_models_are_compared_with_the_migrations_of_a_codebase(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP, name="shop")
    answer = await drift(someone, codebase["id"])
    assert (answer["a"], answer["b"], answer["left_out"]) == ("migrations of shop", "models of shop", 0)
    (row,) = answer["differences"]
    assert (row["title"], row["a"], row["b"]) == ("column users.nick", "text", None)
    assert row["at_a"] == {"file": "migrations/1_users.sql", "line": 1}
    assert row["at_b"] == {"file": "app/models.py", "line": 7}


async def test_codebases_and_databases_are_targets(app: AppFixture, cluster: Cluster) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, zipped(schema_dot_sql=MIGRATION))
    older = await scanned(
        app, someone, zipped(schema_dot_sql="CREATE TABLE users (id integer PRIMARY KEY, nick text);")
    )
    answer = await drift(someone, codebase["id"], f"codebase:{older['id']}")
    assert [(row["part"], row["name"], row["a"]) for row in answer["differences"]] == [("column", "email", None)]
    database = await someone.connected(
        cluster.clone("CREATE TABLE users (id int PRIMARY KEY, email varchar(50) NOT NULL)")
    )
    answer = await drift(someone, codebase["id"], f"database:{database}")
    assert [(row["part"], row["name"], row["b"]) for row in answer["differences"]] == [("column", "nick", "text")]


@pytest.mark.parametrize("against", ["", "models", "database:", "codebase:1", "migrations:x", "database:" + "-" * 36])
async def test_other_targets_are_refused(app: AppFixture, against: str) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    answer = await someone.client.get(f"/api/v1/codebases/{codebase['id']}/drift", params={"against": against})
    assert answer.status_code in (400, 422), answer.text


async def test_a_codebase_without_migrations_and_an_old_scan_say_so(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, zipped(app__models_dot_py=MODELS))
    assert (await drift(someone, codebase["id"], status=409))["detail"].startswith(
        "No migrations are read in this codebase."
    )
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE scans SET halves_json = NULL WHERE codebase_id = :id"), {"id": codebase["id"]})
    answer = await drift(someone, codebase["id"], status=409)
    assert answer["detail"].startswith("This scan does not tell models from migrations.")
