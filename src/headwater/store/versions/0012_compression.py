"""How the pages of a vault are compressed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vaults", sa.Column("codec", sa.Text(), nullable=False, server_default="zstd"))
    op.add_column("vaults", sa.Column("level", sa.Integer(), nullable=False, server_default="3"))
    op.alter_column("vaults", "codec", server_default=None)
    op.alter_column("vaults", "level", server_default=None)


def downgrade() -> None:
    op.drop_column("vaults", "level")
    op.drop_column("vaults", "codec")
