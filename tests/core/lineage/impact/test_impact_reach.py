"""The endpoints that reach a broken line are named, and raise its risk."""

from __future__ import annotations

import json

import pytest

from headwater.catalog.changes import DropColumn
from headwater.catalog.model import Column, Relation, Schema
from headwater.catalog.usages import Usage
from headwater.core.lineage.endpoints.model import ChainStep, HttpEndpoint, ReachedCode, ReachIndex
from headwater.core.lineage.impact import formats
from headwater.core.lineage.impact.code import ScannedCode
from headwater.core.lineage.impact.report import impact_of
from headwater.core.lineage.impact.requests import Requested

SCHEMA = Schema((Relation("users", (Column("id"), Column("email"))),))


def usage(symbol: str, line: int, path: str = "app.py") -> Usage:
    snippet = "user.email = x"
    return Usage("users", "email", path, line, line, 0, 5, symbol, snippet, "python", "update", None, "orm", "A")


def endpoint(name: str, *reached: ReachedCode) -> HttpEndpoint:
    method, _, path = name.partition(" ")
    return HttpEndpoint(method, path, "Flask", "show", "routes.py", 1, reached)


def reached(symbol: str, *between: str) -> ReachedCode:
    steps = tuple(ChainStep(name, "app.py") for name in ("show", *between, symbol))
    return ReachedCode("app.py", symbol, steps)


def report(usages, endpoints):
    reach = ReachIndex(endpoints) if endpoints is not None else None
    code = ScannedCode(SCHEMA, (), usages, {}, (), reach)
    return impact_of(Requested((DropColumn("users", column="email"),)), code)


@pytest.mark.parametrize(("count", "risk"), [(None, 100), (0, 90), (1, 94), (2, 96), (3, 98), (4, 100), (9, 100)])
def test_risk_grows_with_the_number_of_endpoints(count, risk):
    endpoints = None if count is None else [endpoint(f"GET /{n}", reached("rename")) for n in range(count)]
    item = report([usage("rename", 3)], endpoints).breaks[0]
    assert item.risk == risk
    assert item.endpoint_count == (count or 0) and len(item.endpoints) == min(count or 0, 3)


def test_a_test_that_endpoints_reach_is_still_a_test():
    code = ReachedCode("tests/test_app.py", "rename", (ChainStep("rename", "tests/test_app.py"),))
    item = report([usage("rename", 3, "tests/test_app.py")], [endpoint("GET /", code)]).breaks[0]
    assert (item.is_test, item.risk, item.endpoint_count) == (True, 80, 1)


def test_lines_of_a_function_without_a_name_are_reached_by_position():
    inline = ReachedCode("app.py", "", (ChainStep("", "app.py"),), 2, 4)
    breaks = report([usage("", 3), usage("", 5)], [endpoint("GET /inline", inline)]).breaks
    assert [(item.line_number, item.endpoints) for item in breaks] == [(3, ("GET /inline",)), (5, ())]


def test_the_nearest_endpoints_are_named_and_the_others_counted():
    endpoints = [
        endpoint("GET /far", reached("rename", "a", "b")),
        *(endpoint(f"GET /near/{n}", reached("rename")) for n in range(3)),
    ]
    result = report([usage("rename", 3)], endpoints)
    assert result.breaks[0].endpoints == ("GET /near/0", "GET /near/1", "GET /near/2")
    words = "Reached by GET /near/0, GET /near/1, GET /near/2 and 1 more."
    assert words in formats.to_markdown(result).decode()
    sarif = json.loads(formats.to_sarif(result))["runs"][0]["results"][0]
    assert sarif["message"]["text"].endswith(words)
    assert (sarif["properties"]["endpointCount"], len(sarif["properties"]["endpoints"])) == (4, 3)
    assert json.loads(formats.to_json(result))["breaks"][0]["endpoint_count"] == 4
