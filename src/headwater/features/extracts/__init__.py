"""Reads snapshots without restoring them: queries, pages of rows, exported files, download links, and copies."""

COMMANDS = ("snapshot",)
JOBS = ("snapshot",)
