"""Queries: run, explained, kept, shared; rows looked at and edited; schemas changed."""

COMMANDS = ("sql",)
