"""One-time links of an account: to reset its password, and to confirm its new address."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "account_links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.TEXT(), nullable=False),
        sa.Column("email", sa.TEXT(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.CheckConstraint("purpose IN ('reset', 'email')", name=op.f("ck_account_links_purpose")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_account_links_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_account_links")),
        sa.UniqueConstraint("user_id", "purpose", name=op.f("uq_account_links_user_id_purpose")),
    )


def downgrade() -> None:
    op.drop_table("account_links")
