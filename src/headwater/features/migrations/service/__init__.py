"""The services of migrations."""
