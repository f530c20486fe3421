"""The services of accounts: identity, sessions, organizations, projects, API keys, instance, audit log."""
