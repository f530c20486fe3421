"""The process that keeps the databases and lets clients in to them."""
