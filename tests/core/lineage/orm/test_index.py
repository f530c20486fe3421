"""The index can be pickled, and does not change when only a function body changes."""

from __future__ import annotations

import pickle

from tests.core.lineage.orm.indexes import index_over

from headwater.catalog.model import Schema
from headwater.core.lineage import orm
from headwater.kit import plugins
from headwater.testing.readers import CodeBase

MODELS = """
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()

class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""
SERVICE = """
from models import User

def find(session, id):
    return session.query(User).get(id)

def show(session):
    return find(session, 1).id
"""


def index_of(service: str) -> orm.CodeIndex:
    base = CodeBase({"models.py": MODELS, "service.py": service})
    reading = base.read(plugins.load("readers", "sqlalchemy"))
    return index_over(base, {"sqlalchemy": reading}, reading.schema)


def test_claims_are_equal_after_pickling():
    index = index_of(SERVICE)
    module = CodeBase({"service.py": SERVICE}).modules["service.py"]
    claims = orm.examine(module, pickle.loads(pickle.dumps(index))).claims
    assert claims == orm.examine(module, index).claims
    (read,) = [claim for claim in claims if claim.usage_type == "read"]
    assert (read.table, read.column, read.symbol, read.tier) == ("users", "id", "show", "B")
    assert SERVICE.encode()[read.start : read.end] == b"id"
    assert read.evidence[0].text == "find returns it."
    assert (read.evidence[-1].file_path, read.evidence[-1].line_number) == ("models.py", 7)


def test_edit_of_a_body_keeps_the_index():
    edited = SERVICE.replace("    return find(session, 1).id", "    # more\n    x = 1\n    return find(session, 2).id")
    assert pickle.dumps(index_of(edited)) == pickle.dumps(index_of(SERVICE))


def test_mapping_that_contains_itself_has_an_end():
    text = SERVICE + "\n\ndef tree(session):\n    d = {}\n    d['self'] = [d]\n    d.other = d\n    session.add(d)\n"
    text += "    return find(session, 1).id\n"
    claims, missed, _ = orm.examine(CodeBase({"service.py": text}).modules["service.py"], index_of(text))
    assert [claim.symbol for claim in claims if claim.usage_type == "read"] == ["show", "tree"]
    assert missed == []


def test_code_base_without_models_has_no_claims():
    base = CodeBase({"service.py": SERVICE})
    index = index_over(base, {}, Schema())
    assert orm.examine(base.modules["service.py"], index) == ([], [], ())
