"""Download links belong to the API key that created them, and end with it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("snapshot_links", sa.Column("key_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_snapshot_links_key_id"), "snapshot_links", "api_keys", ["key_id"], ["id"], ondelete="CASCADE"
    )
    op.create_index(op.f("ix_snapshot_links_key_id"), "snapshot_links", ["key_id"])


def downgrade() -> None:
    op.drop_column("snapshot_links", "key_id")
