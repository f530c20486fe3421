"""Writes docs/reference/*.md from the code itself; `make docs`. A test fails when a page is out of date."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click
import typer
from prometheus_client import REGISTRY

from headwater.catalog.usages import SubType, Tier, UsageType, Via
from headwater.core.lineage.limits import REASONS, IntakeLimits
from headwater.core.lineage.report import USAGE_FIELDS
from headwater.entrypoints.cli import build
from headwater.entrypoints.server import connections, middleware  # noqa: F401 - they declare metrics
from headwater.entrypoints.server.app import build as build_server
from headwater.entrypoints.server.scrapes import CACHED_SECONDS
from headwater.features import collect
from headwater.features.jobs.service import sweep  # noqa: F401 - as above
from headwater.kit.settings import Settings
from headwater.languages import by_name
from headwater.readers import all_readers

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Made by docs/generate.py; change the code, then run `make docs`. -->\n"


def settings_page() -> str:
    """Every setting."""
    rows = [
        f"| `HEADWATER_{name.upper()}` | `{_default(field)}` | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return (
        f"""# Settings

{NOTE}
Read from the environment, or without the prefix and in lower case from `headwater.toml` in the home folder; the
environment goes first.

| variable | default | meaning |
| --- | --- | --- |
"""
        + "\n".join(rows)
        + "\n"
    )


def _default(field: Any) -> str:
    return "" if field.default is None else str(field.default)


def commands_page() -> str:
    """Every command with its arguments and options."""
    group = typer.main.get_command(build())
    parts = [f"# Commands\n\n{NOTE}\nExit codes: 0 ok, 1 failure or findings, 2 bad input (one sentence on stderr).\n"]
    parts += list(_commands("headwater", group))
    return "\n".join(parts)


def _commands(path: str, command: Any) -> Any:
    if isinstance(command, click.Group) or hasattr(command, "commands"):
        for name in sorted(command.commands):
            yield from _commands(f"{path} {name}", command.commands[name])
        return
    context = click.Context(command, info_name=path)
    lines = [f"## `{path}`\n", (command.help or "").strip() + "\n", "| | |\n| --- | --- |"]
    for param in command.get_params(context):
        names = ", ".join(f"`{option}`" for option in [*param.opts, *param.secondary_opts])
        if param.param_type_name == "argument":
            names = f"`{(param.metavar or param.name).upper()}`"
        lines.append(f"| {names} | {getattr(param, 'help', None) or ''} |")
    yield "\n".join(lines) + "\n"


def http_page() -> str:
    """Every route."""
    spec = build_server().openapi()
    rows = []
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            rows.append(f"| {method.upper()} | `{path}` | {operation.get('summary', '')} |")
    return (
        f"""# HTTP API

{NOTE}
The full description (OpenAPI 3.1) is served at `/api/openapi.json`, for reading at `/api/docs`, and printed by
`headwater openapi`. Requests carry `Authorization: Bearer` with an access token or an API key. Lists answer
`{{"items": […], "next": cursor}}` and take `?limit` and `?cursor`. Errors are `application/problem+json` (RFC 9457) with a
`detail` that says what and a `hint` that says what next.

| method | path | |
| --- | --- | --- |
"""
        + "\n".join(rows)
        + "\n"
    )


def usages_page() -> str:
    """The shape and the words of usages and reports."""
    words = {"usage_type": UsageType, "sub_type": SubType, "via": Via, "tier": Tier}
    listed = "\n".join(
        f"- `{name}`: {', '.join(f'`{word}`' for word in get_args(kind))}" for name, kind in words.items()
    )
    reasons = "\n".join(f"| `{name}` | {text} |" for name, text in REASONS.items())
    limits = IntakeLimits()
    return f"""# Usages and reports

{NOTE}
`headwater scan PATH --json` prints `{{"headwater": version, "source", "files": {{total, scanned, skipped, unsupported, bytes}},
"schema": {{"tables": [{{name, schema, columns: [{{name, type, nullable, primary_key, references}}], origins}}]}}, "usages": […],
"not_understood": [{{file_path, line_number, text, reason}}], "skipped": [{{path, reason, size}}]}}`.

A usage has {", ".join(f"`{name}`" for name in USAGE_FIELDS)} and `evidence`: the steps of the reasoning, each a sentence with the place it points to.

{listed}

Lines count from 1, columns are characters from 0, and the line is the one on which the column's name stands. Column `*` is
the row as a whole: rows that are deleted, or with `implicit` every column at once (`SELECT *`, a loaded object). Tier A is
exact (a typed receiver, qualified SQL), B is inferred by one step; name-only matches (tier C) are not reported.

## What is read

Languages: {", ".join(sorted(by_name()))}. Readers: {", ".join(sorted(reader.NAME for reader in all_readers().values()))}.

## What is left out, and the word for it

Up to {limits.entries:,} entries of an archive, {limits.total_bytes >> 20} MB of text in all and {limits.file_bytes >> 20} MB a file are read.

| reason | meaning |
| --- | --- |
{reasons}
"""


def metrics_page() -> str:
    """Every metric."""
    collect("metrics")
    collectors = {
        one._name: one for one in REGISTRY._collector_to_names if getattr(one, "_name", "").startswith("headwater_")
    }
    rows = [
        f"| `{name}{'_total' if one._type == 'counter' else ''}` | {one._type} | "
        f"{', '.join(f'`{label}`' for label in one._labelnames)} | {one._documentation} |"
        for name, one in sorted(collectors.items())
    ]
    return (
        f"""# Metrics

{NOTE}
`/metrics` of the server answers Prometheus. Set `HEADWATER_METRICS_TOKEN` to close it: the scrape then needs
`Authorization: Bearer` with the token, else it is answered with 401.

Labels name kinds and states, never a tenant, an id or an address. A fresh instance has fewer than 200 series, and always under 1,000,
whatever is sent to it. What is read from the store or asked of the supervisor is measured at most once in {CACHED_SECONDS:g} seconds, and is
true for the whole instance: workers report their memory with their heartbeat. With several server processes (`HEADWATER_SERVERS`), a scrape
of one shows all: what each counts by itself is added up, also its memory and processor time (`process_*`). Alert when `headwater_servers` is lower
than that setting: then a process has not answered the scrape, and is missing from the sums. A value that is unknown, as when the supervisor
does not answer, is `NaN`.

| metric | type | labels | |
| --- | --- | --- | --- |
"""
        + "\n".join(rows)
        + "\n"
    )


PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "http.md": http_page,
    "usages.md": usages_page,
    "metrics.md": metrics_page,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
