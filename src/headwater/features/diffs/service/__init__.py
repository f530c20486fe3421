"""What differs between two sources: a summary by table, and pages of rows."""
