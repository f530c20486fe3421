"""Extensions of a database: listed, installed, updated and removed."""

COMMANDS = ("extension",)
