"""What SQLAlchemy calls mean."""

VOCABULARY = None
