"""The queries of the administrator's role in a cluster that Headwater runs."""

from __future__ import annotations

# A session whose last statement was LISTEN waits for notifications: it is busy, though it never sends anything.
ACTIVITY = rb"""
SELECT count(*), count(*) FILTER (WHERE state <> 'idle' OR query ~* '^\s*listen\M')
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
METRICS = b"""
SELECT pg_database_size(d.datname) AS size_bytes, d.numbackends AS connections, d.xact_commit AS commits,
       d.xact_rollback AS rollbacks, d.blks_hit AS cache_hits, d.blks_read AS cache_misses, d.tup_fetched AS rows_read,
       d.tup_inserted + d.tup_updated + d.tup_deleted AS rows_written, d.temp_bytes, d.deadlocks,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.datname = d.datname AND a.state = 'active'
          AND now() - a.query_start > interval '1 s' AND a.pid <> pg_backend_pid()) AS slow_queries
FROM pg_stat_database d WHERE d.datname = %s
"""
OVER_TIME = b"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND usename <> current_user AND (
    state = 'active' AND clock_timestamp() - query_start > make_interval(secs => %s)
    OR state LIKE 'idle in transaction%%' AND clock_timestamp() - state_change > make_interval(secs => %s))
"""
READ_ONLY = """
SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
WHERE d.datname = %s AND 'default_transaction_read_only=on' = ANY (s.setconfig)
"""
END_ALL = b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY (%s)"
