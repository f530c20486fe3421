"""The committed list of all routes with their declared permissions, so that collecting tests needs no application.

`PYTHONPATH=tests python -m features.accounts.route_list` writes it; a test compares it with the application.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

FILE = Path(__file__).with_name("routes.json")


def declared(route: Any) -> list[str]:
    """Return the permissions that a route declares, through all of its dependencies."""
    actions = set()
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        waiting.extend(dependant.dependencies)
        if hasattr(dependant.call, "declares"):
            actions.add(dependant.call.declares)
    return sorted(actions)


def read(application: FastAPI) -> list[list[Any]]:
    """Return [method, path, declared permissions] of every route of an application."""
    contexts = [
        context for context in iter_route_contexts(application.routes) if isinstance(context.original_route, APIRoute)
    ]
    return [
        [method, context.path, declared(context)] for context in contexts for method in sorted(context.methods or ())
    ]


def load() -> list[list[Any]]:
    """Return the committed list."""
    routes: list[list[Any]] = json.loads(FILE.read_text("utf-8"))
    return routes


def write() -> None:
    """Write the list."""
    from headwater.entrypoints.server.app import build

    lines = ",\n".join(json.dumps(route) for route in read(build()))
    FILE.write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    write()
