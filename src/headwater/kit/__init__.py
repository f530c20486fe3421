"""Small helpers that know nothing of databases: errors, plugins, ids, clock, paging, settings."""
