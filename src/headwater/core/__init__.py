"""Pure parts: Schema and values in, value out. They know each other not at all."""
