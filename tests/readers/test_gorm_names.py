"""GORM's names for columns and tables: initialisms, digits, plurals of jinzhu/inflection."""

from __future__ import annotations

import pytest

from headwater.readers.gorm.names import plural, snake

COLUMNS = {
    "UserID": "user_id",
    "SKU_ID": "sku_id",
    "HTTPServerForURLID": "http_server_for_url_id",
    "SHA256Hash": "sha256_hash",
    "PFAndESI": "pf_and_esi",
    "FooCID": "foo_c_id",
    "OAuthToken": "o_auth_token",
    "x": "x",
}
TABLES = {
    "query": "queries",
    "node_child": "node_children",
    "old_news": "old_news",
    "time": "time",
    "person": "people",
    "status": "statuses",
    "campus": "campuses",
    "medium": "media",
}


@pytest.mark.parametrize(("field", "column"), COLUMNS.items())
def test_columns_are_in_snake_case_with_initialisms(field: str, column: str) -> None:
    assert snake(field) == column


@pytest.mark.parametrize(("word", "many"), TABLES.items())
def test_tables_are_plurals(word: str, many: str) -> None:
    assert plural(word) == many
