"""Verifies snapshots: a single one on request, or all of a database by a policy."""
