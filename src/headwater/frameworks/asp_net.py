"""ASP.NET Core: controllers with attributes, and minimal APIs (`app.MapGet`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from headwater.frameworks import Route
from headwater.frameworks._controllers import ControllerWords, controller_routes
from headwater.frameworks._routers import RouterWords, router_routes
from headwater.readers import CodeProject, SourceFile

NAME = "ASP.NET Core"
LANGUAGES = frozenset({"csharp"})

# Interfaces of handlers of messages: an object that is sent is handled by the class that names its type here.
MESSAGE_HANDLERS = frozenset(
    {"IRequestHandler", "INotificationHandler", "ICommandHandler", "IQueryHandler", "IStreamRequestHandler"}
)

_VERBS = {"Get": "GET", "Post": "POST", "Put": "PUT", "Patch": "PATCH", "Delete": "DELETE"}
_CONTROLLERS = ControllerWords(
    controllers=frozenset({"ApiController", "Route", "Controller"}),
    paths=frozenset({"Route"}),
    verbs={f"Http{name}": verb for name, verb in _VERBS.items()} | {"HttpHead": "HEAD", "HttpOptions": "OPTIONS"},
    path_keys=("template",),
    absolute=("/", "~/"),
    tokens=("[controller]", "[action]"),
    suffix="Controller",
)
_MINIMAL = RouterWords(
    packages=(),
    constructors={"Build": ""},
    types=frozenset({"IEndpointRouteBuilder", "WebApplication", "RouteGroupBuilder"}),
    verbs={f"Map{name}": verb for name, verb in _VERBS.items()} | {"MapMethods": ""},
    groups={"MapGroup": 0},
    names=frozenset({"app", "endpoints"}),
    strips_slash=True,
)
# Mappers of objects have methods of the same name: a file declares routes, or has a router that it may pass on.
_DECLARES = re.compile(rb"\.Map(?:Get|Post|Put|Patch|Delete|Methods|Group)\b")
_ROUTER = re.compile(rb"\b(?:IEndpointRouteBuilder|WebApplication|RouteGroupBuilder|app|endpoints)\b|\bBuild\s*\(")


def detects(file: SourceFile) -> bool:
    """Return True if a file declares a controller or maps a path."""
    return file.language in LANGUAGES and any(word in file.source for word in (b"[Http", b".Map", b"[Route"))


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterator[Route]:
    """Return the routes of controllers, then those of minimal APIs."""
    yield from controller_routes(project, (file for file in files if b"[Http" in file.source), _CONTROLLERS)
    yield from router_routes(project, _mapped(files), _MINIMAL)


def _mapped(files: Iterable[SourceFile]) -> list[SourceFile]:
    """Return the files that may declare routes of minimal APIs, or pass on the router of one."""
    mapped = (file for file in files if b".Map" in file.source)
    return [file for file in mapped if _DECLARES.search(file.source) or _ROUTER.search(file.source)]
