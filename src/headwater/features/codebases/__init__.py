"""Source code and its scans: upload, files, usages."""
