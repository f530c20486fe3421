"""Snapshots beside dumps: how long they take, how much they store, what the second one costs, how fast they come back."""
