"""The tables of codebases and of the results of their scans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facts_cache",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_facts_cache")),
    )
    op.create_index(op.f("ix_facts_cache_used_at"), "facts_cache", ["used_at"], unique=False)
    op.create_table(
        "codebases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("filename", sa.TEXT(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.TEXT(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_codebases_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_codebases_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codebases")),
    )
    op.create_index(op.f("ix_codebases_project_id"), "codebases", ["project_id"], unique=False)
    op.create_table(
        "scans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("codebase_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "finished_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("tables", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("usages", sa.Integer(), nullable=False),
        sa.Column("not_understood", sa.Integer(), nullable=False),
        sa.Column("files", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("readers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("skipped", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("schema_json", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["codebase_id"], ["codebases.id"], name=op.f("fk_scans_codebase_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scans")),
        sa.UniqueConstraint("codebase_id", name=op.f("uq_scans_codebase_id")),
    )
    op.create_table(
        "scan_columns",
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.TEXT(), nullable=False),
        sa.Column("table_kind", sa.TEXT(), nullable=False),
        sa.Column("column_name", sa.TEXT(), nullable=False),
        sa.Column("type", sa.TEXT(), nullable=False),
        sa.Column("nullable", sa.Boolean(), nullable=False),
        sa.Column("primary_key", sa.Boolean(), nullable=False),
        sa.Column("ref_table", sa.TEXT(), nullable=True),
        sa.Column("ref_column", sa.TEXT(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_columns_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "ordinal", name=op.f("pk_scan_columns")),
    )
    op.create_table(
        "scan_files",
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.TEXT(collation="C"), nullable=False),
        sa.Column("language", sa.TEXT(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("status", sa.TEXT(), nullable=False),
        sa.Column("reason", sa.TEXT(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_files_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "path", name=op.f("pk_scan_files")),
    )
    op.create_table(
        "scan_misses",
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file_path", sa.TEXT(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("text", sa.TEXT(), nullable=False),
        sa.Column("reason", sa.TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_misses_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "n", name=op.f("pk_scan_misses")),
    )
    op.create_table(
        "scan_usages",
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("column_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.TEXT(), nullable=False),
        sa.Column("column_name", sa.TEXT(), nullable=False),
        sa.Column("file_path", sa.TEXT(collation="C"), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("end_line", sa.Integer(), nullable=False),
        sa.Column("start_column", sa.Integer(), nullable=False),
        sa.Column("end_column", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.TEXT(), nullable=False),
        sa.Column("code_snippet", sa.TEXT(), nullable=False),
        sa.Column("language", sa.TEXT(), nullable=False),
        sa.Column("usage_type", sa.TEXT(), nullable=False),
        sa.Column("sub_type", sa.TEXT(), nullable=True),
        sa.Column("via", sa.TEXT(), nullable=False),
        sa.Column("tier", sa.TEXT(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_usages_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "n", name=op.f("pk_scan_usages")),
    )
    op.create_index("ix_scan_usages_column", "scan_usages", ["scan_id", "column_id", "usage_type"], unique=False)
    op.create_index("ix_scan_usages_file", "scan_usages", ["scan_id", "file_path", "line_number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_scan_usages_file", table_name="scan_usages")
    op.drop_index("ix_scan_usages_column", table_name="scan_usages")
    op.drop_table("scan_usages")
    op.drop_table("scan_misses")
    op.drop_table("scan_files")
    op.drop_table("scan_columns")
    op.drop_table("scans")
    op.drop_index(op.f("ix_codebases_project_id"), table_name="codebases")
    op.drop_table("codebases")
    op.drop_index(op.f("ix_facts_cache_used_at"), table_name="facts_cache")
    op.drop_table("facts_cache")
