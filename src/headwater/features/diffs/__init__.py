"""Compares the rows of two snapshots without restoring them: what is equal in the vault is not read."""

COMMANDS = ("diff",)
