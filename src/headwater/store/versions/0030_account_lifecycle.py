"""Accounts that are deactivated or to be deleted, and sign-ups whose address is not confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("users", sa.Column("deactivated_at", moment))
    op.add_column("users", sa.Column("deletion_at", moment))
    op.create_check_constraint(op.f("ck_users_deletion"), "users", "deletion_at IS NULL OR deactivated_at IS NOT NULL")
    op.create_index(
        "ix_users_deletion_at", "users", ["deletion_at"], postgresql_where=sa.text("deletion_at IS NOT NULL")
    )
    op.add_column("organizations", sa.Column("deleted_with", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_organizations_deleted_with"), "organizations", "users", ["deleted_with"], ["id"], ondelete="SET NULL"
    )
    op.create_index(op.f("ix_organizations_deleted_with"), "organizations", ["deleted_with"])
    op.create_table(
        "pending_sign_ups",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("password_hash", sa.TEXT(), nullable=False),
        sa.Column("invitation_hash", sa.LargeBinary()),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_pending_sign_ups")),
    )
    op.create_index(op.f("ix_pending_sign_ups_expires_at"), "pending_sign_ups", ["expires_at"])


def downgrade() -> None:
    op.drop_table("pending_sign_ups")
    op.drop_column("organizations", "deleted_with")
    op.drop_column("users", "deletion_at")
    op.drop_column("users", "deactivated_at")
