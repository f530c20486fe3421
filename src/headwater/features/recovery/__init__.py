"""Recovery: the log of a database and base backups in the organization's vault, and the way back to any moment."""

COMMANDS = ("recovery",)
JOBS = ("recovery",)
