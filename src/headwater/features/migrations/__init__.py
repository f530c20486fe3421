"""Migrations of a database: add, generate, import, apply and revert them; the journal is in the database itself."""

COMMANDS = ("migrations",)
