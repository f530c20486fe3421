"""The verbs of queries."""
