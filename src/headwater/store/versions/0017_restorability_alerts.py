"""Alerts for snapshots whose schema cannot be restored."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BEFORE = "'failed', 'missed', 'grew', 'damaged', 'verify_failed', 'drill_failed'"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_alerts_kind"), "alerts", type_="check")
    op.create_check_constraint(op.f("ck_alerts_kind"), "alerts", f"kind IN ({_BEFORE}, 'not_restorable')")


def downgrade() -> None:
    op.execute("DELETE FROM alerts WHERE kind = 'not_restorable'")
    op.drop_constraint(op.f("ck_alerts_kind"), "alerts", type_="check")
    op.create_check_constraint(op.f("ck_alerts_kind"), "alerts", f"kind IN ({_BEFORE})")
