"""What can be done with migrations."""
