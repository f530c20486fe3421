"""Proves that the schemas of snapshots can be restored: the job, and what is left by jobs that ended early."""
