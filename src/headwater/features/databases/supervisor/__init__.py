"""The process that manages all instances: starts, wakes, stops and destroys them as their rows ask for."""
