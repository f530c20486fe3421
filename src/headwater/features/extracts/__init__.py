"""What is read out of a snapshot without restoring it: queries, rows page by page, files, and links to them."""

COMMANDS = ("snapshot",)
JOBS = ("snapshot",)
