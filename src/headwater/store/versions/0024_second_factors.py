"""Second factors, recovery codes, organizations that demand them, and when a session last proved who uses it."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("confirmed_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"])
    required: sa.Column[bool] = sa.Column(
        "requires_second_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False
    )
    op.add_column("organizations", required)
    op.add_column("sessions", sa.Column("confirmed_at", moment, server_default=sa.func.now(), nullable=False))
    op.execute("UPDATE sessions SET confirmed_at = created_at")


def downgrade() -> None:
    op.drop_column("sessions", "confirmed_at")
    op.drop_column("organizations", "requires_second_factor")
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
