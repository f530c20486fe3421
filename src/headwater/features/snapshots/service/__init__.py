"""The verbs of snapshots."""
