"""Source code and its scans: upload, files, usages."""

COMMANDS = ("scan", "usages", "codebases")
JOBS = ("codebase",)
