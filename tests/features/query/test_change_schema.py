"""The described shape of schema changes is what `parse_changes` accepts."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from headwater.catalog.model import Column
from headwater.features.query.change_schema import change_schema
from headwater.features.query.service.structure import KINDS, parse_changes, plan_changes
from headwater.kit.errors import Invalid

SHAPES: dict[str, dict[str, Any]] = {shape["properties"]["kind"]["const"]: shape for shape in change_schema()["oneOf"]}


def smallest(shape: dict[str, Any]) -> Any:
    """Return the smallest value that has a shape: only what is required."""
    if "const" in shape:
        return shape["const"]
    if shape["type"] == "object":
        return {name: smallest(shape["properties"][name]) for name in shape.get("required", [])}
    return {"string": "x", "boolean": True, "integer": 1, "array": []}[shape["type"]]


def test_every_kind_is_described_without_references() -> None:
    assert SHAPES.keys() == KINDS.keys()
    assert "$ref" not in json.dumps(change_schema())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_smallest_described_change_is_accepted_and_described_again(kind: str) -> None:
    [change] = parse_changes([smallest(SHAPES[kind])])
    assert type(change) is KINDS[kind]
    assert plan_changes(change).keys() <= SHAPES[kind]["properties"].keys()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_change_with_an_undescribed_field_is_refused(kind: str) -> None:
    with pytest.raises(Invalid, match="has no wrong"):
        parse_changes([smallest(SHAPES[kind]) | {"wrong": 1}])


def test_described_column_has_the_fields_of_a_column() -> None:
    described = SHAPES["AddColumn"]["properties"]["column"]["properties"]
    assert described.keys() == set(msgspec.to_builtins(Column("id")))
