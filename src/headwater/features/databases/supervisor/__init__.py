"""The one process that keeps all instances: makes them what their rows want, wakes them, puts them to sleep."""
