"""Database engines, one folder each; none yet: they arrive with databases on demand."""
