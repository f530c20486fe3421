"""The tables of recovery, and the columns of databases that the supervisor needs for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
NOW = sa.text("now()")


def upgrade() -> None:
    for name in ("archives", "building"):
        op.add_column("databases", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        op.alter_column("databases", name, server_default=None)
    op.create_table(
        "archives",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("database_id", sa.Uuid(), nullable=True),
        sa.Column("vault_id", sa.Uuid(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("base_days", sa.Integer(), nullable=False),
        sa.Column("archived_to", sa.BigInteger(), nullable=True),
        sa.Column("seen", JSON, nullable=False),
        sa.Column("covered", JSON, nullable=False),
        sa.Column("pending", JSON, nullable=False),
        sa.Column("spooled", sa.Integer(), nullable=False),
        sa.Column("problem", sa.TEXT(), nullable=False),
        sa.Column("problem_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_archives_organization_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["database_id"], ["databases.id"], name=op.f("fk_archives_database_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_archives_vault_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archives")),
        sa.UniqueConstraint("database_id", name=op.f("uq_archives_database_id")),
    )
    op.create_index(op.f("ix_archives_vault_id"), "archives", ["vault_id"], unique=False)
    op.create_table(
        "archive_bases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("archive_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.TEXT(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("attempt", sa.Uuid(), nullable=True),
        sa.Column("timeline", sa.BigInteger(), nullable=True),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("changes", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.TEXT(), nullable=False),
        sa.Column("raw_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("new_bytes", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("status IN ('taking', 'complete', 'deleting')", name=op.f("ck_archive_bases_status")),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["archives.id"], name=op.f("fk_archive_bases_archive_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_bases")),
    )
    op.create_index(
        "ix_archive_bases_archive_id_id", "archive_bases", ["archive_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "archive_logs",
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("archive_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.TEXT(), nullable=False),
        sa.Column("timeline", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reaches", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("status IN ('complete', 'deleting')", name=op.f("ck_archive_logs_status")),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["archives.id"], name=op.f("fk_archive_logs_archive_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_archive_logs")),
    )
    op.create_index(
        "ix_archive_logs_archive_id_first", "archive_logs", ["archive_id", "timeline", "first"], unique=False
    )
    op.create_table(
        "archive_points",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("archive_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["archives.id"], name=op.f("fk_archive_points_archive_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_points")),
    )
    op.create_index("uq_archive_points_archive_id_name", "archive_points", ["archive_id", "name"], unique=True)
    op.create_table(
        "recoveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("archive_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("target_name", sa.TEXT(), nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("result", JSON, nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("attempt", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_recoveries_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["archives.id"], name=op.f("fk_recoveries_archive_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["databases.id"], name=op.f("fk_recoveries_target_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recoveries")),
    )
    op.create_index(
        "ix_recoveries_archive_id_id", "recoveries", ["archive_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(op.f("ix_recoveries_target_id"), "recoveries", ["target_id"], unique=False)


def downgrade() -> None:
    for table in ("recoveries", "archive_points", "archive_logs", "archive_bases", "archives"):
        op.drop_table(table)
    for name in ("archives", "building"):
        op.drop_column("databases", name)
