"""Long work: queue, progress, log, cancel, retry."""
