"""Questions about the columns of a code base, answered from its Schema and its usages.

`counts.py` counts usages by column, `dependencies.py` says what in the schema itself needs a column, `column_use.py`
decides which columns and tables are unused, never read or never written. `data_classes.py` names columns with personal
data by the rules of `data_classes.toml`, and `personal_data.py` adds the code that touches them. `scan_diff.py`
compares two scans, `shared_tables.py` the schemas of several code bases. `formats.py` writes answers as files.
"""
