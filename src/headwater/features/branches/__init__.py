"""Branches: databases that were created from a snapshot of another one, and can be merged back into it."""

COMMANDS = ("branch",)
JOBS = ("branch",)
