"""The verbs of jobs: queue (what users do), attempts (what workers do), sweep (what nobody did), workers."""
