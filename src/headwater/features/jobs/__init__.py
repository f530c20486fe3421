"""Long work: queue, progress, log, cancel, retry."""

COMMANDS = ("jobs",)
