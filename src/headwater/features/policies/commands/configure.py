"""`headwater policy set`: changes the given options of a policy, and leaves the others as they are."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient, ApiInputRefusal, ApiRefusal, remote
from headwater.features.databases.commands import JsonOption, NameArgument, names
from headwater.features.policies.commands.policies import PERIODS, given, path_of, print_policy
from headwater.kit.errors import BadInput

_EMPTY: dict[str, Any] = {
    "schedule": None,
    "paused": False,
    "label": "",
    "tables": None,
    "exclude": None,
    "retention": None,
    "verify": None,
    "drill_every_days": None,
    "growth": 5.0,
}


def set_policy(
    name: NameArgument,
    cron: Annotated[
        str | None,
        typer.Option(help="Schedule: minute, hour, day, month, weekday; '0 3 * * *' is daily at 3, '' never."),
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, such as Europe/Berlin.")] = None,
    misfire: Annotated[str | None, typer.Option(help="What to do after a missed run: run_once or skip.")] = None,
    grace: Annotated[int | None, typer.Option(help="Minutes after which a run counts as missed.")] = None,
    jitter: Annotated[int | None, typer.Option(help="Maximum random delay of each run, in seconds.")] = None,
    label: Annotated[str | None, typer.Option(help="Label of its snapshots.")] = None,
    tables: Annotated[str | None, typer.Option(help="Only these tables, separated by commas. '': all.")] = None,
    exclude: Annotated[str | None, typer.Option(help="All tables except these. '': exclude none.")] = None,
    keep_last: Annotated[int | None, typer.Option(help="Keep this many newest snapshots.", min=0)] = None,
    keep_hourly: Annotated[int | None, typer.Option(help="Keep the newest snapshot of this many hours.", min=0)] = None,
    keep_daily: Annotated[int | None, typer.Option(help="… of this many days.", min=0)] = None,
    keep_weekly: Annotated[int | None, typer.Option(help="… of this many weeks.", min=0)] = None,
    keep_monthly: Annotated[int | None, typer.Option(help="… of this many months.", min=0)] = None,
    keep_yearly: Annotated[int | None, typer.Option(help="… of this many years.", min=0)] = None,
    keep_within: Annotated[
        str | None, typer.Option(help="Keep all within this time before the newest: 36h, 7d or 2w.")
    ] = None,
    scope: Annotated[
        str | None, typer.Option(help="Apply retention to `scheduled` snapshots or to `every` one.")
    ] = None,
    keep_all: Annotated[bool, typer.Option("--keep-all", help="Delete nothing: no retention.")] = False,
    verify: Annotated[str | None, typer.Option(help="Verification: quick, deep or off.")] = None,
    verify_every: Annotated[int | None, typer.Option(help="Days between verifications.")] = None,
    verify_percent: Annotated[int | None, typer.Option(help="Percent of pages that a deep verification reads.")] = None,
    drill_every: Annotated[int | None, typer.Option(help="Days between test restores; 0: none.", min=0)] = None,
    growth: Annotated[
        float | None, typer.Option(help="Alert when a snapshot is this many times larger than usual; 0: never.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create the policy of a database, or change only the options you give."""
    schedule = {
        "cron": cron,
        "timezone": zone,
        "misfire": misfire,
        "grace_seconds": grace and grace * 60,
        "jitter_seconds": jitter,
    }
    counts = (keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, _hours(keep_within))
    retention = {**dict(zip(PERIODS, counts, strict=True)), "scope": scope}
    checks = {"kind": verify, "every_days": verify_every, "percent": verify_percent}
    with remote() as server:
        path = path_of(server, name)
        body = _known(server, path)
        body["schedule"] = None if cron == "" else _changed(body["schedule"], schedule, "cron", "--cron")
        body["retention"] = None if keep_all else _changed(body["retention"], retention)
        body["verify"] = None if verify == "off" else _changed(body["verify"], checks)
        body |= _plain(label=label, tables=tables, exclude=exclude, drill=drill_every, growth=growth)
        print_policy(server.call("PUT", path, json=body), as_json)


def _known(server: ApiClient, path: str) -> dict[str, Any]:
    """Return the current policy, or an empty one."""
    try:
        return given(server.call("GET", path))
    except (ApiRefusal, ApiInputRefusal) as error:
        if error.problem == "not_found":  # the database was looked up before
            return dict(_EMPTY)
        raise


def _changed(
    before: dict[str, Any] | None, options: dict[str, Any], needed: str = "", option: str = ""
) -> dict[str, Any] | None:
    """Return a part of a policy with the given options changed; None if it is off and no option is given."""
    changes = {field: value for field, value in options.items() if value is not None}
    if before is None and changes and needed and needed not in changes:
        raise BadInput(f"There is no schedule yet: also give {option}.")
    return {**(before or {}), **changes} if before or changes else None


def _plain(
    *, label: str | None, tables: str | None, exclude: str | None, drill: int | None, growth: float | None
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if label is not None:
        changes["label"] = label
    if tables is not None:
        changes["tables"] = names(tables)
    if exclude is not None:
        changes["exclude"] = names(exclude)
    if drill is not None:
        changes["drill_every_days"] = drill or None
    if growth is not None:
        changes["growth"] = growth or None
    return changes


def _hours(text: str | None) -> int | None:
    """Return the hours of `36h`, `7d` or `2w`."""
    if text is None:
        return None
    parsed = re.fullmatch(r"(\d{1,6})([hdw])", text.strip())
    if not parsed:
        raise BadInput(f"{text!r} is not a duration.", hint="Use a form such as 36h, 7d or 2w.")
    return int(parsed[1]) * {"h": 1, "d": 24, "w": 168}[parsed[2]]
