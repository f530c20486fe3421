"""What the cache holds is data: bytes that name anything else are refused."""

from __future__ import annotations

import pickle
import subprocess

import pytest

from headwater.catalog.model import Column, Relation, Schema
from headwater.core.lineage import pickles
from headwater.core.lineage.orm.values import InstanceValue
from headwater.readers import Field, Model, Reading


class Command:
    def __reduce__(self) -> tuple[object, ...]:
        return subprocess.check_output, (["touch", "run"],)


def test_values_come_back_as_they_were() -> None:
    model = Model("a.py:User", "User", "sqlalchemy", "a.py", 1, "users", fields=(Field("id", "id"),))
    reading = Reading(Schema((Relation("users", (Column("id"),)),)), (model,))
    value = (reading, InstanceValue("a.py:User", "It is one.", True), frozenset({"python"}))
    assert pickles.loads(pickles.dumps(value)) == value


@pytest.mark.parametrize("value", [Command(), eval, pickles.loads, pickle.loads])
def test_bytes_that_name_code_are_refused(value: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is not stored in the cache"):
        pickles.loads(pickles.dumps(value))
