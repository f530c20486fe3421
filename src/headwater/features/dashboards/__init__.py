"""Dashboards: a project's saved queries as charts beside each other, run for whoever looks."""

COMMANDS = ("dashboards",)
