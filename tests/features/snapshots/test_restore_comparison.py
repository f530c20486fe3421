"""What a restore says of differences between its result and the snapshot."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from clusters import Cluster
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.snapshots.service.restore import comparison

# Whoever creates the table `note` in this database gets another default, and a trigger that changes its rows.
CHANGES_WHAT_IS_CREATED = """
CREATE FUNCTION louder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.body := upper(NEW.body); RETURN NEW; END $$;
CREATE FUNCTION change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.note') THEN
    ALTER TABLE public.note ALTER body SET DEFAULT 'changed';
    CREATE TRIGGER louder BEFORE INSERT ON public.note FOR EACH ROW EXECUTE FUNCTION public.louder();
  END IF; END $$;
"""
WHEN_CREATED = "CREATE EVENT TRIGGER changes ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION change()"


async def test_restored_table_that_differs_is_named(snapshot_fixture: SnapshotFixture, cluster: Cluster) -> None:
    snapshot = await snapshot_fixture.take()
    url = cluster.clone(CHANGES_WHAT_IS_CREATED)
    cluster.execute(WHEN_CREATED, urlsplit(url).path[1:])
    target = await snapshot_fixture.person.connected(url)
    done = await snapshot_fixture.restore(snapshot, target_id=target)
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert done["differs"]
    assert done["schema_comparison"]["different"] == ["table public.note"]
    compared = {table["table"]: (table["same"], table["contents"]) for table in done["tables"]}
    assert compared == {
        "public.album": (True, "equal"),
        "public.artist": (True, "equal"),
        "public.note": (True, "different"),
    }
    for part in ("1 different (table public.note); ", "contents of 1 different (public.note)"):
        assert part in done["summary"]
    log = await snapshot_fixture.person.get(f"/jobs/{done['job']['id']}/log")
    assert done["summary"] in next(line["message"] for line in log["items"] if line["level"] == "warning")


async def test_rows_are_read_again_only_where_the_text_of_the_table_is_another(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await snapshot_fixture.sql(
        "CREATE TABLE empty (id int); CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES;"
        "CREATE TABLE odd (a text, b bytea); INSERT INTO odd VALUES (E'\\\\N\\t\\n', NULL), (NULL, '\\x00ff'), ('', '');"
        "CREATE TABLE long AS SELECT repeat(md5(g::text), 40000) AS t FROM generate_series(1, 5) g"
    )
    snapshot = await snapshot_fixture.take()
    read, real = [], comparison._digests

    def noted(attempt: Any, reader: Any, tables: Any) -> Any:
        read.extend(table.name for table in tables)
        return real(attempt, reader, tables)

    monkeypatch.setattr(comparison, "_digests", noted)
    done = await snapshot_fixture.restore(snapshot, name="back")
    assert (done["outcome"], read) == ("equal", ["empty"]), done["summary"]
    assert {table["table"]: table["found"] for table in done["tables"]} == {
        "public.album": 12_000,
        "public.artist": 1500,
        "public.empty": 0,
        "public.long": 5,
        "public.note": 700,
        "public.nothing": 1,
        "public.odd": 3,
    }


async def test_in_place_restore_names_tables_whose_definition_differs(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    await snapshot_fixture.sql("ALTER TABLE note ADD COLUMN later int; DELETE FROM note")
    options = {"target_id": snapshot_fixture.database, "mode": "overwrite"}
    done = await snapshot_fixture.restore(snapshot, tables=["note"], **options)
    assert (done["differs"], done["schema_comparison"]["different"]) == (True, ["table public.note"])
    assert done["tables"][0]["contents"] == "equal"
    done = await snapshot_fixture.restore(snapshot, tables=["album"], **options)
    assert not done["differs"], done["summary"]


async def test_policy_for_a_role_that_does_not_exist_is_left_out_and_named(
    snapshot_fixture: SnapshotFixture, cluster: Cluster
) -> None:
    cluster.execute("DO $$ BEGIN CREATE ROLE only_here; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    await snapshot_fixture.sql(
        "ALTER TABLE note ENABLE ROW LEVEL SECURITY; CREATE POLICY all_rows ON note TO only_here USING (true)"
    )
    done = await snapshot_fixture.restore(await snapshot_fixture.take(), name="elsewhere")
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert (done["differs"], done["schema_comparison"]["missing"]) == (True, ["policy public.note all_rows"])
    log = await snapshot_fixture.person.get(f"/jobs/{done['job']['id']}/log")
    sentence = "Not restored: policy public.note all_rows: a role of it does not exist here"
    assert [line["level"] for line in log["items"] if line["message"].startswith(sentence)] == ["warning"]
