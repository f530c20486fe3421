"""Accounts and permissions: users, sessions, organizations, projects, API keys, rights and the audit log."""

COMMANDS = ("login", "projects", "keys", "account", "members", "users", "audit")
