"""Counts of sign-ins and sign-ups, shared by all server processes."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "throttles",
        sa.Column("scope", sa.TEXT(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_throttles_count")),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_throttles")),
    )
    op.create_index(op.f("ix_throttles_since"), "throttles", ["since"])


def downgrade() -> None:
    op.drop_table("throttles")
