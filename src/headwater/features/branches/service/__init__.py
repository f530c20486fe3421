"""Creates, lists and resets branches, ends those whose time is over, and runs their jobs."""
