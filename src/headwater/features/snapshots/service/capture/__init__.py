"""How a snapshot is taken: the job, the choice of what to build on, the tables into the vault."""
