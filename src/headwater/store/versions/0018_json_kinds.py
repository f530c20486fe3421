"""JSON columns hold what the code expects, never JSON's null; alerts for databases that do not run."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OBJECTS = {
    "archives": ["seen", "covered", "pending"],
    "audit_entries": ["details"],
    "dashboard_tiles": ["chart"],
    "database_metrics": ["values"],
    "databases": ["options", "quotas", "connection", "facts"],
    "jobs": ["args", "progress"],
    "recoveries": ["request", "result"],
    "restores": ["request", "made", "result"],
    "saved_queries": ["chart"],
    "scan_columns": ["counts"],
    "scans": ["files"],
    "snapshot_links": ["request"],
    "snapshot_policies": ["request", "retention", "checks"],
    "snapshots": ["request", "contents", "moment", "verification", "drill", "proof"],
    "transfers": ["request", "preview", "made", "result"],
    "vaults": ["settings"],
}
LISTS = {
    "archives": ["breaks"],
    "scan_columns": ["languages"],
    "scan_usages": ["evidence"],
    "scans": ["languages", "readers", "skipped"],
}
NULLABLE = {("dashboard_tiles", "chart")}
KINDS = "'failed', 'missed', 'grew', 'damaged', 'verify_failed', 'drill_failed', 'not_restorable'"


def _columns() -> list[tuple[str, str, str, str]]:
    every = [(table, column, "object", "{}") for table, columns in OBJECTS.items() for column in columns]
    return every + [(table, column, "array", "[]") for table, columns in LISTS.items() for column in columns]


def upgrade() -> None:
    for table, column, kind, empty in _columns():
        value = "NULL" if (table, column) in NULLABLE else f"'{empty}'"
        wrong = f"jsonb_typeof(\"{column}\") <> '{kind}'"
        op.execute(f'UPDATE {table} SET "{column}" = {value} WHERE {wrong}')  # noqa: S608 - our own names
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"jsonb_typeof(\"{column}\") = '{kind}'")
    op.execute("DELETE FROM instance_settings WHERE jsonb_typeof(value) = 'null'")
    op.create_check_constraint(op.f("ck_instance_settings_value"), "instance_settings", "jsonb_typeof(value) <> 'null'")
    op.create_check_constraint(op.f("ck_databases_sleep_after_seconds"), "databases", "sleep_after_seconds >= 0")
    op.drop_constraint(op.f("ck_alerts_kind"), "alerts", type_="check")
    op.create_check_constraint(op.f("ck_alerts_kind"), "alerts", f"kind IN ({KINDS}, 'not_running')")


def downgrade() -> None:
    op.execute("DELETE FROM alerts WHERE kind = 'not_running'")
    op.drop_constraint(op.f("ck_alerts_kind"), "alerts", type_="check")
    op.create_check_constraint(op.f("ck_alerts_kind"), "alerts", f"kind IN ({KINDS})")
    op.drop_constraint(op.f("ck_databases_sleep_after_seconds"), "databases", type_="check")
    op.drop_constraint(op.f("ck_instance_settings_value"), "instance_settings", type_="check")
    for table, column, _, _ in _columns():
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
