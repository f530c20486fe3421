"""When a schedule is due: a cron expression in a time zone; pure, the time is an argument."""

from __future__ import annotations

from headwater.core.schedules.schedules import Schedule, checked, latest, times, zone_names

__all__ = ["Schedule", "checked", "latest", "times", "zone_names"]
