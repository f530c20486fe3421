"""What each form of source string names."""

from __future__ import annotations

import pytest

from headwater.catalog.model import Schema
from headwater.core import sources
from headwater.kit.errors import BadInput, NotFound

FORMS = {
    "postgresql://u:p@h/db": ("url", "postgresql"),
    "mysql+pymysql://h/db": ("url", "mysql"),
    "sqlite:///a.db": ("url", "sqlite"),
    "./app": ("path", ""),
    "migrations/": ("path", ""),
    "schema.sql": ("path", ""),
    "schema.prisma": ("path", ""),
    "shop": ("database", ""),
    "shop@dev": ("branch", ""),
    "shop#latest": ("snapshot", ""),
    "shop#2026-11-21T10:00": ("snapshot", ""),
}


@pytest.mark.parametrize(("text", "kind", "scheme"), [(t, k, s) for t, (k, s) in FORMS.items()])
def test_forms(text, kind, scheme, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = sources.parse(text)
    assert (source.kind, source.scheme) == (kind, scheme)


def test_a_branch_and_a_snapshot_keep_their_parts():
    assert (sources.parse("shop@dev").name, sources.parse("shop@dev").branch) == ("shop", "dev")
    assert sources.parse("shop@dev#latest").snapshot == "latest"


def test_a_folder_goes_before_a_database_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    assert sources.parse("shop").kind == "path"
    assert sources.read("shop", lambda path: Schema(source=path.name)).source == "shop"


@pytest.mark.parametrize("text", ["", "a b", "?!"])
def test_what_is_none_of_them_is_refused(text):
    with pytest.raises(BadInput):
        sources.parse(text)


def test_what_cannot_be_opened_yet_is_said():
    with pytest.raises(NotFound, match="postgresql"):
        sources.read("postgresql://h/db", lambda path: Schema())
