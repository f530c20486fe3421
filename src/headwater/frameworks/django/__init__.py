"""Django and Django REST framework: lists of patterns, views as functions and classes, routers of view sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headwater.frameworks import Route
from headwater.frameworks.django.patterns import Patterns
from headwater.readers import CodeProject, SourceFile

NAME = "Django"
LANGUAGES = frozenset({"python"})


def detects(file: SourceFile) -> bool:
    """Return True if a file lists patterns of URLs."""
    return file.language == "python" and b"urlpatterns" in file.source


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterator[Route]:
    """Return the routes of all lists of patterns, each under the paths where others include it."""
    return Patterns(project, files).routes()
