"""Entries of databases without tables: documents and keys, to browse and change."""

COMMANDS = ("entries",)
