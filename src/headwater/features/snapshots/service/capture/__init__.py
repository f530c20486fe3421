"""Takes a snapshot: the job, the choice of the parent snapshot, and writing the tables into the vault."""
