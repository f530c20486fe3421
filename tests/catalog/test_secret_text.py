"""Secrets in statements are masked; what identifies the statement stays."""

from __future__ import annotations

import pytest

from headwater.catalog.secret_text import mask_statements

M = "•••"
STATEMENTS = [
    ("ALTER ROLE shop PASSWORD 'S3cret'", f"ALTER ROLE shop PASSWORD '{M}'"),
    (
        "alter user shop with encrypted password 'it''s S3cret' valid until '2027-01-01'",
        f"alter user shop with encrypted password '{M}' valid until '2027-01-01'",
    ),
    (r"ALTER ROLE shop PASSWORD E'a\'S3cret'; SELECT 'x'", f"ALTER ROLE shop PASSWORD E'{M}'; SELECT 'x'"),
    ("ALTER ROLE shop PASSWORD $$S3cret$$; SELECT 1", f"ALTER ROLE shop PASSWORD '{M}'; SELECT 1"),
    ("ALTER ROLE shop PASSWORD U&'S3cret'", f"ALTER ROLE shop PASSWORD U&'{M}'"),
    ("ALTER ROLE shop PASSWORD NULL", "ALTER ROLE shop PASSWORD NULL"),
    ("ALTER ROLE shop PASSWORD S3cret", f"ALTER ROLE shop PASSWORD {M}"),
    ('ALTER ROLE shop PASSWORD "S3cret"', f'ALTER ROLE shop PASSWORD "{M}"'),
    ("ALTER ROLE shop PASSWORD 'S3cret", f"ALTER ROLE shop PASSWORD '{M}'"),
    ("ALTER ROLE shop /* new */ PASSWORD -- here\n 'S3cret'", f"ALTER ROLE shop /* new */ PASSWORD -- here\n '{M}'"),
    ("CREATE USER 'bob'@'%' IDENTIFIED BY 'S3cret'", f"CREATE USER 'bob'@'%' IDENTIFIED BY '{M}'"),
    (
        "CREATE USER 'a'@'h' IDENTIFIED BY 'S3cret', 'b'@'h' IDENTIFIED WITH x AS 'S3cret' PASSWORD EXPIRE NEVER",
        f"CREATE USER 'a'@'h' IDENTIFIED BY '{M}', 'b'@'h' IDENTIFIED WITH x AS '{M}' PASSWORD EXPIRE NEVER",
    ),
    (
        "CREATE USER b IDENTIFIED VIA ed25519 USING PASSWORD('S3cret')",
        f"CREATE USER b IDENTIFIED VIA ed25519 USING PASSWORD('{M}')",
    ),
    (
        "GRANT ALL ON *.* TO 'b'@'%' IDENTIFIED BY PASSWORD '*S3cret'",
        f"GRANT ALL ON *.* TO 'b'@'%' IDENTIFIED BY PASSWORD '{M}'",
    ),
    ("SET PASSWORD FOR 'b'@'%' = PASSWORD('S3cret')", f"SET PASSWORD FOR 'b'@'%' = PASSWORD('{M}')"),
    ("SET PASSWORD = 'S3cret'", f"SET PASSWORD = '{M}'"),
    (
        "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='S3cret'",
        f"CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='{M}'",
    ),
    (
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=S3cret' PUBLICATION p",
        f"CREATE SUBSCRIPTION s CONNECTION '{M}' PUBLICATION p",
    ),
    (
        "CREATE USER MAPPING FOR me SERVER s OPTIONS (user 'u', password 'S3cret')",
        f"CREATE USER MAPPING FOR me SERVER s OPTIONS (user 'u', password '{M}')",
    ),
    (
        "ALTER USER MAPPING FOR me SERVER s OPTIONS (SET password 'S3cret')",
        f"ALTER USER MAPPING FOR me SERVER s OPTIONS (SET password '{M}')",
    ),
    (
        "SELECT * FROM dblink('host=h user=u password=S3cret', 'SELECT 1') AS t(a int)",
        f"SELECT * FROM dblink('{M}', 'SELECT 1') AS t(a int)",
    ),
    ("SELECT dblink_connect('postgresql://u:S3cret@h/d')", f"SELECT dblink_connect('{M}')"),
    ("ALTER SYSTEM SET primary_conninfo = 'host=h password=S3cret'", f"ALTER SYSTEM SET primary_conninfo = '{M}'"),
    ("UPDATE users SET password = 'S3cret' WHERE id = 7", f"UPDATE users SET password = '{M}' WHERE id = 7"),
    (
        "UPDATE users SET password = crypt('S3cret', gen_salt('bf'))",
        f"UPDATE users SET password = crypt('{M}', gen_salt('{M}'))",
    ),
    (
        "SELECT pgp_sym_encrypt(note, 'S3cret') FROM t WHERE a = 'b'",
        f"SELECT pgp_sym_encrypt(note, '{M}') FROM t WHERE a = 'b'",
    ),
    ("DO $$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ''S3cret'''; END $$", f"DO $$ BEGIN EXECUTE '{M}'; END $$"),
    ("DO $f$ BEGIN ALTER ROLE x PASSWORD 'S3cret'; END $f$", f"DO $f$ BEGIN ALTER ROLE x PASSWORD '{M}'; END $f$"),
    ("-- ALTER ROLE x PASSWORD 'S3cret'\nSELECT 1", f"-- ALTER ROLE x PASSWORD '{M}'\nSELECT 1"),
    ("/* don't */ ALTER ROLE x PASSWORD 'S3cret'", f"/* don't */ ALTER ROLE x PASSWORD '{M}'"),
    (
        "EXPLAIN ANALYZE SELECT 1; CREATE ROLE x LOGIN PASSWORD 'S3cret'",
        f"EXPLAIN ANALYZE SELECT 1; CREATE ROLE x LOGIN PASSWORD '{M}'",
    ),
    (
        "CREATE SECRET s (TYPE s3, KEY_ID 'S3cret', SECRET 'S3cret')",
        f"CREATE SECRET s (TYPE s3, KEY_ID '{M}', SECRET '{M}')",
    ),
    ("PRAGMA key = 'S3cret'", f"PRAGMA key = '{M}'"),
    ("ATTACH 'a.db' AS a KEY 'S3cret'; SELECT 'x'", f"ATTACH 'a.db' AS a KEY '{M}'; SELECT 'x'"),
    ("attach database 'a.db' as a hexkey x'53'", f"attach database 'a.db' as a hexkey x'{M}'"),
    ("ATTACH 'a' AS a (ENCRYPTION_KEY 'S3cret')", f"ATTACH 'a' AS a (ENCRYPTION_KEY '{M}')"),
    ("ALTER ROLE x PASSWORD 'S3' || 'cret'", f"ALTER ROLE x PASSWORD '{M}' || '{M}'"),
    (
        'db.createUser({user: "u", pwd: "S3cret", roles: ["read"]})',
        f'db.createUser({{user: "u", pwd: "{M}", roles: ["read"]}})',
    ),
    (
        """{"createUser": "u", "pwd": "S3\\"cret", "roles": []}""",
        f"""{{"createUser": "u", "pwd": "{M}", "roles": []}}""",
    ),
    ('db.auth("u", "S3cret")', f'db.auth("{M}", "{M}")'),
    ('db.changeUserPassword("u", "S3cret")', f'db.changeUserPassword("{M}", "{M}")'),
    ('db.runCommand({updateUser: "u", pwd: 4711471})', f'db.runCommand({{updateUser: "u", pwd: {M}}})'),
]
UNCHANGED = [
    "SELECT 'a' FROM users WHERE name = 'it''s' -- no password here",
    "CREATE TABLE user_password (id int, password text, note text DEFAULT 'x')",
    "SELECT password, 'x' FROM users",
    'SELECT "password" AS "secret" FROM users ORDER BY token',
    "INSERT INTO password_policies (name) VALUES ('strict')",
    "CREATE ROLE reader; GRANT SELECT ON t TO reader; COMMENT ON ROLE reader IS 'x'",
    "CREATE USER MAPPING FOR me SERVER s OPTIONS (user 'u')",
    "SELECT password = $1 FROM users WHERE password_changed_at > '2026-01-01'",
    "SELECT",
    "",
]


@pytest.mark.parametrize(("text", "masked"), STATEMENTS, ids=lambda value: value[:40])
def test_secrets_in_statements_are_masked(text: str, masked: str) -> None:
    backslashes = "\\" in text and "E'" not in text
    assert mask_statements(text, backslashes=backslashes).text == masked
    assert mask_statements(masked, backslashes=backslashes).text == masked, "what is masked stays as it is"


@pytest.mark.parametrize(
    ("text", "backslashes"),
    [
        (r"SELECT 'a\'; ALTER ROLE x PASSWORD 'S3cret'", False),
        (r"SELECT 'a\'; '; ALTER USER x IDENTIFIED BY 'S3cret'", True),
        ("# don't\nALTER USER x IDENTIFIED BY 'S3cret'", True),
        ("// don't\ndb.createUser({pwd: 'S3cret'})", True),
        ("ALTER ROLE x PASSWORD 'S3cret\\", True),
    ],
)
def test_quotes_are_read_as_the_server_reads_them(text: str, backslashes: bool) -> None:
    assert "S3cret" not in mask_statements(text, backslashes=backslashes).text


@pytest.mark.parametrize("text", UNCHANGED)
def test_statements_without_secrets_stay_as_they_are(text: str) -> None:
    assert mask_statements(text).text == text


def test_messages_of_the_database_do_not_repeat_a_masked_secret() -> None:
    masked = mask_statements("ALTER ROLE x PASSWORD 'S3cret'oops")
    assert masked.hide('syntax error at or near "S3cret" in PASSWORD') == f'syntax error at or near "{M}" in PASSWORD'
    assert mask_statements("ALTER ROLE x PASSWORD 'a'").hide("a role") == "a role", "too short to be told from words"


@pytest.mark.parametrize(
    "text", ["'" * 50_001, "PASSWORD " * 20_000, "$a$" * 30_000, "/*" * 50_000, "{pwd: '" * 15_000]
)
def test_odd_text_takes_time_in_proportion(text: str) -> None:
    assert mask_statements(text).text
