"""Actions in the audit log are indexed within their organization, in an order by which their starts can be searched."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None
TABLE, NEWEST, C = "audit_entries", sa.text("id DESC"), {"action": 'COLLATE "C"'}


def upgrade() -> None:
    op.drop_index("ix_audit_entries_action_id", table_name=TABLE)
    op.create_index(
        "ix_audit_entries_organization_id_action_id", TABLE, ["organization_id", "action", NEWEST], postgresql_ops=C
    )


def downgrade() -> None:
    op.drop_index("ix_audit_entries_organization_id_action_id", table_name=TABLE)
    op.create_index(
        "ix_audit_entries_action_id", TABLE, ["action", NEWEST], postgresql_ops={"action": "text_pattern_ops"}
    )
