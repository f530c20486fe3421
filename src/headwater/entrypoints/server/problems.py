"""Returns every error as `application/problem+json` (RFC 9457): a sentence and a hint, never a traceback."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from headwater.entrypoints.server.methods import allowed_methods
from headwater.entrypoints.server.response_headers import add_headers
from headwater.kit import logs
from headwater.kit.errors import BadInput, Conflict, HeadwaterError, Invalid, TooMany, Unavailable

log = structlog.get_logger()
# Two concurrent changes of which PostgreSQL rejected one: deadlock, serialization failure.
DEADLOCKS = frozenset({"40P01", "40001"})
DISK_FULL = "53100"
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Reasons of a request that is not valid which are logged.
MOST_REASONS = 5
MEDIA_TYPE = "application/problem+json"
DOCUMENTED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class FieldProblem(BaseModel):
    """The error of one field."""

    field: str
    message: str


class Problem(BaseModel):
    """An error: what is wrong, and what to do about it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str | None = None
    code: str
    errors: list[FieldProblem] | None = None


def code_of(status: HTTPStatus) -> str:
    """Return the code of an error that has no other name than its status, such as `not_found`."""
    return status.phrase.lower().replace(" ", "_")


def respond(error: HeadwaterError) -> Response:
    """Return the response for an error."""
    fields = error.fields if isinstance(error, Invalid) else {}
    headers: dict[str, str] = {}
    if isinstance(error, TooMany):
        headers["retry-after"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, Unavailable):
        headers["retry-after"] = "2"
    errors = [FieldProblem(field=name, message=message) for name, message in fields.items()]
    return _problem(error.status, error.code, error.message, error.hint, errors, headers)


def _problem(
    status: int,
    code: str,
    detail: str,
    hint: str | None = None,
    errors: list[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    title = HTTPStatus(status).phrase
    problem = Problem(title=title, status=status, detail=detail, hint=hint, code=code, errors=errors or None)
    body = problem.model_dump(exclude={"errors"} if not errors else None)
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def describe(app: FastAPI) -> None:
    """Let the description of the API name every error that a route can send, with its media type."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        document = generate()
        if is_new:
            _name_errors(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _name_errors(document: dict[str, Any]) -> None:
    components = document["components"]
    schemas = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= {**schemas.pop("$defs", {}), "Problem": schemas}
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components["responses"] = {
        _response_name(status): {"description": status.phrase, "content": content} for status in DOCUMENTED
    }
    errors = {str(int(status)): {"$ref": f"#/components/responses/{_response_name(status)}"} for status in DOCUMENTED}
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] |= errors


def _response_name(status: HTTPStatus) -> str:
    return status.phrase.replace(" ", "")


def install(app: FastAPI) -> None:
    """Register the handlers of all kinds of errors."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, HeadwaterError)
    request.state.refusal = error  # read by the middleware, which counts refusals
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request.failed", error=error.message)
    return respond(error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = allowed_methods(request.app, request.url.path)
        headers |= {"allow": ", ".join(methods)} if methods else {}
    sentence = {
        404: "There is nothing at this address.",
        405: "This address does not support this method.",
    }.get(error.status_code, str(error.detail))
    code = code_of(HTTPStatus(error.status_code))
    return _problem(error.status_code, code, sentence, headers=headers)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    methods = allowed_methods(request.app, request.url.path)
    if methods and request.method not in methods:  # a word of the address was taken for the parameter of another route
        return await _http(request, HTTPException(HTTPStatus.METHOD_NOT_ALLOWED))
    problems = [_field(item) for item in error.errors()]
    # names and reasons, never values: a field that nobody declared may have any name
    log.info("request.invalid", fields=[_reason(item) for item in error.errors()[:MOST_REASONS]])
    detail = "; ".join(f"{item.field}: {item.message}" for item in problems[:5])
    return _problem(422, "invalid", f"The request is not valid: {detail}.", errors=problems)


def _reason(item: Mapping[str, Any]) -> str:
    declared = item["type"] not in {"extra_forbidden", "json_invalid"}
    names = [str(part) for part in item["loc"] if isinstance(part, int) or FIELD_NAME.fullmatch(part)]
    return f"{'.'.join(names) if declared else names[0]}: {item['type']}"


def _field(item: Mapping[str, Any]) -> FieldProblem:
    path = [str(part) for part in item["loc"] if part not in {"body", "query", "path", "header"}]
    message = str(item["msg"]).removeprefix("Value error, ")
    field = "body" if item["type"] == "json_invalid" else ".".join(path) or "body"
    return FieldProblem(field=field, message=message)


async def _broken_off(_: Request, error: Exception) -> Response:
    return respond(BadInput("The request was interrupted."))


async def _bad_value(_: Request, error: Exception) -> Response:
    log.info("request.bad_value", error=str(error.__cause__ or error))
    return respond(BadInput("The request contains a value that cannot be stored or looked up."))


async def _taken(_: Request, error: Exception) -> Response:
    log.info("request.conflict", error=str(error.__cause__ or error))
    return respond(Conflict("This conflicts with another change.", hint="Reload, then try again."))


async def _store_down(request: Request, error: Exception) -> Response:
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    if sqlstate in DEADLOCKS:
        return await _taken(request, error)
    log.warning("store.unreachable", error=str(error.__cause__ or error))
    if sqlstate == DISK_FULL or "No space left on device" in str(error):
        return respond(
            Unavailable("The disk of Headwater's store is full.", hint="Free some space on it, then try again.")
        )
    return respond(Unavailable("The store does not answer.", hint="Try again in a moment."))


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("request.crashed", exc_info=error)
    response = _problem(500, "error", "The server failed unexpectedly.", "See the log of the server for details.")
    # Starlette sends this one outside of our middleware.
    add_headers(response.headers, request.scope, logs.bound("request_id"))
    return response


_HANDLERS: Mapping[type[Exception], Any] = {
    HeadwaterError: _known,
    HTTPException: _http,
    RequestValidationError: _validation,
    ClientDisconnect: _broken_off,
    DataError: _bad_value,
    IntegrityError: _taken,
    OperationalError: _store_down,
    InterfaceError: _store_down,
    PoolTimeout: _store_down,
    Exception: _unknown,
}
