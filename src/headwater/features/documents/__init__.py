"""Entries of databases without tables: documents and keys, looked at and changed one by one."""

COMMANDS = ("entries",)
