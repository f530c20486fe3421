"""Ruby on Rails: `config/routes.rb`, the controllers that it names, their filters and views."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from headwater.frameworks import Route
from headwater.frameworks.rails.controllers import Controllers
from headwater.frameworks.rails.routes_file import RoutesFile
from headwater.readers import CodeProject, SourceFile

NAME = "Rails"
LANGUAGES = frozenset({"ruby"})

_ROUTES = re.compile(r"(?:^|/)config/routes(?:/.*)?\.rb$")


def detects(file: SourceFile) -> bool:
    """Return True if a file declares routes."""
    return file.language == "ruby" and bool(_ROUTES.search(file.path))


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterator[Route]:
    """Return the routes of all files of routes."""
    controllers = Controllers(project)
    for file in files:
        module = project.module(file.path)
        if module is not None:
            yield from RoutesFile(module, controllers).routes()
