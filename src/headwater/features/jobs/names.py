"""The names by which Procrastinate knows our queue and the one task that wakes a worker."""

QUEUE = "headwater"
TASK = "headwater.job"
