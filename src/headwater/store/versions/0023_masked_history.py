"""Secrets in the history of queries are masked, as they are when a statement is recorded."""

import sqlalchemy as sa
from alembic import op

from headwater import engines

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Only texts that can have a secret at all are read.
CANDIDATES = """
SELECT r.id, r.text, r.error, d.engine FROM query_runs r JOIN databases d ON d.id = r.database_id
WHERE r.id > :after
  AND r.text ~* 'pass|pwd|identified|secret|token|api_?key|conninfo|crypt|pragma|auth|setuser|://'
ORDER BY r.id LIMIT 500
"""


def upgrade() -> None:
    connection, after = op.get_bind(), "00000000-0000-0000-0000-000000000000"
    update = sa.text("UPDATE query_runs SET text = :text, error = :error WHERE id = :id")
    while rows := connection.execute(sa.text(CANDIDATES), {"after": after}).all():
        for row in rows:
            masked = engines.engine(row.engine).mask_secrets(row.text)
            error = None if row.error is None else masked.hide(row.error)
            if (masked.text, error) != (row.text, row.error):
                connection.execute(update, {"id": row.id, "text": masked.text, "error": error})
        after = rows[-1].id


def downgrade() -> None:
    """What is masked stays masked."""
