"""Restores snapshots: the plan, restores into a new database or in place, and cleaning up after a failure."""
