"""Measures Headwater against named peers and limits, in one run each; `make bench PART=lineage ARGS="…"`."""
