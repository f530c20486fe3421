"""What one can ask of schemas: the schemas of scanned codebases, and what differs between two."""
