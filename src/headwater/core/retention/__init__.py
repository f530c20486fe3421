"""Decides which snapshots a policy keeps and which it deletes, and why; pure, so a preview equals the plan."""

from __future__ import annotations

from headwater.core.retention.plan import Candidate, Decision, RetentionPolicy, plan

__all__ = ["Candidate", "Decision", "RetentionPolicy", "plan"]
