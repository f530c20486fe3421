"""Point-in-time recovery: archives base backups and the log of databases, and restores them to any moment."""

COMMANDS = ("recovery",)
JOBS = ("recovery",)
