"""Headwater's own PostgreSQL: the embedded server, sessions, transactions, migrations, encryption of secrets."""
