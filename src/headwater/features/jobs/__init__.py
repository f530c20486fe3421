"""Jobs, for long work: queue, progress, log, cancel, retry."""

COMMANDS = ("jobs",)
