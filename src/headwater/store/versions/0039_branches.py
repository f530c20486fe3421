"""Branches of databases."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "branches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Uuid()),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("database_id", sa.Uuid()),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("parent_name", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("base_id", sa.Uuid()),
        sa.Column("restore_id", sa.Uuid()),
        sa.Column("holds_base", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", moment),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_branches_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["database_id"], ["databases.id"], name=op.f("fk_branches_database_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["databases.id"], name=op.f("fk_branches_parent_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["base_id"], ["snapshots.id"], name=op.f("fk_branches_base_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["restore_id"], ["restores.id"], name=op.f("fk_branches_restore_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
        sa.UniqueConstraint("database_id", name=op.f("uq_branches_database_id")),
    )
    op.create_index("ix_branches_parent_id_id", "branches", ["parent_id", sa.text("id DESC")])
    for column in ("base_id", "restore_id", "expires_at"):
        op.create_index(op.f(f"ix_branches_{column}"), "branches", [column])


def downgrade() -> None:
    op.drop_table("branches")
