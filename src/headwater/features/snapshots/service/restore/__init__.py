"""How a snapshot is restored: planned, into a new database or in place, and cleaned up after a failure."""
