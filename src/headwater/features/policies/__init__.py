"""Policies of databases: when snapshots are taken, which are kept, how they are checked; and alerts."""

COMMANDS = ("policy", "alerts")
