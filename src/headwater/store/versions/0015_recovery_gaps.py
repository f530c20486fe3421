"""Archives with gaps and in several vaults: where recovery was off, and the vault of each base backup and segment."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ARCHIVES = sa.table("archives", sa.column("id"), sa.column("vault_id"))
_TABLES = ("archive_bases", "archive_logs")


def upgrade() -> None:
    empty = sa.text("'[]'::jsonb")
    op.add_column("archives", sa.Column("breaks", postgresql.JSONB(), server_default=empty, nullable=False))
    op.alter_column("archives", "breaks", server_default=None)
    for table in _TABLES:
        op.add_column(table, sa.Column("vault_id", sa.Uuid(), nullable=True))
        rows, archives = sa.table(table, sa.column("vault_id"), sa.column("archive_id")), _ARCHIVES
        chosen = sa.update(rows).values(vault_id=archives.c.vault_id).where(archives.c.id == rows.c.archive_id)
        op.execute(chosen)
        op.alter_column(table, "vault_id", nullable=False)
        op.create_foreign_key(None, table, "vaults", ["vault_id"], ["id"], ondelete="RESTRICT")
        op.create_index(f"ix_{table}_vault_id", table, ["vault_id"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "vault_id")
    op.drop_column("archives", "breaks")
