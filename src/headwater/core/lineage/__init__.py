"""Lineage: from a code base to the usages of every column, as a list of passes (`pipeline.py`)."""
