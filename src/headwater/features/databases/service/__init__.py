"""The services of databases."""
