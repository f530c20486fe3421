"""Scans keep the models of their readers and what they did not see, so that impact can be asked of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scans", sa.Column("models_json", sa.LargeBinary()))
    unseen = sa.Column("unseen", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("scans", unseen)
    op.alter_column("scans", "unseen", server_default=None)
    op.create_check_constraint(op.f("ck_scans_unseen"), "scans", "jsonb_typeof(unseen) = 'array'")


def downgrade() -> None:
    op.drop_column("scans", "unseen")
    op.drop_column("scans", "models_json")
