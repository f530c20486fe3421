"""Splitting identifiers into words, as a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.catalog import names

WORDS = {
    "user_id": "user id",
    "userId": "user id",
    "UserID": "user id",
    "userIDs": "user ids",
    "URLPath": "url path",
    "OAuth2Token": "o auth2 token",
    "HTTPServer2Go": "http server2 go",
    "isbn13": "isbn13",
    "__private": "private",
    "straße_id": "straße id",
    "ÄpfelId": "äpfel id",
    "2fa_code": "2 fa code",
    "": "",
}


@pytest.mark.parametrize(("name", "expected"), WORDS.items())
def test_pluralize(name, expected):
    assert " ".join(names.words(name)) == expected


def test_same_name_ignores_spelling():
    assert names.same_name("userId", "user_id")
    assert names.same_name("URLPath", "url_path")
    assert not names.same_name("user_id", "users_id")
    assert not names.same_name("id", "user_id")


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=4))
def test_split_names_round_trip(parts):
    for spell in (names.snake, names.camel, names.pascal):
        assert names.words(spell("_".join(parts))) == tuple(parts)
