"""The services of jobs: queue (for users), attempts (for workers), sweep (recovers lost jobs), workers."""
