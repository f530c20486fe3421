"""Codebases can be read from a git repository, and a scan says which commit it read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("codebases", sa.Column("commit", postgresql.JSONB(astext_type=sa.Text())))
    op.add_column("scans", sa.Column("commit", postgresql.JSONB(astext_type=sa.Text())))
    for table in ("codebases", "scans"):
        op.create_check_constraint(op.f(f"ck_{table}_commit"), table, "jsonb_typeof(commit) = 'object'")
    op.create_table(
        "git_sources",
        sa.Column("codebase_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.TEXT(), nullable=False),
        sa.Column("branch", sa.TEXT(), nullable=False),
        sa.Column("default_branch", sa.TEXT(), nullable=False),
        sa.Column("subfolder", sa.TEXT(), nullable=False),
        sa.Column("credentials", sa.TEXT(), nullable=False),
        sa.Column("username", sa.TEXT(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary()),
        sa.Column("public_key", sa.TEXT(), nullable=False),
        sa.Column("host_key", sa.TEXT(), nullable=False),
        sa.Column("sealed_webhook_secret", sa.LargeBinary()),
        sa.Column("cron", sa.TEXT()),
        sa.Column("timezone", sa.TEXT(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("requested_at", sa.DateTime(timezone=True)),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("failure", sa.TEXT(), nullable=False),
        sa.CheckConstraint("credentials IN ('none', 'token', 'deploy_key')", name=op.f("ck_git_sources_credentials")),
        sa.ForeignKeyConstraint(
            ["codebase_id"], ["codebases.id"], name=op.f("fk_git_sources_codebase_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("codebase_id", name=op.f("pk_git_sources")),
    )
    due = sa.text("next_at IS NOT NULL OR requested_at IS NOT NULL")
    op.create_index("ix_git_sources_due", "git_sources", ["next_at", "requested_at"], postgresql_where=due)


def downgrade() -> None:
    op.drop_table("git_sources")
    op.drop_column("scans", "commit")
    op.drop_column("codebases", "commit")
