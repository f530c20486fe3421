"""Outgoing connections: which addresses may be reached, over which tunnel, under which TLS; nothing of databases."""
