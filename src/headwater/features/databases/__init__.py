"""Databases, managed or connected: how Headwater reaches them, and their schemas and metrics."""

COMMANDS = ("db",)
