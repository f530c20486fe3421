"""NestJS: controllers with decorators, and the prefix that the application sets for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.catalog.fact_queries import argument, called_name, calls, literal_text
from headwater.frameworks import ANY, Route
from headwater.frameworks._controllers import ControllerWords, controller_routes
from headwater.readers import CodeProject, SourceFile

NAME = "NestJS"
LANGUAGES = frozenset({"typescript", "javascript"})

# Decorators of classes that handle messages, with the type of the message.
MESSAGE_HANDLERS = frozenset({"CommandHandler", "QueryHandler", "EventsHandler"})

_WORDS = ControllerWords(
    controllers=frozenset({"Controller"}),
    paths=frozenset({"Controller"}),
    verbs={
        "Get": "GET",
        "Post": "POST",
        "Put": "PUT",
        "Patch": "PATCH",
        "Delete": "DELETE",
        "Head": "HEAD",
        "Options": "OPTIONS",
        "All": ANY,
        "Sse": "GET",
    },
)


def detects(file: SourceFile) -> bool:
    """Return True if a file imports the framework."""
    return file.language in LANGUAGES and b"@nestjs/common" in file.source


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]:
    """Return the routes of all controllers."""
    return controller_routes(project, files, _WORDS, _global_prefix(project))


def _global_prefix(project: CodeProject) -> str:
    """Return the first argument of `app.setGlobalPrefix`."""
    for file in project.files():
        if b"setGlobalPrefix" in file.source and (module := project.module(file.path)):
            named = (call for call in calls(module.body) if called_name(call) == "setGlobalPrefix")
            prefix = next((literal_text(argument(call, 0)) for call in named), None)
            if prefix:
                return prefix
    return ""
