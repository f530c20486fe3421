"""The verbs of databases."""
