"""Migrations of a database: written, generated, imported, applied, reverted; the journal is in the database itself."""

COMMANDS = ("migrations",)
