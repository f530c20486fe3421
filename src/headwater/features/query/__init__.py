"""Queries: run, explain, save and share them; browse and edit rows; change schemas."""

COMMANDS = ("sql",)
