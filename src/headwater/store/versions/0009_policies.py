"""The tables of policies, their runs and alerts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "snapshot_policies",
        sa.Column("database_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("cron", sa.TEXT(), nullable=True),
        sa.Column("timezone", sa.TEXT(), nullable=False),
        sa.Column("misfire", sa.TEXT(), nullable=False),
        sa.Column("grace_seconds", sa.Integer(), nullable=False),
        sa.Column("jitter_seconds", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("retention", JSON, nullable=False),
        sa.Column("checks", JSON, nullable=False),
        sa.Column("growth", sa.Double(), nullable=True),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("verify_at", TIME, nullable=True),
        sa.Column("verify_part", sa.Integer(), nullable=False),
        sa.Column("drill_at", TIME, nullable=True),
        sa.Column("retained_at", TIME, nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("misfire IN ('run_once', 'skip')", name=op.f("ck_snapshot_policies_misfire")),
        sa.ForeignKeyConstraint(
            ["database_id"], ["databases.id"], name=op.f("fk_snapshot_policies_database_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_snapshot_policies_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("database_id", name=op.f("pk_snapshot_policies")),
    )
    op.create_index(op.f("ix_snapshot_policies_organization_id"), "snapshot_policies", ["organization_id"])
    op.create_index(op.f("ix_snapshot_policies_due_at"), "snapshot_policies", ["due_at"])
    op.create_table(
        "policy_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("database_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.TEXT(), nullable=False),
        sa.Column("scheduled_for", TIME, nullable=True),
        sa.Column("outcome", sa.TEXT(), nullable=False),
        sa.Column("detail", sa.TEXT(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.CheckConstraint("kind IN ('snapshot', 'verify', 'drill')", name=op.f("ck_policy_runs_kind")),
        sa.CheckConstraint(
            "outcome IN ('running', 'complete', 'failed', 'cancelled', 'skipped', 'missed', 'damaged')",
            name=op.f("ck_policy_runs_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_policy_runs_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["database_id"], ["databases.id"], name=op.f("fk_policy_runs_database_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_runs")),
        sa.UniqueConstraint(
            "database_id", "kind", "scheduled_for", name=op.f("uq_policy_runs_database_id_kind_scheduled_for")
        ),
    )
    op.create_index("ix_policy_runs_database_id_id", "policy_runs", ["database_id", sa.literal_column("id DESC")])
    op.create_index("ix_policy_runs_running", "policy_runs", ["id"], postgresql_where=sa.text("outcome = 'running'"))
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("database_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.TEXT(), nullable=False),
        sa.Column("status", sa.TEXT(), nullable=False),
        sa.Column("message", sa.TEXT(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("last_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("resolved_at", TIME, nullable=True),
        sa.CheckConstraint(
            "kind IN ('failed', 'missed', 'grew', 'damaged', 'verify_failed', 'drill_failed')",
            name=op.f("ck_alerts_kind"),
        ),
        sa.CheckConstraint("status IN ('open', 'acknowledged', 'resolved')", name=op.f("ck_alerts_status")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_alerts_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["database_id"], ["databases.id"], name=op.f("fk_alerts_database_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "uq_alerts_open", "alerts", ["database_id", "kind"], unique=True, postgresql_where=sa.text("status = 'open'")
    )
    op.create_index("ix_alerts_organization_id_id", "alerts", ["organization_id", sa.literal_column("id DESC")])
    op.create_index(op.f("ix_alerts_database_id"), "alerts", ["database_id"])


def downgrade() -> None:
    op.drop_table("alerts")
    op.drop_table("policy_runs")
    op.drop_table("snapshot_policies")
