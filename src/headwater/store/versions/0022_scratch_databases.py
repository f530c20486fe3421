"""Databases that a job needs for a while are in no list."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("databases", sa.Column("scratch", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.execute("DELETE FROM databases WHERE scratch")
    op.drop_column("databases", "scratch")
