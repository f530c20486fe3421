"""The names of our queue and of our only task in Procrastinate."""

QUEUE = "headwater"
TASK = "headwater.job"
