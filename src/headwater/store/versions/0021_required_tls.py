"""Whether clients of a managed database must use TLS."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("databases", sa.Column("tls_required", sa.Boolean(), nullable=False, server_default="false"))


def downgrade() -> None:
    op.drop_column("databases", "tls_required")
