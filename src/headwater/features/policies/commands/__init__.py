"""`headwater policy` and `headwater alerts`: policies of databases on a server, over its HTTP API."""

from __future__ import annotations

import typer

from headwater.features.policies.commands import alerts, configure, policies


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Schedule, retention and verification of snapshots.", no_args_is_help=True)
    group.command("show")(policies.show_policy)
    group.command("set")(configure.set_policy)
    for command in (policies.preview, policies.run, policies.runs, policies.pause, policies.resume, policies.delete):
        group.command(command.__name__)(command)
    app.add_typer(group, name="policy")
    alert_group = typer.Typer(help="List and acknowledge open alerts.", no_args_is_help=True)
    alert_group.command("list")(alerts.list_)
    alert_group.command("acknowledge")(alerts.acknowledge)
    app.add_typer(alert_group, name="alerts")
