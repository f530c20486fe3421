"""Lineage: from a code base to the usages of every column, as a visible tuple of passes (`pipeline.py`)."""
