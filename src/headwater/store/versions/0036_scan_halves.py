"""Scans keep what models and what migrations declare on their own, so that the two can be compared."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scans", sa.Column("halves_json", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("scans", "halves_json")
