"""The methods that an address of the API supports, from all routes that match it."""

from __future__ import annotations

import re
from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import compile_path

API = "/api/"


def allowed_methods(application: FastAPI, path: str) -> list[str]:
    """Return the methods of an address below /api, none if there is nothing at it."""
    if not path.startswith(API):
        return []
    matching = [(pattern, supported) for pattern, supported in _patterns(application) if pattern.fullmatch(path)]
    # As in OpenAPI, a route that spells the address goes before one that takes a part of it for a parameter.
    exact = min((pattern.groups for pattern, _ in matching), default=0)
    methods = {method for pattern, supported in matching if pattern.groups == exact for method in supported}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


@cache
def _patterns(application: FastAPI) -> list[tuple[re.Pattern[str], frozenset[str]]]:
    contexts = iter_route_contexts(application.routes)
    return [
        (compile_path(context.path)[0], frozenset(context.methods or ()))
        for context in contexts
        if isinstance(context.original_route, APIRoute) and context.path and context.path.startswith(API)
    ]
