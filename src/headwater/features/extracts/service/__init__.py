"""The verbs of extracts."""
