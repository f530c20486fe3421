"""Spring MVC and WebFlux: controllers with annotations, in Java and Kotlin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.frameworks import Route
from headwater.frameworks._controllers import ControllerWords, controller_routes
from headwater.readers import CodeProject, SourceFile

NAME = "Spring"
LANGUAGES = frozenset({"java", "kotlin"})

_WORDS = ControllerWords(
    controllers=frozenset({"RestController", "Controller"}),
    paths=frozenset({"RequestMapping"}),
    verbs={
        "RequestMapping": "",
        "GetMapping": "GET",
        "PostMapping": "POST",
        "PutMapping": "PUT",
        "PatchMapping": "PATCH",
        "DeleteMapping": "DELETE",
    },
)


def detects(file: SourceFile) -> bool:
    """Return True if a file declares a controller."""
    has_mark = b"@RestController" in file.source or b"@Controller" in file.source
    return file.language in LANGUAGES and has_mark


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]:
    """Return the routes of all controllers."""
    return controller_routes(project, files, _WORDS)
