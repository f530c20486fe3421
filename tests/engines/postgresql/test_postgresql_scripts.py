"""What an import does with each kind of statement of a dump, as tables."""

from __future__ import annotations

import pytest

from headwater.engines.postgresql import script_rules as rules

MISSING = {
    "ALTER TABLE public.a OWNER TO gone": ["gone"],
    'ALTER FUNCTION f(text) OWNER TO "Go""ne"': ['Go"ne'],
    "ALTER TABLE a OWNER TO here": [],
    "ALTER TABLE a OWNER TO CURRENT_USER": [],
    "GRANT SELECT, INSERT ON TABLE a TO here, gone WITH GRANT OPTION": ["gone"],
    "GRANT ALL ON SCHEMA public TO PUBLIC": [],
    'REVOKE ALL ON TABLE "to" FROM gone GRANTED BY other': ["gone", "other"],
    "GRANT gone TO here": [],
    "ALTER DEFAULT PRIVILEGES FOR ROLE gone IN SCHEMA s GRANT SELECT ON TABLES TO here": ["gone"],
    "REASSIGN OWNED BY a TO gone": ["gone"],
    "CREATE TABLE a (owner text)": [],
}


@pytest.mark.parametrize("text", MISSING)
def test_missing_roles_are_read_from_owners_and_grants(text: str) -> None:
    assert rules.missing_roles(text, {"here"}) == MISSING[text]


INSIDE = {
    "SELECT 1 \\gexec": "gexec",
    "SELECT 1\n\\gx": "gx",
    "SELECT '\\gexec'": "",
    "SELECT $a$\n\\gexec\n$a$": "",
    "SELECT E'\\'\\gexec'": "",
    "-- \\gexec\nSELECT 1": "",
    "SELECT '\\g' \\gset prefix_": "gset",
    "SELECT '\\groups'": "",
}


@pytest.mark.parametrize("text", INSIDE)
def test_commands_inside_statements_are_recognised(text: str) -> None:
    assert rules.command_inside(text) == INSIDE[text]


CONNECTED = {
    "\\connect shop": "shop",
    '\\c "Shop 1"': "Shop 1",
    "\\connect -reuse-previous=on \"dbname='shop'\"": "shop",
    "\\connect": "",
    "\\copyright": "",
}


@pytest.mark.parametrize("text", CONNECTED)
def test_connected_database_is_read(text: str) -> None:
    assert rules.connected_database(text) == CONNECTED[text]


SERVER_WIDE = {
    "SET ROLE a": True,
    "set session authorization 'a'": True,
    "RESET ROLE": True,
    "CREATE DATABASE a": True,
    "create user a": True,
    "CREATE USER MAPPING FOR a SERVER s": False,
    "CREATE TABLE role (a int)": False,
    "SET rolex = 1": False,
}


@pytest.mark.parametrize("text", SERVER_WIDE)
def test_statements_about_the_server_are_left_out(text: str) -> None:
    assert bool(rules.server_wide(text)) is SERVER_WIDE[text]


@pytest.mark.parametrize(
    ("command", "ignored"),
    [("dt+", True), ("l", True), ("pset", True), ("restrict", True), ("i", False), ("lo_import", False), ("q", False)],
)
def test_commands_that_change_nothing_are_left_out(command: str, ignored: bool) -> None:
    assert rules.is_ignored(command) is ignored
