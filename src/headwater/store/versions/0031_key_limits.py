"""API keys that are limited to a project, a database or addresses, and their rotation; the database of a job."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None
NO_NULL = "cardinality(addresses) <= 50 AND array_position(addresses, NULL) IS NULL"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("database_id", sa.Uuid()))
    op.add_column("api_keys", sa.Column("project_id", sa.Uuid()))
    op.add_column("api_keys", sa.Column("database_id", sa.Uuid()))
    op.add_column("api_keys", sa.Column("limited_to", sa.TEXT(), server_default="", nullable=False))
    op.add_column("api_keys", sa.Column("addresses", ARRAY(sa.TEXT()), server_default="{}", nullable=False))
    op.add_column("api_keys", sa.Column("replaced_by", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_api_keys_replaced_by"), "api_keys", "api_keys", ["replaced_by"], ["id"], ondelete="SET NULL"
    )
    op.create_check_constraint(op.f("ck_api_keys_limit"), "api_keys", "database_id IS NULL OR project_id IS NOT NULL")
    op.create_check_constraint(op.f("ck_api_keys_addresses"), "api_keys", NO_NULL)


def downgrade() -> None:
    for name in ("replaced_by", "addresses", "limited_to", "database_id", "project_id"):
        op.drop_column("api_keys", name)
    op.drop_column("jobs", "database_id")
