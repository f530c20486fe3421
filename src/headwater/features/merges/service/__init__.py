"""Merges: requesting and resolving them, the snapshots that they need, and the jobs that prepare and apply them."""
