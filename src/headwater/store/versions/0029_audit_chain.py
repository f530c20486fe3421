"""The audit log can only grow: entries are sealed in a hash chain. Jobs say who started them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

WORDS = """
CREATE FUNCTION audit_words(email text, action text, name text, key text, details jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('simple'::regconfig,
        regexp_replace(email || ' ' || action || ' ' || name || ' ' || key || ' ' || details::text,
            '[^[:alnum:]]+', ' ', 'g'))
$$
"""
GUARD = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL
        AND to_jsonb(NEW) - 'position' - 'hash' = to_jsonb(OLD) - 'position' - 'hash' THEN
        RETURN NEW;  -- an entry is sealed, once
    END IF;
    IF TG_OP = 'DELETE' AND OLD.position IS NOT NULL AND current_setting('headwater.audit_expiry', true) = 'on' THEN
        RETURN OLD;  -- by audit_expire
    END IF;
    RAISE EXCEPTION 'The audit log can only grow.' USING ERRCODE = 'insufficient_privilege';
END $$
"""
# The only way to remove entries: the first ones of a chain, whose last hash becomes its anchor.
EXPIRE = """
CREATE FUNCTION audit_expire(chain uuid, through bigint, new_signature bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    organization uuid := nullif(chain, '00000000-0000-0000-0000-000000000000');
    last_hash bytea;
    removed bigint;
BEGIN
    IF organization IS NULL THEN
        SELECT hash INTO STRICT last_hash FROM audit_entries WHERE organization_id IS NULL AND position = through;
    ELSE
        SELECT hash INTO STRICT last_hash FROM audit_entries
        WHERE organization_id = organization AND position = through;
    END IF;
    UPDATE audit_chains SET anchor_position = through, anchor_hash = last_hash, signature = new_signature
    WHERE id = chain;
    PERFORM set_config('headwater.audit_expiry', 'on', true);
    IF organization IS NULL THEN
        DELETE FROM audit_entries WHERE organization_id IS NULL AND position <= through;
    ELSE
        DELETE FROM audit_entries WHERE organization_id = organization AND position <= through;
    END IF;
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('headwater.audit_expiry', 'off', true);
    RETURN removed;
END $$
"""
COLUMNS = ("door", "key_name", "database_id", "outcome", "request_id", "position", "hash")
INDEXES = ("actor_email_id", "database_id_id", "action_id", "search", "organization_id_position", "unsealed")


def upgrade() -> None:
    op.execute(WORDS)
    _add_columns()
    op.execute(
        "UPDATE audit_entries SET database_id = resource_id::uuid "
        "WHERE resource_kind = 'database' AND resource_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'"
    )
    op.execute(
        "UPDATE audit_entries SET door = CASE actor_kind WHEN 'user' THEN 'web' WHEN 'key' THEN 'api' ELSE 'system' END"
    )
    _add_indexes()
    op.create_table(
        "audit_chains",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("anchor_position", sa.BigInteger(), nullable=False),
        sa.Column("anchor_hash", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chains")),
    )
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entries "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
    )
    op.execute(
        "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )
    op.execute(EXPIRE)
    origin = sa.Column("origin", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
    op.add_column("jobs", origin)
    op.add_column("workers", sa.Column("resident_bytes", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("workers", sa.Column("cpu_seconds", sa.Float(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_jobs_origin"), "jobs", "jsonb_typeof(origin) = 'object'")


def _add_columns() -> None:
    table = "audit_entries"
    op.add_column(table, sa.Column("door", sa.TEXT(), server_default="system", nullable=False))
    op.add_column(table, sa.Column("key_name", sa.TEXT(), server_default="", nullable=False))
    op.add_column(table, sa.Column("database_id", sa.Uuid(), nullable=True))
    op.add_column(table, sa.Column("outcome", sa.TEXT(), server_default="ok", nullable=False))
    op.add_column(table, sa.Column("request_id", sa.TEXT(), server_default="", nullable=False))
    op.add_column(table, sa.Column("position", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("hash", sa.LargeBinary(), nullable=True))
    outcomes = "outcome IN ('ok', 'failed', 'cancelled', 'rolled_back', 'open', 'refused')"
    op.create_check_constraint(op.f("ck_audit_entries_door"), table, "door IN ('web', 'cli', 'api', 'system')")
    op.create_check_constraint(op.f("ck_audit_entries_outcome"), table, outcomes)
    op.create_check_constraint(op.f("ck_audit_entries_sealed"), table, "(position IS NULL) = (hash IS NULL)")


def _add_indexes() -> None:
    table, newest = "audit_entries", sa.text("id DESC")
    op.create_index("ix_audit_entries_actor_email_id", table, ["actor_email", newest])
    op.create_index("ix_audit_entries_database_id_id", table, ["database_id", newest])
    op.create_index(
        "ix_audit_entries_action_id", table, ["action", newest], postgresql_ops={"action": "text_pattern_ops"}
    )
    words = sa.text("audit_words(actor_email, action, resource_name, key_name, details)")
    op.create_index("ix_audit_entries_search", table, [words], postgresql_using="gin")
    op.create_index(
        "ix_audit_entries_organization_id_position",
        table,
        ["organization_id", "position"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("position IS NOT NULL"),
    )
    op.create_index("ix_audit_entries_unsealed", table, ["id"], postgresql_where=sa.text("position IS NULL"))


def downgrade() -> None:
    op.drop_column("jobs", "origin")
    op.drop_column("workers", "resident_bytes")
    op.drop_column("workers", "cpu_seconds")
    op.execute("DROP TRIGGER append_only ON audit_entries")
    op.execute("DROP TRIGGER no_truncate ON audit_entries")
    op.execute("DROP FUNCTION audit_append_only")
    op.execute("DROP FUNCTION audit_expire")
    op.drop_table("audit_chains")
    for name in INDEXES:
        op.drop_index(f"ix_audit_entries_{name}", table_name="audit_entries")
    for name in COLUMNS:
        op.drop_column("audit_entries", name)
    op.execute("DROP FUNCTION audit_words")
