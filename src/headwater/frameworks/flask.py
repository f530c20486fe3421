"""Flask, Flask-RESTful and Flask-RESTX: decorated functions, blueprints, namespaces, resources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.frameworks import METHODS, Route
from headwater.frameworks._routers import Mount, RouterWords, router_routes
from headwater.readers import CodeProject, SourceFile

NAME = "Flask"
LANGUAGES = frozenset({"python"})

_WORDS = RouterWords(
    packages=("flask", "quart", "apiflask"),
    constructors={
        "Flask": "",
        "Quart": "",
        "Blueprint": "url_prefix",
        "Api": "prefix",
        "Namespace": "",
        "APIBlueprint": "url_prefix",
    },
    types=frozenset({"Flask", "Blueprint"}),
    names=frozenset({"app"}),
    verbs={method.lower(): method for method in METHODS} | {"route": "", "add_url_rule": ""},
    method_key="methods",
    default=("GET",),
    mounts={
        "register_blueprint": Mount(0, keyword="url_prefix"),
        "add_namespace": Mount(0, path=1, keyword="path"),
        "init_app": Mount(None, inverse=True),
    },
    resources={"add_resource": 0},
    class_view="as_view",
    replaces=True,
)


def detects(file: SourceFile) -> bool:
    """Return True if a file imports the framework."""
    return file.language == "python" and (b"flask" in file.source or b"quart" in file.source)


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]:
    """Return the routes of applications and blueprints."""
    words = (b"lueprint", b".route(", b"Namespace", b"add_resource")
    own = [f for f in project.files() if f.language == "python" and any(word in f.source for word in words)]
    return router_routes(project, {file.path: file for file in (*own, *files)}.values(), _WORDS)
