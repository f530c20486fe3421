"""Requests of command lines to be signed in, which their user answers in a browser."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "device_requests",
        sa.Column("device_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("ip", sa.TEXT(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("answered_at", moment),
        sa.Column("approved_by", sa.Uuid()),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["users.id"], name=op.f("fk_device_requests_approved_by"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_hash", name=op.f("pk_device_requests")),
        sa.UniqueConstraint("user_code_hash", name=op.f("uq_device_requests_user_code_hash")),
    )
    op.create_index(op.f("ix_device_requests_expires_at"), "device_requests", ["expires_at"])
    op.create_index(op.f("ix_device_requests_approved_by"), "device_requests", ["approved_by"])


def downgrade() -> None:
    op.drop_table("device_requests")
