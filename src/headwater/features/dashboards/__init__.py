"""Dashboards: saved queries of a project as charts, run with the rights of each viewer."""

COMMANDS = ("dashboards",)
