"""Merges of databases: the changes of one since a common snapshot, applied to another one."""

COMMANDS = ("merge",)
JOBS = ("merge",)
