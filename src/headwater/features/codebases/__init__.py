"""Codebases and their scans: uploads, files, schemas, usages."""

COMMANDS = (
    "scan",
    "usages",
    "endpoints",
    "impact",
    "columns",
    "tables",
    "personal-data",
    "scan-diff",
    "compare",
    "codebases",
)
JOBS = ("codebase",)
