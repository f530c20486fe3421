"""How snapshots are verified: one when somebody asks, or all of a database in turns."""
