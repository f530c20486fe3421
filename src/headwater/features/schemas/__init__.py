"""Schemas of scanned codebases, to browse and to print."""

COMMANDS = ("schema", "drift")
