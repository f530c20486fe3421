"""Merges of databases, and the conflicts that people resolve."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    document, moment = postgresql.JSONB(astext_type=sa.Text()), sa.DateTime(timezone=True)
    op.create_table(
        "merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Uuid()),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid()),
        sa.Column("target_name", sa.TEXT(), nullable=False),
        sa.Column("source_id", sa.Uuid()),
        sa.Column("source_name", sa.TEXT(), nullable=False),
        sa.Column("base_id", sa.Uuid(), nullable=False),
        sa.Column("theirs_id", sa.Uuid()),
        sa.Column("ours_id", sa.Uuid()),
        sa.Column("status", sa.TEXT(), nullable=False),
        sa.Column("prefer", sa.TEXT()),
        sa.Column("result", document, nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("applied_at", moment),
        sa.CheckConstraint("status IN ('preparing', 'prepared', 'applying', 'applied')", name=op.f("ck_merges_status")),
        sa.CheckConstraint("prefer IN ('ours', 'theirs')", name=op.f("ck_merges_prefer")),
        sa.CheckConstraint("jsonb_typeof(result) = 'object'", name=op.f("ck_merges_result")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_merges_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["target_id"], ["databases.id"], name=op.f("fk_merges_target_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["databases.id"], name=op.f("fk_merges_source_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["base_id"], ["snapshots.id"], name=op.f("fk_merges_base_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    op.create_index("ix_merges_target_id_id", "merges", ["target_id", sa.text("id DESC")])
    op.create_index(op.f("ix_merges_source_id"), "merges", ["source_id"])
    op.create_index(op.f("ix_merges_base_id"), "merges", ["base_id"])
    op.create_table(
        "merge_conflicts",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("table_name", sa.TEXT(), nullable=False),
        sa.Column("kind", sa.TEXT(), nullable=False),
        sa.Column("cells", document, nullable=False),
        sa.Column("choice", sa.TEXT()),
        sa.CheckConstraint("choice IN ('ours', 'theirs')", name=op.f("ck_merge_conflicts_choice")),
        sa.CheckConstraint("jsonb_typeof(cells) = 'object'", name=op.f("ck_merge_conflicts_cells")),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["merges.id"], name=op.f("fk_merge_conflicts_merge_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("merge_id", "ordinal", name=op.f("pk_merge_conflicts")),
    )


def downgrade() -> None:
    op.drop_table("merge_conflicts")
    op.drop_table("merges")
