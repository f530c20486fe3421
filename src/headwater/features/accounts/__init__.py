"""Who may do what: users, sessions, organizations, projects, keys, rights, audit."""

COMMANDS = ("login", "projects", "keys")
