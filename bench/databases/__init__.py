"""Databases on demand, measured: see `__main__`."""
