"""Splitting of statements and masking of placeholders, as tables."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.catalog import sqltext, statements
from headwater.engines import all_engines

SPLITS = {
    "select 1; select ';' ; -- x;\nselect 2;": ["select 1", "select ';'", "select 2"],
    "/* a; b */ select 1": ["select 1"],
    "create function f() as $$ begin select 1; end; $$ language plpgsql; select 3": [
        "create function f() as $$ begin select 1; end; $$ language plpgsql",
        "select 3",
    ],
    "create function f() as $x$ select ';$$;'; $x$; select 3": [
        "create function f() as $x$ select ';$$;'; $x$",
        "select 3",
    ],
    "create trigger t after insert on a begin update b set c = case when 1 then 2 end; delete from d; end; select 4;": [
        "create trigger t after insert on a begin update b set c = case when 1 then 2 end; delete from d; end",
        "select 4",
    ],
    "delimiter //\ncreate procedure p() begin select 1; end//\ndelimiter ;\nselect 5;": [
        "create procedure p() begin select 1; end",
        "select 5",
    ],
    "select 1\nGO\nselect 2\ngo\n": ["select 1", "select 2"],
    "COPY a (b) FROM stdin;\n1;2\n\\.\nselect 9;": ["COPY a (b) FROM stdin", "select 9"],
    "begin; update t set a = 1; commit;": ["begin", "update t set a = 1", "commit"],
    "insert into `t` values ('it\\'s; fine'); select 1": ["insert into `t` values ('it\\'s; fine')", "select 1"],
    "": [],
    " ;; \n": [],
}


@pytest.mark.parametrize(("text", "expected"), SPLITS.items())
def test_split_statements_matches_servers(text, expected):
    result = list(statements.split(text))
    assert [statement.text for statement in result] == expected
    for statement in result:
        assert text[statement.start : statement.start + len(statement.text)] == statement.text


@given(st.text(alphabet="abc'\";$-\n/*`# ", max_size=60))
def test_split_statements_keep_order(text):
    position = 0
    for statement in statements.split(text):
        assert statement.start >= position
        assert text[statement.start :].startswith(statement.text)
        position = statement.start + len(statement.text)


# What the programs of the servers do; None: the dialect is not known.
GRAMMAR_SPLITS = [
    ("postgresql", "select /* a /* b */ c; */ 1 as x; select 2", ["select /* a /* b */ c; */ 1 as x", "select 2"]),
    ("postgresql", "/* a /* b */ c; */ select 1; /* not; closed", ["select 1", "/* not; closed"]),
    (
        "postgresql",
        "create rule r as on insert to t do also (delete from a where x = ')'; delete from b); select 2",
        ["create rule r as on insert to t do also (delete from a where x = ')'; delete from b)", "select 2"],
    ),
    (
        "postgresql",
        "copy t from '/x'\ndelimiter ',' csv; select 2",
        ["copy t from '/x'\ndelimiter ',' csv", "select 2"],
    ),
    (
        "postgresql",
        "create table event (id int, begin int); select 2",
        ["create table event (id int, begin int)", "select 2"],
    ),
    ("postgresql", "select 1 as\ngo\n; select 2", ["select 1 as\ngo", "select 2"]),
    (
        "postgresql",
        "\\restrict it's\nset x = 1;\n \\d t;\nselect 'a\n\\d'; select 1\n\\g",
        ["\\restrict it's", "set x = 1", "\\d t;", "select 'a\n\\d'", "select 1\n\\g"],
    ),
    (
        "postgresql",
        "create function f() returns int begin atomic select 1; select case when true then 1 end; end; select 2",
        ["create function f() returns int begin atomic select 1; select case when true then 1 end; end", "select 2"],
    ),
    ("mysql", "# it's; a comment\nselect 1; # b; c\nselect 2", ["select 1", "select 2"]),
    ("mysql", "select 5--1; select 2 -- ; x\n", ["select 5--1", "select 2 -- ; x"]),
    ("mysql", 'select "a\\"; b"; select `a``; b`', ['select "a\\"; b"', "select `a``; b`"]),
    ("mysql", "/* a /* b; */ select 1; select 2", ["select 1", "select 2"]),
    (
        "mysql",
        "DELIMITER ;;\ncreate procedure p() begin select 1; end\n;;\nDELIMITER ;\nselect 2;",
        ["create procedure p() begin select 1; end", "select 2"],
    ),
    ("mysql", "delimiter |\nselect 1; select 2|\nselect 3|", ["select 1; select 2", "select 3"]),
    (
        "mysql",
        "create definer=`user`@`%` trigger x before insert on t for each row begin set @a = 1; end; select 2",
        ["create definer=`user`@`%` trigger x before insert on t for each row begin set @a = 1; end", "select 2"],
    ),
    ("sqlite", "/* delete from t; delete from t", ["/* delete from t; delete from t"]),
    (
        "sqlite",
        "/* a /* b; */ select 1 +\n.5;\n.tables\n.mode it's\nselect 2",
        ["select 1 +\n.5", ".tables", ".mode it's", "select 2"],
    ),
    (
        "sqlite",
        "create temp trigger t after insert on a begin delete from b; delete from c; end; select 1",
        ["create temp trigger t after insert on a begin delete from b; delete from c; end", "select 1"],
    ),
    (
        None,
        "create table p (id int);\n\\connect it's; x\n/* a /* b */ ; */\n# it's; a comment\ncreate table q (id int);",
        ["create table p (id int)", "create table q (id int)"],
    ),
    (None, "/* a /* b */ create table x (i int); /* c */ select 2", ["create table x (i int)", "select 2"]),
    (None, "insert into `t` values (1); --it's; no\nselect 1", ["insert into `t` values (1)", "select 1"]),
    ("postgresql", "\ufeffselect 1; select 2", ["select 1", "select 2"]),
    ("mysql", "\ufeffselect 1; select 2", ["select 1", "select 2"]),
    ("sqlite", "\ufeffselect 1; select 2", ["select 1", "select 2"]),
    (None, "\ufeffselect 1; select 2", ["select 1", "select 2"]),
]


@pytest.mark.parametrize(("engine", "text", "expected"), GRAMMAR_SPLITS)
def test_split_statements_as_the_programs_of_servers_do(engine, text, expected):
    grammar = all_engines()[engine].dialect.grammar if engine else None
    result = list(statements.split(text, grammar))
    assert [statement.text for statement in result] == expected
    for statement in result:
        assert text[statement.start : statement.start + len(statement.text)] == statement.text


@pytest.mark.parametrize("unit", ["/* ", "/* /* */ ", "/*;", "'", "(;", "$a$;", "\\d\n", "#;\n"])
@pytest.mark.parametrize("engine", ["postgresql", "mysql", "sqlite", None])
def test_splitting_takes_linear_time(engine, unit):
    grammar = all_engines()[engine].dialect.grammar if engine else None
    began = time.process_time()
    list(statements.split(unit * 60_000, grammar))
    assert time.process_time() - began < 20


MASKS = {
    "a = %s": "a = ''",
    "a = %(name)s": "a = 'xxxxxx'",
    "a = :id": "a = 'x'",
    "a::text": "a::text",
    "a = ?": "a = 0",
    "a = $12": "a = 'x'",
    "a = {{id::uuid}}": "a = 'xxxxxxxxxx'",
    "a = @p": "a = ''",
    "from %s where": "from xx where",
    "'%s :x'": "'%s :x'",
}


@pytest.mark.parametrize(("text", "expected"), MASKS.items())
def test_mask_keeps_length(text, expected):
    masked = sqltext.mask(text)
    assert len(masked) == len(text)
    assert masked == expected
