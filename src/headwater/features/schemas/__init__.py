"""Schemas that scans found, browsed and printed."""

COMMANDS = ("schema",)
