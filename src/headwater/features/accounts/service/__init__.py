"""The verbs of accounts, by noun: identity, sessions, organizations, projects, keys, instance, audit."""
