"""Databases: provisioned here or connected from elsewhere; how they are reached, and what is known of them."""

COMMANDS = ("db",)
