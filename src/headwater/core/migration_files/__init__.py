"""Migrations as scripts: their order and checksums, and the folder layouts of other tools."""
