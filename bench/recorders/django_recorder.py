"""Runs a Django application's management command and records what it does with the columns of its models.

    python -m django_recorder test app

Recorded are reads and sets of fields on instances, at the very line, and the SQL that ran with the functions of the
application on the stack. What Django sets by itself (rows that are loaded, times on save) is not recorded.
"""

from __future__ import annotations

import os
import sys
from functools import cache

import recording
from django.core.management import execute_from_command_line
from django.db.backends.utils import CursorWrapper
from django.db.models.base import Model

# A value that is set below one of these comes from the database or from Django, not from the application.
LOADED = {"from_db", "refresh_from_db", "save_base", "pre_save", "_save_table", "delete"}
# A statement below one of these was not written by the application.
IMPLICIT = {
    "refresh_from_db",
    "save_base",
    "_prefetch_related_objects",
    "prefetch_related_objects",
    "collect",
    "__get__",
}
DEPTH = 14


@cache
def columns(model):
    """Return (table, column) by the name of each attribute that holds a column's value."""
    return {field.attname: (model._meta.db_table, field.column) for field in model._meta.concrete_fields}


@cache
def settable(model):
    """Return (table, column) by each name that can be set: also `owner` for the column `owner_id`."""
    return {field.name: (model._meta.db_table, field.column) for field in model._meta.concrete_fields} | columns(model)


plain_get, plain_set, plain_execute = Model.__getattribute__, Model.__setattr__, CursorWrapper.execute


def recording_get(self, name):
    value = plain_get(self, name)
    where = recording.place(sys._getframe(1))
    if where:
        column = columns(type(self)).get(name)
        if column:
            recording.reads[(*where, *column, name)] += 1
    return value


def recording_set(self, name, value):
    column = settable(type(self)).get(name)
    if column:
        where = setter(sys._getframe(1))
        if where:
            recording.sets[(*where, *column, name)] += 1
    plain_set(self, name, value)


def setter(frame):
    """Return the line of the application that sets a value, or None if Django does."""
    for _ in range(DEPTH):
        if frame is None or (frame.f_code.co_name in LOADED and "django" in frame.f_code.co_filename):
            return None
        if where := recording.place(frame):
            return where
        frame = frame.f_back
    return None


def is_implicit(code):
    """Return whether a frame of this code loads or writes rows without being asked to."""
    return code.co_name in IMPLICIT and "django/db/models" in code.co_filename


def recording_execute(self, sql, params=None):
    recording.record_statement(str(sql), sys._getframe(1), is_implicit)
    return plain_execute(self, sql, params)


if __name__ == "__main__":
    Model.__getattribute__, Model.__setattr__ = recording_get, recording_set
    CursorWrapper.execute = recording_execute
    sys.path.insert(0, os.getcwd())
    recording.trace()
    execute_from_command_line(["manage.py", *sys.argv[1:]])
