"""Bounds what schemathesis sends, and says which refusals of valid requests are right; loaded in its process."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext

# Of rules that are about what exists (this is not your password, there is no such column), a schema cannot know.
PARSER = "The request is not valid: "
HERE = "127.0.0.1"
NEW_DATABASE = "POST /api/v1/projects/{project_id}/databases"
SERVERS = ("postgresql", "mysql", "mongodb", "redis")
ADDRESSES = ("host", "hostname")


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Accept that valid data is refused for what it is about; what the parser refuses, the schema has to say."""
    refused = type(failure).__name__ == "RejectedPositiveData"
    return not refused or response.json()["detail"].startswith(PARSER)


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Let connections lead to this machine only, and new databases be files."""
    if isinstance(case.body, dict):
        case.body = bounded(case.body)
        if case.operation.label == NEW_DATABASE and case.body.get("engine", "postgresql") in SERVERS:
            case.body = case.body | {"engine": "sqlite"}


def bounded(value: Any) -> Any:
    """Return a body in which every address of another machine is this machine's."""
    if isinstance(value, list):
        return [bounded(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: HERE if key in ADDRESSES and isinstance(item, str) else bounded(item) for key, item in value.items()}
