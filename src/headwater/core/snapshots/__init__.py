"""The algorithm of snapshots: what of a database is read again, how a read comes to one moment, what a subset needs."""
