"""Headwater's own PostgreSQL: the embedded server and its supervisor, sessions, the one commit, migrations."""
