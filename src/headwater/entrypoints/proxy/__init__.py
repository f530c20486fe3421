"""The process that runs the database supervisor and the proxy for database clients."""
