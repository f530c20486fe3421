"""Transfers: copies between engines, imports of files, exports of whole databases, each as a job."""

COMMANDS = ("db",)
JOBS = ("transfer",)
