"""Extensions over HTTP: access rights, those of a managed database, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from clusters import Cluster
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture, Person


class DatabaseFixture:
    """A database of a user."""

    def __init__(self, person: Person, id_: str) -> None:
        self.person, self.id, self.path = person, id_, f"/databases/{id_}/extensions"

    async def extensions(self) -> dict[str, Any]:
        return {item["name"]: item for item in await self.person.get(self.path)}

    async def install(self, name: str, status: int = 201, **given: Any) -> Any:
        return await self.person.send("POST", self.path, status, json={"name": name, **given})

    async def remove(self, name: str, status: int = 204, **given: Any) -> Any:
        return await self.person.send("DELETE", f"{self.path}/{name}", status, params=given)

    async def sql(self, text: str) -> Any:
        answer = await self.person.send("POST", f"/databases/{self.id}/query", 200, json={"text": text})
        assert answer["error"] is None, answer["error"]
        return answer["results"][-1]["rows"]


@pytest.fixture
async def managed(app: AppFixture, supervisor: Supervisor) -> DatabaseFixture:
    person = await app.person("ada")
    return DatabaseFixture(person, await person.database("postgresql"))


@pytest.fixture
async def connected(app: AppFixture, cluster: Cluster) -> DatabaseFixture:
    person = await app.person("ada")
    return DatabaseFixture(person, await person.connected(cluster.clone()))


async def test_extensions_are_hidden_from_strangers_and_other_organizations(
    app: AppFixture, connected: DatabaseFixture
) -> None:
    stranger, neighbour = await app.stranger(), await app.person("neighbour")
    path = f"/api/v1{connected.path}"
    for client, status in ((stranger, 401), (neighbour.client, 404)):
        assert (await client.get(path)).status_code == status
        assert (await client.post(path, json={"name": "citext"})).status_code == status
        assert (await client.post(f"{path}/citext/update")).status_code == status
        assert (await client.delete(f"{path}/citext")).status_code == status


async def test_owner_of_managed_database_installs_every_extension_that_is_offered_to_it(
    managed: DatabaseFixture,
) -> None:
    extensions = await managed.extensions()
    offered = {name for name, item in extensions.items() if item["refused"] is None}
    assert {
        *("btree_gin", "btree_gist", "citext", "cube", "dict_int", "dict_xsyn", "earthdistance", "fuzzystrmatch"),
        *("hstore", "intarray", "isn", "ltree", "pg_trgm", "seg", "tablefunc", "tcn", "tsm_system_rows"),
        *("tsm_system_time", "unaccent", "vector"),
    } <= offered
    assert extensions["dblink"]["refused"] == "Only a superuser of the server can install it."
    installed = await managed.install("earthdistance")
    assert (installed["requires"], installed["schema"]) == (["cube"], "public")
    assert (await managed.extensions())["cube"]["installed"]
    for name in sorted(offered - {"plpgsql", "earthdistance", "cube"}):
        assert (await managed.install(name))["installed"], name
    assert {name for name, item in (await managed.extensions()).items() if item["installed"]} == offered
    await managed.sql("SELECT 'counted'")
    assert await managed.sql("SELECT calls FROM pg_stat_statements WHERE query = 'SELECT $1'") == [[1]]


async def test_installed_types_are_usable_in_the_chosen_schema(connected: DatabaseFixture) -> None:
    await connected.sql("CREATE SCHEMA texts")
    assert (await connected.install("citext", schema="texts"))["schema"] == "texts"
    assert await connected.sql("SELECT 'A'::texts.citext OPERATOR(texts.=) 'a'::texts.citext") == [[True]]
    schema = await connected.person.get(f"/databases/{connected.id}/schema")
    assert "citext" in str(schema["attrs"])


async def test_extension_in_use_is_not_removed(connected: DatabaseFixture) -> None:
    await connected.install("citext")
    await connected.sql("CREATE TABLE people (email citext)")
    problem = await connected.remove("citext", 422)
    assert "because other objects depend on it" in problem["detail"]
    await connected.sql("DROP TABLE people")
    await connected.remove("citext")
    assert (await connected.extensions())["citext"]["installed"] is None


async def test_outdated_extension_is_updated(connected: DatabaseFixture) -> None:
    await connected.sql("CREATE EXTENSION ltree VERSION '1.2'")
    before = (await connected.extensions())["ltree"]
    assert (before["installed"], before["outdated"]) == ("1.2", True)
    after = await connected.person.send("POST", f"{connected.path}/ltree/update", 200)
    assert (after["installed"], after["outdated"]) == (before["version"], False)


async def test_refusals_name_the_reason(connected: DatabaseFixture) -> None:
    problem = await connected.install("citex", 400)
    assert problem["detail"] == "This server does not offer the extension citex."
    assert "citext" in problem["hint"]
    assert "gen_random_uuid() is built in" in (await connected.install("uuid-ossp", 400))["hint"]
    assert "superuser" in (await connected.install("dblink", 422))["hint"]
    assert "does not exist" in (await connected.install("citext", 422, schema="nowhere"))["detail"]
    for name in ("citext", "nope"):
        assert (await connected.remove(name, 404))["detail"] == f"The extension {name} is not installed."
        await connected.person.send("POST", f"{connected.path}/{name}/update", 404)
    answer = await connected.person.send(
        "POST", f"/databases/{connected.id}/query", 200, json={"text": 'CREATE EXTENSION "uuid-ossp"'}
    )
    assert "gen_random_uuid() is built in" in answer["error"]["hint"]


async def test_user_without_privilege_is_told(connected: DatabaseFixture, cluster: Cluster) -> None:
    name = (await connected.sql("SELECT current_database()"))[0][0]
    cluster.execute(f"ALTER DATABASE {name} OWNER TO postgres")
    refused = (await connected.extensions())["citext"]["refused"]
    assert refused == "The user of this connection lacks the privilege CREATE on the database."
    assert "permission denied" in (await connected.install("citext", 422))["detail"]


async def test_protected_database_asks_for_confirmation(connected: DatabaseFixture) -> None:
    await connected.person.send("PATCH", f"/databases/{connected.id}", 200, json={"protected": True})
    assert (await connected.install("citext", 409))["code"] == "confirmation_needed"
    await connected.install("citext", confirmed=True)
    assert (await connected.remove("citext", 409))["code"] == "confirmation_needed"
    await connected.remove("citext", confirmed=True)
    actions = [entry["action"] for entry in (await connected.person.get("/audit"))["items"]]
    assert actions.count("extension.install") == actions.count("extension.remove") == 1


async def test_engine_without_extensions_says_so(app: AppFixture, supervisor: Supervisor) -> None:
    person = await app.person("ada")
    database = DatabaseFixture(person, await person.database("sqlite"))
    problem = await person.send("GET", database.path, 400)
    assert problem["detail"] == "SQLite has no extensions."
