"""Vaults of another Headwater that were opened here: read-only ones, whose keys are stored encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vaults", sa.Column("read_only", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("vaults", sa.Column("sealed_key", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("vaults", "sealed_key")
    op.drop_column("vaults", "read_only")
