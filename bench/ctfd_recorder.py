"""A pytest plugin that records what an application's tests do with mapped columns; runs inside the application's own venv.

    RECORD_ROOT=/checkout RECORD_PACKAGE=CTFd RECORD_OUT=facts.json pytest -p ctfd_recorder tests/…

Recorded are reads and sets of column attributes on instances, at the very line, and the SQL that ran with the
functions of the application on the stack. Needs only the standard library and SQLAlchemy.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections import Counter

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import InstrumentedAttribute

ROOT = os.environ["RECORD_ROOT"].rstrip("/") + "/"
PACKAGE = ROOT + os.environ["RECORD_PACKAGE"] + "/"
OUT = os.environ["RECORD_OUT"]
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

reads: Counter = Counter()
sets: Counter = Counter()
statements: Counter = Counter()
lines: set = set()


def place(frame):
    """Return (file, line, function) of a frame of the application, or None."""
    name = frame.f_code.co_filename
    if not name.startswith(PACKAGE):
        return None
    return (
        name[len(ROOT) :],
        frame.f_lineno,
        frame.f_code.co_qualname if hasattr(frame.f_code, "co_qualname") else frame.f_code.co_name,
    )


def columns_of(attribute):
    """Return the (table, column) pairs of a column attribute."""
    try:
        return [(c.table.name, c.name) for c in attribute.property.columns if hasattr(c.table, "name")]
    except AttributeError:
        return []


plain_get = InstrumentedAttribute.__get__


def recording_get(self, instance, owner):
    if instance is not None:
        where = place(sys._getframe(1))
        if where:
            for column in columns_of(self):
                reads[where + column] += 1
    return plain_get(self, instance, owner)


InstrumentedAttribute.__get__ = recording_get


def on_set(target, value, oldvalue, initiator):
    frame = sys._getframe(1)
    depth = 0
    while frame is not None and depth < 12:
        where = place(frame)
        if where:
            attribute = getattr(type(target), initiator.key, None)
            for column in columns_of(attribute) if attribute is not None else ():
                sets[where + column] += 1
            return
        frame, depth = frame.f_back, depth + 1


@event.listens_for(Mapper, "mapper_configured")
def configured(mapper, cls):
    for prop in mapper.column_attrs:
        event.listen(getattr(cls, prop.key), "set", on_set, propagate=False)


@event.listens_for(Engine, "before_cursor_execute")
def on_execute(conn, cursor, statement, parameters, context, executemany):
    if statement.lstrip()[:6].upper() not in ("SELECT", "UPDATE", "DELETE"):
        return
    frame, stack = sys._getframe(1), []
    while frame is not None:
        if frame.f_code.co_name in IMPLICIT and "sqlalchemy" in frame.f_code.co_filename:
            return
        where = place(frame)
        if where:
            stack.append(where)
        frame = frame.f_back
    if stack:
        statements[(statement, tuple(stack[:4]))] += 1


def tracer(frame, kind, arg):
    return local if frame.f_code.co_filename.startswith(PACKAGE) else None


def local(frame, kind, arg):
    if kind == "line":
        lines.add((frame.f_code.co_filename[len(ROOT) :], frame.f_lineno))
    return local


def pytest_configure(config):
    sys.settrace(tracer)


def save():
    sys.settrace(None)
    with open(OUT, "w") as out:
        json.dump(
            {
                "reads": [[*key, count] for key, count in sorted(reads.items())],
                "sets": [[*key, count] for key, count in sorted(sets.items())],
                "statements": [[key[0], [list(w) for w in key[1]], count] for key, count in sorted(statements.items())],
                "lines": sorted(lines),
            },
            out,
        )


atexit.register(save)
