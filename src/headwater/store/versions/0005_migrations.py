"""The table of migrations."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "migrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("database_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("version", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("origin", sa.TEXT(), nullable=False),
        sa.Column("runs", sa.Boolean(), nullable=False),
        sa.Column("up", sa.TEXT(), nullable=False),
        sa.Column("down", sa.TEXT(), nullable=True),
        sa.Column("checksum", sa.TEXT(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("database_id", "version", name=op.f("uq_migrations_database_id_version")),
        sa.UniqueConstraint("database_id", "place", name=op.f("uq_migrations_database_id_place")),
    )


def downgrade() -> None:
    op.drop_table("migrations")
