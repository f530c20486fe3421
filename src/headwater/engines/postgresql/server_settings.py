"""The settings of PostgreSQL servers that Headwater runs."""

from __future__ import annotations

from collections.abc import Mapping

# A running database that nobody uses must cost little; work_mem and the planner's cache size stay useful. Errors of
# users are reported to them, not to a log that would fill the disk.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "16MB",
    "wal_buffers": "1MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "min_wal_size": "4MB",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "max_logical_replication_workers": "0",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "max_prepared_transactions": "0",
    "jit": "off",
    "autovacuum_naptime": "60s",
    "autovacuum_max_workers": "1",
    "track_activity_query_size": "4096",
    "log_min_messages": "fatal",
    "logging_collector": "off",
    "client_connection_check_interval": "5s",
    "lc_messages": "C",
    "timezone": "UTC",
    "huge_pages": "off",
    "dynamic_shared_memory_type": "posix",
}
