"""Data transfers between engines and files: mapping of types, conversion of values, and losses."""
