"""All SQL of code bases: the code bases themselves, the results of scans as they are written, and as they are read."""
