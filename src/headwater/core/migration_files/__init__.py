"""Migrations as scripts: their order and checksums, and the folders in which other tools keep theirs."""
