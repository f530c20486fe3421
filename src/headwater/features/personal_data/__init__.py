"""What belongs to a user: its export, the deletion of an account, and what happens to the organizations of its user."""

COMMANDS = ("account",)
JOBS = ("account",)
