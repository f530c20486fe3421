"""Snapshots of databases: taking them, listing, verifying, restoring and deleting them, and the vaults they are in."""

COMMANDS = ("snapshot", "vault")
JOBS = ("snapshot",)
