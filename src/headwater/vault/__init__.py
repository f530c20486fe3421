"""Content-addressed, encrypted storage of snapshots; empty until snapshots arrive."""
