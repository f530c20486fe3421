"""What every recorder shares: who of the application is running, and the facts that are written at the end.

    RECORD_ROOT=/checkout RECORD_PACKAGE=app RECORD_OUT=facts.json

Runs inside the application's own venv: needs only the standard library.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections import Counter

ROOT = os.environ["RECORD_ROOT"].rstrip("/") + "/"
PACKAGE = ROOT + os.environ["RECORD_PACKAGE"] + "/"
OUT = os.environ["RECORD_OUT"]
STACK = 4  # frames of the application that a statement is told of

# Keys are (file, line, function, table, column, name of the attribute), and (statement, stack).
reads: Counter = Counter()
sets: Counter = Counter()
statements: Counter = Counter()
lines: set = set()


def place(frame):
    """Return (file, line, function) of a frame of the application, or None."""
    name = frame.f_code.co_filename
    if not name.startswith(PACKAGE):
        return None
    return name[len(ROOT) :], frame.f_lineno, getattr(frame.f_code, "co_qualname", frame.f_code.co_name)


def record_statement(statement, frame, is_implicit):
    """Record a statement with the application's functions on the stack, unless a frame of the library implies it."""
    if statement.lstrip()[:6].upper() not in ("SELECT", "UPDATE", "DELETE"):
        return
    stack = []
    while frame is not None:
        if is_implicit(frame.f_code):
            return
        if where := place(frame):
            stack.append(where)
        frame = frame.f_back
    if stack:
        statements[(statement, tuple(stack[:STACK]))] += 1


def trace():
    """Record each line of the application that runs."""

    def tracer(frame, kind, arg):
        return local if frame.f_code.co_filename.startswith(PACKAGE) else None

    def local(frame, kind, arg):
        if kind == "line":
            lines.add((frame.f_code.co_filename[len(ROOT) :], frame.f_lineno))
        return local

    sys.settrace(tracer)


def save():
    """Write the facts."""
    sys.settrace(None)
    facts = {
        "reads": [[*key, count] for key, count in sorted(reads.items())],
        "sets": [[*key, count] for key, count in sorted(sets.items())],
        "statements": [[key[0], [list(w) for w in key[1]], count] for key, count in sorted(statements.items())],
        "lines": sorted(lines),
    }
    with open(OUT, "w") as out:
        json.dump(facts, out)


atexit.register(save)
