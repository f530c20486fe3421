"""A pytest plugin that records what an application's tests do with columns mapped by SQLAlchemy.

    pytest -p sqlalchemy_recorder tests/…

Recorded are reads and sets of column attributes on instances, at the very line, and the SQL that ran with the
functions of the application on the stack.
"""

from __future__ import annotations

import sys

import recording
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import InstrumentedAttribute

# A statement that one of these issues was not written by the application: lazy loads, refreshes, flushes.
IMPLICIT = {
    "_load_for_state",
    "load_scalar_attributes",
    "_emit_lazyload",
    "flush",
    "_autoflush",
    "load_on_pk_identity",
    "_get_impl",
}


def columns_of(attribute):
    """Return the (table, column) pairs of a column attribute."""
    try:
        return [(c.table.name, c.name) for c in attribute.property.columns if hasattr(c.table, "name")]
    except AttributeError:
        return []


plain_get = InstrumentedAttribute.__get__


def recording_get(self, instance, owner):
    if instance is not None:
        where = recording.place(sys._getframe(1))
        if where:
            for column in columns_of(self):
                recording.reads[(*where, *column, self.key)] += 1
    return plain_get(self, instance, owner)


InstrumentedAttribute.__get__ = recording_get


def on_set(target, value, oldvalue, initiator):
    frame = sys._getframe(1)
    depth = 0
    while frame is not None and depth < 12:
        where = recording.place(frame)
        if where:
            attribute = getattr(type(target), initiator.key, None)
            for column in columns_of(attribute) if attribute is not None else ():
                recording.sets[(*where, *column, initiator.key)] += 1
            return
        frame, depth = frame.f_back, depth + 1


@event.listens_for(Mapper, "mapper_configured")
def configured(mapper, cls):
    for prop in mapper.column_attrs:
        event.listen(getattr(cls, prop.key), "set", on_set, propagate=False)


def is_implicit(code):
    """Return whether a frame of this code loads or writes rows without being asked to."""
    return code.co_name in IMPLICIT and "sqlalchemy" in code.co_filename


@event.listens_for(Engine, "before_cursor_execute")
def on_execute(conn, cursor, statement, parameters, context, executemany):
    recording.record_statement(statement, sys._getframe(1), is_implicit)


def pytest_configure(config):
    recording.trace()
