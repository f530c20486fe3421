"""Small applications and the columns that each endpoint uses, with the way: each case ends with a file `expected`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headwater.core.lineage.cache import FileCache
from headwater.core.lineage.endpoints.columns import columns_by_endpoint
from headwater.core.lineage.pipeline import scan

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def split(text: str) -> dict[str, str]:
    parts = re.split(r"^--- (\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def write(files: dict[str, str], folder: Path) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def describe(result) -> list[str]:
    lines = []
    for endpoint, uses in zip(result.endpoints, columns_by_endpoint(result.endpoints, result.usages), strict=True):
        lines.append(f"{endpoint.name}  {endpoint.handler or '-'}")
        for use in uses:
            chain = " > ".join(step.symbol or step.file_path for step in use.shortest.chain)
            lines.append(f"  {use.table_name}.{use.column_name} {','.join(use.usage_types)}: {chain}")
    return lines


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_endpoints_reach_columns_as_in_cases(case, tmp_path):
    files = split(case.read_text("utf-8"))
    expected = files.pop("expected").splitlines()
    assert describe(scan(write(files, tmp_path), processes=1)) == expected


def test_a_second_scan_finds_the_same_in_the_cache(tmp_path):
    files = split(CASES[0].read_text("utf-8"))
    files.pop("expected")
    folder = write(files, tmp_path / "app")
    cache = FileCache(tmp_path / "facts.sqlite")
    assert scan(folder, cache=cache).endpoints == scan(folder, cache=cache).endpoints


def test_a_route_that_moves_is_found_where_it_is_now(tmp_path):
    files = split((Path(__file__).parent / "cases" / "express_prisma.txt").read_text("utf-8"))
    expected = files.pop("expected").splitlines()
    cache = FileCache(tmp_path / "facts.sqlite")
    folder = write(files, tmp_path / "app")
    scan(folder, cache=cache)
    routes = folder / "src" / "app.js"
    routes.write_text("// a line more\n" + routes.read_text())
    again = scan(folder, cache=cache)
    assert describe(again) == expected
    assert all(endpoint.line_number > 1 for endpoint in again.endpoints)


def test_a_framework_that_fails_is_reported_and_the_rest_is_scanned(tmp_path, monkeypatch):
    from headwater.frameworks import flask

    def fail(project, files):
        raise ValueError

    monkeypatch.setattr(flask, "routes", fail)
    (tmp_path / "app.py").write_text("from flask import Flask\nsql = 'SELECT id FROM users'\n")
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id int);")
    result = scan(tmp_path)
    assert result.endpoints == () and result.usages
    assert "The routes of Flask could not be read: ValueError" in result.not_understood[0].reason


def test_applications_of_tests_are_not_served(tmp_path):
    files = {
        "main.go": (
            'package main\nimport "github.com/gin-gonic/gin"\n'
            'func Register(r *gin.RouterGroup) { r.GET("/users", List) }\nfunc List(c *gin.Context) {}\n'
            'func main() { r := gin.Default(); Register(r.Group("/api")) }\n'
        ),
        "main_test.go": (
            'package main\nimport "github.com/gin-gonic/gin"\n'
            'func TestList() { r := gin.New(); Register(r.Group("/mock")); r.GET("/only-a-test", List) }\n'
        ),
    }
    assert [endpoint.name for endpoint in scan(write(files, tmp_path)).endpoints] == ["GET /api/users"]
