"""The services of transfers."""
