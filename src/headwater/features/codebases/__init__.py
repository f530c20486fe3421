"""Codebases and their scans: uploads, files, schemas, usages."""

COMMANDS = ("scan", "usages", "codebases")
JOBS = ("codebase",)
