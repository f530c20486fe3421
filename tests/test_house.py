"""The app rules that a linter does not know: sizes, mirrors, lock files, no path of a developer's machine."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from headwater.readers import _unread

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "headwater"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "web" not in path.parts)


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module, which many rules look at."""
    return ast.parse(path.read_text("utf-8"))


@pytest.fixture(scope="module", autouse=True)
def drop_trees() -> Iterator[None]:
    """Give back the quarter of a gigabyte that all trees take."""
    yield
    tree_of.cache_clear()


def lengths() -> list[tuple[int, str]]:
    """Return (lines, where) of every function in the package."""
    result = []
    for path in MODULES:
        if path.parent.name == "versions":  # a migration is one list of statements
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                result.append((lines, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"))
    return sorted(result)


def test_no_module_is_longer_than_400_lines() -> None:
    """A longer file is two rooms in one."""
    long = {
        str(path.relative_to(ROOT)): n for path in MODULES if (n := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


# Words that say nothing of a value; the field has a noun for each (docs/reference/glossary.md).
PRIVATE_DIALECT = frozenset({"found", "one", "made", "kept", "told", "shown", "place"})
# Nouns of the field that happen to end in -ing.
GERUNDS = frozenset({"change_tracking", "mapping", "paging", "spring", "testing", "type_mapping"})
# One meaning in every place: what each engine raises, and what each proxy does with a client.
SHARED_CLASSES = frozenset({"ConnectionRefused", "Malformed"})


def parameters_and_attributes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of each parameter of a function and each attribute and method of a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
                yield argument.lineno, argument.arg
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                    yield member.lineno, member.target.id
                elif isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield member.lineno, member.name


def test_parameters_and_attributes_are_named_in_standard_terms() -> None:
    """A reader searches for what a value is: `found` and `place` had five meanings each, and said none of them.

    Wire shapes (`api_models.py`) keep the fields that clients of version 0.1.0 know.
    """
    private = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in MODULES
        if path.name != "api_models.py"
        for line, name in parameters_and_attributes(tree_of(path))
        if name in PRIVATE_DIALECT
    ]
    assert not private


def test_modules_are_named_by_nouns() -> None:
    """A module is a place where things live: `settling` says what code does there, `run_results` what it owns."""
    names = {part for path in MODULES for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert sorted(name for name in names if name.endswith("ing") and name not in GERUNDS) == []


def test_a_class_name_has_one_meaning() -> None:
    """Seven classes called `Request` are found by every search and told apart by none.

    Private classes are seen in their module only, and wire shapes are named for clients.
    """
    homes: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        if path.name == "api_models.py" or "sample" in path.parts:
            continue
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1 and name not in SHARED_CLASSES} == {}


def documented(docstring: str, section: str) -> set[str]:
    """Return the names that a section of a docstring explains."""
    lines = re.search(rf"^{section}:\n((?: {{4}}.*\n?|\n)+)", docstring, re.MULTILINE)
    heads = re.findall(r"^ {4}([\w, ]+):", lines[1], re.MULTILINE) if lines else []
    return {name.strip() for head in heads for name in head.split(",")}


def declared_names(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """Return the parameters of a function, or the members of a class and the parameters of its constructor."""
    if not isinstance(node, ast.ClassDef):
        given = node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
        return {argument.arg for argument in every}
    names: set[str] = set()
    for member in node.body:
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            names |= {member.name} | (declared_names(member) if member.name == "__init__" else set())
        elif isinstance(member, ast.AnnAssign | ast.Assign):
            targets = member.targets if isinstance(member, ast.Assign) else [member.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def test_docstrings_explain_parameters_that_exist() -> None:
    """A rename that leaves the old name in the docstring explains what nobody can pass."""
    wrong = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                text = ast.get_docstring(node) or ""
                unknown = (documented(text, "Args") | documented(text, "Attributes")) - declared_names(node)
                wrong += [f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {name}" for name in sorted(unknown)]
    assert not wrong


def test_functions_are_short() -> None:
    """Nine in ten under 35 lines, none over 60."""
    every = lengths()
    assert every[int(len(every) * 0.9)][0] <= 35
    assert [where for lines, where in every if lines > 60] == []


MAX_PARAMETERS = 6


def parameters_to_know(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the parameters that a caller has to know: all but keyword-only ones with a default."""
    positional = [*node.args.posonlyargs, *node.args.args]
    required = [name for name, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if value is None]
    return [argument.arg for argument in [*positional, *required] if argument.arg not in {"self", "cls"}]


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_functions_take_few_parameters() -> None:
    """Who calls a function with seven arguments has to look up their order: what belongs together is one value.

    Commands and endpoints are exempt: their parameters are the options and the query strings that users see.
    """
    edges = {"commands", "commands.py", "endpoints", "endpoints.py"}
    many = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in MODULES
        if not edges.intersection(path.parts)
        for node in functions_of(path)
        if len(parameters_to_know(node)) > MAX_PARAMETERS
    ]
    assert not many


def test_services_take_the_context_and_then_the_actor() -> None:
    """One order everywhere: the session of the caller's transaction, or the context, then who asks, then the rest."""
    orders = (["db", "actor"], ["context", "actor"])
    wrong = []
    for path in MODULES:
        if "features" not in path.parts or not {"service", "service.py"}.intersection(path.parts):
            continue
        for node in functions_of(path):
            names = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
            if "actor" in names and not node.name.startswith("_") and names[:2] not in orders:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}{tuple(names)}")
    assert not wrong


def test_the_formatter_is_never_switched_off() -> None:
    """One layout of code everywhere: a hand-made one is argued about, and hides what a change changed."""
    switched_off = "fmt: " + "skip"
    assert [str(path.relative_to(ROOT)) for path in MODULES if switched_off in path.read_text("utf-8")] == []


def test_every_module_says_what_it_owns() -> None:
    """A module without a docstring has no reason to exist that a reader could check."""
    silent = [str(path.relative_to(ROOT)) for path in MODULES if not ast.get_docstring(tree_of(path))]
    assert not silent


def test_lock_files_name_no_registry() -> None:
    """A lock that records addresses works only where they answer."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"https?://|--index-url|--find-links", lock)
    packages = json.loads((ROOT / "ui" / "package-lock.json").read_text("utf-8"))["packages"]
    assert not [name for name, entry in packages.items() if "resolved" in entry and not entry.get("link")]


def test_the_catalog_needs_no_web_framework_and_no_database() -> None:
    """A static import graph cannot see a deferred import: look at what a process really loaded."""
    heavy = ("fastapi", "sqlalchemy", "psycopg", "procrastinate")
    code = f"import sys, headwater.core.lineage.pipeline; print([m for m in {heavy} if m in sys.modules])"
    displayed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert displayed.strip() == "[]"


@pytest.mark.parametrize("room", ["languages", "readers"])
def test_listing_parts_imports_none_of_them(room: str) -> None:
    """Names before imports: a broken part must not break the listing."""
    code = f"import sys; from headwater.kit import plugins; assert plugins.names({room!r});"
    code += f"print([m for m in sys.modules if m.startswith('headwater.{room}.')])"
    displayed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert displayed.strip() == "[]"


def test_files_of_tests_have_names_of_their_own() -> None:
    """pytest collects files that lie in no package by their bare names: of two alike it takes one."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_orm_is_named_in_the_passes_of_a_scan() -> None:
    """What an ORM means, and that one is not read yet, is data beside the readers: a new reader changes no pass."""
    names = {name.lower() for name in _unread.libraries()} | {
        "sqlalchemy",
        "prisma",
        "alembic",
        "drizzle-orm",
        "django",
    }
    named = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value!r}"
        for path in MODULES
        if path.is_relative_to(PACKAGE / "core" / "lineage")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in names
    ]
    assert not named


# Where a name of an engine or a dialect stands for something else than the engine, with the reason.
NAMES_ALLOWED = {
    "src/headwater/catalog/sqltext.py": "recognises the dialect of SQL that was found in source code, of which no engine is known",
    "src/headwater/readers": "a reader parses schemas and ORM models, which name the dialects that they are written for",
    "src/headwater/languages": "as readers",
    "src/headwater/store": "our own store is a PostgreSQL",
    "src/headwater/features/codebases/cache.py": "the URL of our own store, as psycopg wants it",
    "src/headwater/entrypoints/worker/run.py": "the URL of our own store, as psycopg wants it",
}


def test_no_engine_is_named_outside_engines() -> None:
    """A new engine is one folder: whatever else depends on an engine asks its `Dialect` or a capability.

    Looked for are string constants that are the name of an engine, one of its schemes, or a dialect of sqlglot, in
    all code but `engines/`; docstrings may name engines as examples.
    """
    engines = {path.name for path in (PACKAGE / "engines").iterdir() if path.is_dir() and not path.name.startswith("_")}
    names = engines | {"postgres", "mariadb", "rediss", "valkey", "tsql", "MySQL", "PostgreSQL", "SQLite", "MongoDB"}
    result: list[str] = []
    for path in MODULES:
        where = str(path.relative_to(ROOT))
        if path.is_relative_to(PACKAGE / "engines") or any(where.startswith(item) for item in NAMES_ALLOWED):
            continue
        result += [
            f"{where}:{node.lineno} {node.value!r}"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Constant) and node.value in names
        ]
    assert not result


CODE_OF_TEXT = re.compile(
    r"dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\("
)


def test_the_web_app_takes_no_text_for_code() -> None:
    """What users and databases say is text: a page that makes HTML or JavaScript of it lets one user act as another."""
    files = [path for path in (ROOT / "ui" / "src").rglob("*.ts*") if ".test." not in path.name]
    assert len(files) > 200
    assert not [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files
        for match in CODE_OF_TEXT.finditer(path.read_text("utf-8"))
    ]
