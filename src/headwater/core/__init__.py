"""Pure functions from Schemas and values to values; the packages do not depend on each other."""
