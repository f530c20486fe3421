"""Scans keep the HTTP endpoints of the code, and the code with usages that each of them reaches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scan_endpoints",
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.TEXT(), nullable=False),
        sa.Column("path", sa.TEXT(), nullable=False),
        sa.Column("framework", sa.TEXT(), nullable=False),
        sa.Column("handler", sa.TEXT(), nullable=False),
        sa.Column("file_path", sa.TEXT(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("columns_read", sa.Integer(), nullable=False),
        sa.Column("columns_written", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_endpoints_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "n", name=op.f("pk_scan_endpoints")),
    )
    op.create_table(
        "scan_reaches",
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("endpoint_n", sa.Integer(), nullable=False),
        sa.Column("file_path", sa.TEXT(collation="C"), nullable=False),
        sa.Column("symbol", sa.TEXT(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("last_line", sa.Integer(), nullable=False),
        sa.Column("chain", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("jsonb_typeof(chain) = 'array'", name=op.f("ck_scan_reaches_chain")),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_reaches_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scan_id", "n", name=op.f("pk_scan_reaches")),
    )
    op.create_index("ix_scan_reaches_code", "scan_reaches", ["scan_id", "file_path", "symbol"], unique=False)
    op.create_index("ix_scan_reaches_endpoint", "scan_reaches", ["scan_id", "endpoint_n"], unique=False)


def downgrade() -> None:
    op.drop_table("scan_reaches")
    op.drop_table("scan_endpoints")
