"""Snapshots of databases: taken into the organization's vault, looked at, given back, deleted; the way back."""

COMMANDS = ("snapshot", "vault")
JOBS = ("snapshot",)
