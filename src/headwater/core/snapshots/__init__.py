"""The algorithm of snapshots: incremental reading, catching up to one moment, and subsets of a schema."""
