"""Splitting of statements and masking of placeholders, as tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.catalog import sqltext, statements

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
