"""Imports of dumps: what pg_dump, mysqldump and sqlite3 write is loaded, and what is left out is listed."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from clusters import Cluster
from features.transfers.test_imports_exports import DatabaseFixture, packed
from headwater.engines.postgresql.binaries import binaries
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

DUMPS = Path(__file__).parent / "dumps"


@pytest.fixture
async def postgres(app: AppFixture, cluster: Cluster) -> DatabaseFixture:
    person = await app.person("iva")
    return DatabaseFixture(app, person, await person.connected(cluster.clone()))


async def managed(app: AppFixture, engine: str) -> DatabaseFixture:
    person = await app.person("iva")
    return DatabaseFixture(app, person, await person.database(engine))


def reasons(done: Any, kind: str = "skipped") -> dict[str, list[int]]:
    """Return the lines of the statements that were left out or changed, by reason."""
    assert done["job"]["state"] == "completed", done["job"]["error"]
    lines: dict[str, list[int]] = {}
    for note in done["result"][kind]:
        lines.setdefault(note["reason"], []).append(note["line"])
    return lines


async def test_pg_dump_script_loads_and_lists_what_it_left_out(postgres: DatabaseFixture) -> None:
    done = await postgres.bring("dump.sql", (DUMPS / "postgresql.sql").read_bytes())
    psql, absent = "A command of psql that changes nothing in the database.", "The role nobody_here does"
    assert reasons(done) == {
        psql: [5, 25, 26, 27, 90],
        'Unrecognized configuration parameter "setting_of_the_future".': [13],
        "An import does not change databases and tablespaces.": [22, 23],
        "The content of shop is imported into this database.": [24],
        "Must be owner of extension plpgsql.": [30],
        "The import runs as the role of the connection.": [31],
        "Roles belong to the whole server; an import does not change them.": [32],
        f"{absent} not exist on this server.": [35, 40, 55, 85, 88],
        "The role No One does not exist on this server.": [86],
    }
    assert reasons(done, "changed") == {"The role of the connection owns the schema.": [34]}
    assert await postgres.sql("SELECT id, name, mood::text, n FROM sales.people ORDER BY id") == [
        [1, 'tab\there; O\'Brien "x" $$ /* \\. ', "it's; fine", None],
        [2, None, None, 7],
        [3, "\\.", "bad", 0],
        [4, 'two\nlines; "quoted"', None, None],
        [5, None, None, None],
    ]
    assert done["result"]["rows"] == 5
    assert await postgres.sql("INSERT INTO sales.people (name) VALUES ('x') RETURNING id, n") == [[42, 1]]


REFUSED = {
    "SELECT 1;\n\\i other.sql\n": ("Statement 2, line 2: \\i is a command of psql", "one by one"),
    "SELECT 'x'\n\\gexec\nSELECT 2;": ("Statement 1, line 1: \\gexec is a command of psql", "run the script with psql"),
    "SELECT 1 \\g out.txt\n": ("\\g is a command of psql", "psql"),
    "\\copy t from 'x.csv'\n": ("\\copy is a command of psql", "headwater db import"),
    "\\if true\nSELECT 1;\n\\endif": ("Statement 1, line 1: \\if", "psql"),
    "\\connect a\n\\c b\n": ("several databases: a, b", "pg_dump"),
    'CREATE EXTENSION "no-such";\nSELECT 1;\ncreate extension if not exists nor_this;': (
        "does not have the extensions no-such, nor_this",
        "Nothing was run.",
    ),
    "CREATE TABLE made (a int);\nCOPY made FROM stdin;\n1\n2\n": ("COPY in line 2 do not end", "Create the dump again"),
    "CREATE TABLE made (a int);\nCOPY made FROM stdin;\n1\nx\n\\.\n": (
        'Statement 2, line 2: invalid input syntax for type integer: "x"',
        "rolled back",
    ),
    "CREATE TABLE made (a int);\n\n-- a comment\nSELECT 1,\n  nope;": ("Statement 2, line 5: column", "rolled back"),
    "CREATE TABLE made (a int);\nROLLBACK;": ("Statement 2, line 2: ROLLBACK would undo", "incomplete"),
    "CREATE TABLE made (a int);\nALTER TABLE nope OWNER TO owner;": ('relation "nope" does not exist', "rolled back"),
    "CREATE TABLE made (a int);\nINSERT INTO made VALUES ('unclosed;\nSELECT 1;": ("unterminated quoted", "rolled"),
    "CREATE TABLE made (a int); CREATE TABLE c (a int UNIQUE, b int REFERENCES c (a) INITIALLY DEFERRED);"
    "INSERT INTO c VALUES (1, 2);": ("At the end of the script: insert or update", "rolled back"),
}


@pytest.mark.parametrize("script", REFUSED)
async def test_script_that_cannot_be_imported_changes_nothing(postgres: DatabaseFixture, script: str) -> None:
    done = await postgres.bring("dump.sql", script)
    assert done["job"]["state"] == "failed", done["result"]
    for part in REFUSED[script]:
        assert part in done["job"]["error"]
    assert await postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'made'") == [[0]]


UUIDS = """
CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;
COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';
CREATE TABLE with_uuid (id uuid DEFAULT {} NOT NULL, digest text, note text DEFAULT 'pgp_sym_encrypt');
INSERT INTO with_uuid (note) VALUES ('digest');
"""


async def test_missing_extension_of_which_nothing_is_used_is_left_out(postgres: DatabaseFixture) -> None:
    """Many schemas create pgcrypto only for gen_random_uuid(), which is built in since PostgreSQL 13."""
    assert await postgres.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'pgcrypto'") == [[0]]
    done = await postgres.bring("dump.sql", UUIDS.format("gen_random_uuid()"))
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert [(item["line"], item["reason"].split(",")[0]) for item in done["result"]["skipped"]] == [
        (2, "The server does not have it"),
        (3, "The server does not have it"),
    ]
    assert await postgres.sql("SELECT count(id), min(note) FROM with_uuid") == [[1, "digest"]]


@pytest.mark.parametrize("default", ["public.gen_random_uuid()", "encode(digest('x', 'sha1'), 'hex')::uuid"])
async def test_missing_extension_that_is_used_refuses_the_script(postgres: DatabaseFixture, default: str) -> None:
    done = await postgres.bring("dump.sql", UUIDS.format(default).replace("with_uuid", "made"))
    assert "does not have the extension pgcrypto" in done["job"]["error"]
    assert await postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'made'") == [[0]]


def programs(postgres: DatabaseFixture, url: str, *options: str) -> bytes:
    """Return what pg_dump writes of a database."""
    command = [binaries() / "pg_dump", *options, f"--dbname={url.replace('tls=disable', 'sslmode=disable')}"]
    return subprocess.run(command, capture_output=True, check=True, env={"PATH": os.environ["PATH"]}).stdout


FORMS = (
    (),
    ("--inserts",),
    ("--clean", "--if-exists"),
    ("--create",),
    ("--format=custom",),
    ("--format=tar",),
    ("--format=custom", "--compress=none"),
    ("--encoding=LATIN1",),
    ("--column-inserts", "--rows-per-insert=2", "--on-conflict-do-nothing", "--quote-all-identifiers"),
)
CONTENT = """
CREATE TYPE pair AS (a int, b text);
CREATE FUNCTION lower_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := lower(NEW.name); RETURN NEW; END $$;
CREATE TABLE zoo (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, p pair, ps pair[], b bytea);
CREATE TABLE animal (id serial PRIMARY KEY, zoo bigint NOT NULL REFERENCES zoo, same int REFERENCES animal);
INSERT INTO zoo (name, p, ps, b) VALUES ('É; \\.', (1, 'x'), '{"(2,y)"}', '\\x00ff'), (E'a\\nb\\tc', NULL, NULL, NULL);
INSERT INTO animal (zoo, same) VALUES (2, 2), (1, 1);
CREATE TRIGGER lowered BEFORE INSERT ON zoo FOR EACH ROW EXECUTE FUNCTION lower_it();
CREATE VIEW both_of AS SELECT a.id, z.name FROM animal a JOIN zoo z ON z.id = a.zoo;
CREATE MATERIALIZED VIEW stored AS SELECT * FROM both_of;
CREATE RULE no_delete AS ON DELETE TO animal DO INSTEAD (SELECT 1; SELECT 2);
COMMENT ON TABLE zoo IS 'it''s; a zoo';
SELECT lo_from_bytea(4711, '\\x00ff5c0a');
"""


def fingerprint(postgres: DatabaseFixture, url: str) -> list[bytes]:
    lines = programs(postgres, url, "--no-owner").splitlines()
    return sorted(
        line for line in lines if line and not line.startswith((b"--", b"\\", b"SET ", b"SELECT pg_catalog.set_c"))
    )


@pytest.mark.parametrize("options", FORMS, ids=" ".join)
async def test_every_form_of_pg_dump_loads_equal(
    postgres: DatabaseFixture, cluster: Cluster, options: tuple[str, ...]
) -> None:
    source, target = cluster.clone(CONTENT), cluster.clone()
    content = await asyncio.to_thread(programs, postgres, source, *options)
    other = DatabaseFixture(postgres.app, postgres.person, await postgres.person.connected(target))
    done = await other.bring("shop.dump" if b"PGDMP" in content[:5] else "shop.sql", content)
    reasons(done)
    assert fingerprint(postgres, target) == fingerprint(postgres, source)


DATA = CONTENT.replace("same int REFERENCES animal", "same int REFERENCES animal DEFERRABLE")


async def test_dump_of_rows_in_any_order_loads_without_triggers(postgres: DatabaseFixture, cluster: Cluster) -> None:
    source, target = cluster.clone(DATA), cluster.clone(DATA)
    other = DatabaseFixture(postgres.app, postgres.person, await postgres.person.connected(target))
    await other.sql("DROP RULE no_delete ON animal; DELETE FROM animal; DELETE FROM zoo; UPDATE zoo SET name = ''")
    await other.sql("CREATE RULE no_delete AS ON DELETE TO animal DO INSTEAD (SELECT 1; SELECT 2)")
    schema = programs(postgres, target, "--schema-only", "--no-owner").split(b"\n\\unrestrict")[0].split(b"\n", 6)[6]
    rows = programs(postgres, source, "--data-only", "--disable-triggers", "--no-large-objects")
    broken = rows.replace(b"\n1\t2\t2\n", b"\n1\t2\t9\n")
    assert broken != rows
    assert "At the end of the script: insert or update" in (await other.bring("rows.sql", broken))["job"]["error"]
    done = await other.bring("rows.sql", rows)
    assert list(reasons(done, "changed")) == [
        "Triggers do not fire, and foreign keys are checked at the end of the import.",
        "Triggers are enabled again at the end of the import.",
    ]
    assert (
        programs(postgres, target, "--schema-only", "--no-owner").split(b"\n\\unrestrict")[0].split(b"\n", 6)[6]
        == schema
    )
    assert await other.sql("SELECT id, zoo, same FROM animal ORDER BY id") == [[1, 2, 2], [2, 1, 1]]


@pytest.mark.parametrize("packed", ["gzip", "zip", "utf-16"])
async def test_packed_script_loads(postgres: DatabaseFixture, packed: str) -> None:
    script = "CREATE TABLE p (t text);\r\nCOPY p FROM stdin;\r\né\\tx\r\n\\.\r\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("dump.sql", script)
    name, content = {
        "gzip": ("dump.sql.gz", gzip.compress(script.encode())),
        "zip": ("dump.zip", archive.getvalue()),
        "utf-16": ("dump.sql", script.encode("utf-16")),
    }[packed]
    assert reasons(await postgres.bring(name, content)) == {}
    assert await postgres.sql("SELECT t FROM p") == [["é\tx"]]


async def test_script_that_includes_other_files_of_its_zip_loads(
    postgres: DatabaseFixture, supervisor: Supervisor
) -> None:
    mysql = DatabaseFixture(postgres.app, postgres.person, await postgres.person.database("mysql"))
    main = {
        postgres: "CREATE TABLE p (id int, t text);\n\\i load/one.sql\n\\copy p FROM 'two.csv' WITH CSV\n",
        mysql: "CREATE TABLE p (id int, t text);\nsource load/one.sql ;\nINSERT INTO p VALUES (2, 'b,c');\n",
    }
    for database, script in main.items():
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as out:
            out.writestr("shop/install.sql", script)
            out.writestr("shop/load/one.sql", "INSERT INTO p VALUES (1, 'a');")
            out.writestr("shop/two.csv", '2,"b,c"\n')
        assert reasons(await database.bring("shop.zip", archive.getvalue())) == {}
        assert await database.sql("SELECT id, t FROM p ORDER BY id") == [[1, "a"], [2, "b,c"]]


async def test_script_in_an_encoding_that_it_does_not_name_is_read_as_windows(
    postgres: DatabaseFixture, supervisor: Supervisor
) -> None:
    script = "CREATE TABLE w (t varchar(20));\nINSERT INTO w VALUES ('é€');".encode("cp1252")
    mysql = DatabaseFixture(postgres.app, postgres.person, await postgres.person.database("mysql"))
    for database in (postgres, mysql):
        done = await database.bring("dump.sql", script)
        assert done["result"]["notes"] == [
            "The script is not UTF-8 and names no encoding: it was read as Windows-1252."
        ], done["job"]["error"]
        assert await database.sql("SELECT t FROM w") == [["é€"]]


async def test_damaged_files_are_refused(postgres: DatabaseFixture, cluster: Cluster) -> None:
    script = gzip.compress(os.urandom(400_000).hex().encode())
    assert "truncated" in (await postgres.bring("dump.sql.gz", script[:-100_000]))["job"]["error"]
    archive = programs(postgres, cluster.clone(CONTENT), "--format=custom")
    refused = await postgres.upload("shop.dump", archive[:2000], 422)
    assert "pg_restore cannot read the archive" in refused["detail"]
    assert "pg_restore cannot read the archive" in (await postgres.bring("shop.dump", archive[:-20]))["job"]["error"]


async def test_archive_of_another_engine_is_refused(app: AppFixture, supervisor: Supervisor) -> None:
    other = await managed(app, "sqlite")
    answer = await other.upload("shop.dump", b"PGDMP\1\16\0\4\10\1" + b"x" * 100, 422)
    assert "custom-format archive of pg_dump" in answer["detail"]
    assert "PostgreSQL" in answer["hint"]


async def test_copy_of_many_blocks_loads(postgres: DatabaseFixture) -> None:
    rows = b"".join(b"%d\t%s\n" % (number, b"x" * 1000) for number in range(20_000))
    script = b"CREATE TABLE big (a int, b text);\nCOPY big FROM stdin;\n" + rows + b"\\.\n"
    done = await postgres.bring("big.sql.gz", gzip.compress(script))
    assert done["result"]["rows"] == 20_000
    assert await postgres.sql("SELECT count(*), sum(a)::int FROM big") == [[20_000, 199_990_000]]


async def test_export_as_sql_loads_again_equal(postgres: DatabaseFixture, cluster: Cluster) -> None:
    """Law: database → export as SQL → import → the same schema, rows and counters, by pg_dump."""
    source, target = cluster.clone(CONTENT), cluster.clone()
    left = DatabaseFixture(postgres.app, postgres.person, await postgres.person.connected(source))
    right = DatabaseFixture(postgres.app, postgres.person, await postgres.person.connected(target))
    archive = await left.take(format="sql")
    (script,) = archive.namelist()
    reasons(await right.bring("export.sql", archive.read(script)))
    assert fingerprint(postgres, target) == fingerprint(postgres, source)


async def test_export_of_some_tables_has_what_they_need(postgres: DatabaseFixture, cluster: Cluster) -> None:
    left = DatabaseFixture(postgres.app, postgres.person, await postgres.person.connected(cluster.clone(CONTENT)))
    archive = await left.take(format="sql", tables=["zoo"])
    reasons(await postgres.bring("some.zip", packed(archive)))
    assert await postgres.sql("SELECT name, (p).b FROM zoo ORDER BY id") == [["É; \\.", "x"], ["a\nb\tc", None]]
    assert await postgres.sql("INSERT INTO zoo (name) VALUES ('NEW') RETURNING id, name") == [[3, "new"]]
    assert await postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'animal'") == [[0]]


PARTITIONED = """
CREATE TABLE ev (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE "Ev 2" PARTITION OF ev FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (n);
CREATE TABLE ev_2_1 PARTITION OF "Ev 2" FOR VALUES IN (1);
CREATE TABLE other (day date) PARTITION BY RANGE (day);
INSERT INTO ev VALUES ('2026-01-05', 1), ('2026-02-05', 1);
"""


async def test_export_of_a_partitioned_table_has_its_partitions(postgres: DatabaseFixture, cluster: Cluster) -> None:
    url = cluster.clone(PARTITIONED)
    left = DatabaseFixture(postgres.app, postgres.person, await postgres.person.connected(url))
    reasons(await postgres.bring("some.zip", packed(await left.take(format="sql", tables=["ev"]))))
    assert await postgres.sql("SELECT day::text, tableoid::regclass::text FROM ev ORDER BY 1") == [
        ["2026-01-05", "ev_1"],
        ["2026-02-05", "ev_2_1"],
    ]
    assert await postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'other'") == [[0]]


RAW = bytes(range(1, 256)).replace(b"\\", b"\\\\").replace(b"'", b"\\'")


async def test_mysqldump_script_loads_and_lists_what_it_left_out(app: AppFixture, supervisor: Supervisor) -> None:
    database = await managed(app, "mysql")
    done = await database.bring("dump.sql", (DUMPS / "mysql.sql").read_bytes().replace(b"@RAW@", RAW))
    assert reasons(done) == {
        "Unknown system variable 'GTID_PURGED'.": [12],
        "The content of other_shop is imported into this database.": [14, 15, 17],
        "Users belong to the whole server; an import does not change them.": [44],
        "Access denied for user 'owner'@'localhost' (using password: YES).": [45],
        "Access denied; you need (at least one of) the RELOAD privilege(s) for this operation.": [46],
    }
    assert reasons(done, "changed") == {
        "Collations that this server does not know were replaced: utf8mb4_0900_ai_ci by utf8mb4_uca1400_ai_ci.": [19],
        "The name of the database other_shop was removed.": [34],
        "DEFINER=`root`@`localhost` was replaced by the current user.": [37],
        "DEFINER=`root`@`%` was replaced by the current user.": [41],
    }
    rows = await database.sql("SELECT id, note, hex(raw) FROM orders ORDER BY id")
    assert rows == [[0, "é", None], [1, "other_shop.x `other_shop`.`y`; -- no", bytes(range(1, 256)).hex().upper()]]
    assert await database.sql("SELECT count(*) FROM v") == [[2]]
    assert await database.sql("INSERT INTO orders (note) VALUES ('n'); SELECT note FROM orders WHERE id > 1") == [
        ["n; t"]
    ]


async def test_dump_of_several_databases_is_refused(app: AppFixture, supervisor: Supervisor) -> None:
    database = await managed(app, "mysql")
    for script, part in {
        "CREATE DATABASE a; USE a; CREATE TABLE t (a int); USE b;": "Statement 4, line 1: The script contains several",
        "source other.sql\n": "source is a command of the program mysql",
    }.items():
        done = await database.bring("dump.sql", script)
        assert part in done["job"]["error"]
    assert (await database.person.get(f"/databases/{database.id}/schema", fresh=True))["relations"] == []


async def test_sqlite_dump_loads_and_lists_what_it_left_out(app: AppFixture, supervisor: Supervisor) -> None:
    database = await managed(app, "sqlite")
    done = await database.bring("dump.sql", (DUMPS / "sqlite.sql").read_bytes().replace(b"@RAW@", b"caf\xe9"))
    assert reasons(done) == {
        "Applied before the script began: it has no effect in a transaction.": [1],
        "Virtual tables are created by their own statements.": [9, 22],
        "A setting of the file that an import does not change.": [17],
    }
    assert reasons(done, "changed") == {"Run as CREATE VIRTUAL TABLE ft USING fts5(x, tokenize='porter').": [10]}
    assert done["result"]["notes"] == ["1 rows of child refer to rows of parent that do not exist."]
    texts = await database.sql("SELECT t FROM child ORDER BY id")
    assert texts == [["two\nlines\r"], ["a\nb\\c"], ["[not UTF-8] caf\\xe9; it's"]]
    assert await database.sql("SELECT rowid, x FROM ft") == [[5, "running"]]
    assert await database.sql("INSERT INTO child (p) VALUES (1) RETURNING id") == [[51]]


async def test_sqlite_commands_and_incomplete_dumps_are_refused(app: AppFixture, supervisor: Supervisor) -> None:
    database = await managed(app, "sqlite")
    for script, part in {
        "CREATE TABLE t (a);\n.read other.sql\n": "Statement 2, line 2: .read is a command of the program sqlite3",
        "BEGIN;\nCREATE TABLE t (a);\nROLLBACK; -- due to errors\n": "Statement 3, line 3: ROLLBACK would undo",
    }.items():
        done = await database.bring("dump.sql", script)
        assert part in done["job"]["error"]
    assert (await database.person.get(f"/databases/{database.id}/schema", fresh=True))["relations"] == []


async def test_tables_of_one_name_are_imported_into_by_their_schema(postgres: DatabaseFixture) -> None:
    await postgres.sql(
        'CREATE SCHEMA a; CREATE SCHEMA "B.c"; CREATE TABLE a.t (n int); CREATE TABLE "B.c".t (n int);'
        'CREATE TABLE public."x.y" (n int)'
    )
    for number, body in enumerate(({"table": "a.t"}, {"table": "B.c.t"}, {"table": "x.y"})):
        assert (await postgres.bring("n.csv", f"n\n{number}\n", **body))["result"]["rows"] == 1
    assert (await postgres.bring("n.csv", "n\n3\n", table="a.fresh", create=True))["result"]["rows"] == 1
    query = 'SELECT (SELECT n FROM a.t), (SELECT n FROM "B.c".t), (SELECT n FROM "x.y"), (SELECT n::int FROM a.fresh)'
    assert await postgres.sql(query) == [[0, 1, 2, 3]]
    preview = await postgres.upload("n.csv", "n\n1\n")
    refused = await postgres.person.send(
        "POST", f"/imports/{preview['transfer']['id']}/start", 422, json={"table": "t"}
    )
    assert "several tables named t: B.c.t and a.t" in refused["detail"]
