"""The HTTP server, and `headwater up`, which runs it with its store and its workers."""
