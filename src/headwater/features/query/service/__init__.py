"""The services of queries."""
