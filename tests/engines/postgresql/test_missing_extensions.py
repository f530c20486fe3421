"""Scripts that create an extension which the server lacks can do without it if they use nothing of it."""

from __future__ import annotations

import pytest

from headwater.engines.postgresql.missing_extensions import dispensable, used_by
from headwater.engines.postgresql.script_rules import extension, subject_extension

USES = {
    "CREATE TABLE t (id uuid DEFAULT gen_random_uuid())": set(),
    "CREATE TABLE t (id uuid DEFAULT pg_catalog.gen_random_uuid())": set(),
    "CREATE TABLE t (id uuid DEFAULT public.gen_random_uuid())": {"pgcrypto"},
    'CREATE TABLE t (id uuid DEFAULT "public" . "gen_random_uuid" ())': {"pgcrypto"},
    "SELECT digest, crypt FROM hashes": set(),
    "SELECT public.digest(body, 'sha1') FROM hashes": {"pgcrypto"},
    "SELECT PGP_SYM_ENCRYPT ('a', 'b')": {"pgcrypto"},
    "SELECT crypt('a', gen_salt('bf'))": {"pgcrypto"},
    "SELECT my_digest(1), undecrypt(2), sha256('x')": set(),
    "CREATE TABLE t (id uuid DEFAULT uuid_generate_v4())": {"uuid-ossp"},
    "SELECT extensions.uuid_ns_dns()": {"uuid-ossp"},
    "SELECT uuid_send(x) FROM t": set(),
}


@pytest.mark.parametrize("text", USES)
def test_functions_of_extensions_are_recognized(text: str) -> None:
    assert used_by(text) == USES[text]


def test_only_extensions_with_known_functions_are_dispensable() -> None:
    assert dispensable(["pgcrypto", "uuid-ossp", "postgis"], {"uuid-ossp"}) == {"pgcrypto"}


@pytest.mark.parametrize(
    ("text", "created", "subject"),
    [
        ('CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public', "uuid-ossp", "uuid-ossp"),
        ("create extension PgCrypto", "pgcrypto", "pgcrypto"),
        ("COMMENT ON EXTENSION pgcrypto IS 'x'", "", "pgcrypto"),
        ("DROP EXTENSION IF EXISTS pgcrypto", "", "pgcrypto"),
        ("ALTER EXTENSION pgcrypto SET SCHEMA a", "", "pgcrypto"),
        ("CREATE TABLE extension (a int)", "", ""),
    ],
)
def test_statements_name_their_extension(text: str, created: str, subject: str) -> None:
    assert (extension(text), subject_extension(text)) == (created, subject)
