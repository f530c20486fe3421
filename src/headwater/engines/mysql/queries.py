"""Named SQL on the catalogs of MySQL and MariaDB; rows are read by lower-case column names."""

PING = """
SELECT VERSION() AS version, @@global.read_only AS read_only,
       (SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE()) AS size
"""
TLS = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
PRIVILEGES = """
SELECT privilege_type AS privilege FROM information_schema.user_privileges WHERE privilege_type <> 'USAGE'
UNION SELECT privilege_type FROM information_schema.schema_privileges WHERE table_schema = DATABASE()
"""

SCHEMA = "SELECT * FROM information_schema.schemata WHERE schema_name = DATABASE()"
TABLES = "SELECT * FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
COLUMNS = """
SELECT * FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position
"""
INDEXES = """
SELECT * FROM information_schema.statistics WHERE table_schema = DATABASE()
ORDER BY table_name, index_name, seq_in_index
"""
FOREIGN_KEYS = """
SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_schema, k.referenced_table_name,
       k.referenced_column_name, r.delete_rule, r.update_rule
FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
  ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
  AND r.table_name = k.table_name
WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""
# MariaDB stores the table of a check; MySQL stores it elsewhere, together with whether it is enforced.
CHECKS_OF_MARIADB = """
SELECT * FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()
ORDER BY table_name, constraint_name
"""
CHECKS_OF_MYSQL = """
SELECT t.table_name, c.constraint_name, c.check_clause, 'Table' AS level, t.enforced
FROM information_schema.check_constraints c JOIN information_schema.table_constraints t
  ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
WHERE c.constraint_schema = DATABASE() AND t.constraint_type = 'CHECK' ORDER BY t.table_name, c.constraint_name
"""
VIEWS = "SELECT * FROM information_schema.views WHERE table_schema = DATABASE()"
TRIGGERS = """
SELECT * FROM information_schema.triggers WHERE trigger_schema = DATABASE()
ORDER BY event_object_table, action_timing, event_manipulation, action_order
"""
ROUTINES = """
SELECT * FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY routine_type, routine_name
"""
PARAMETERS = """
SELECT * FROM information_schema.parameters WHERE specific_schema = DATABASE()
ORDER BY specific_name, ordinal_position
"""
EVENTS = """
SELECT *, UNIX_TIMESTAMP(last_altered) AS altered FROM information_schema.events WHERE event_schema = DATABASE()
ORDER BY event_name
"""
SEQUENCE = "SELECT * FROM {name}"
CREATE_TABLE = "SHOW CREATE TABLE {name}"

# What a snapshot needs besides the Schema: the log position, and the next values of counters.
POSITION = """
SELECT variable_name, variable_value AS value FROM information_schema.global_status
WHERE variable_name IN ('BINLOG_SNAPSHOT_FILE', 'BINLOG_SNAPSHOT_POSITION') AND variable_value <> ''
"""
COUNTERS = """
SELECT table_name, auto_increment FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND auto_increment IS NOT NULL
ORDER BY table_name
"""

# The server hides triggers and events from users without the privilege, as if there were none.
SHOWN_TO = """
SELECT privilege_type FROM information_schema.user_privileges WHERE privilege_type IN ('TRIGGER', 'EVENT')
UNION SELECT privilege_type FROM information_schema.schema_privileges
WHERE privilege_type IN ('TRIGGER', 'EVENT') AND DATABASE() LIKE table_schema
"""
# Queries of in-place restores: other restores, tables without transactions, foreign keys from and to tables.
RESTORING = "SELECT GET_LOCK(CONCAT('headwater restore ', MD5(DATABASE())), 30) AS mine"
SEQUENCES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'SEQUENCE'
"""
LOOSE = """
SELECT t.table_name, t.engine FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
WHERE t.table_schema = DATABASE() AND e.transactions <> 'YES'
"""
REFERENCES = """
SELECT k.constraint_name, k.table_schema, k.table_name, k.column_name,
       k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name
FROM information_schema.key_column_usage k
WHERE k.referenced_table_name IS NOT NULL AND DATABASE() IN (k.table_schema, k.referenced_table_schema)
ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position
"""
# MySQL shows triggers only to users who may create some.
MAKES_TRIGGERS = """
SELECT privilege_type FROM information_schema.user_privileges WHERE privilege_type = 'TRIGGER'
UNION SELECT privilege_type FROM information_schema.schema_privileges
WHERE privilege_type = 'TRIGGER' AND DATABASE() LIKE table_schema
"""

# What a restore from a schema archive needs to know of its target.
EXISTING = """
SELECT 'table' AS kind, table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()
UNION ALL SELECT lower(routine_type), routine_name FROM information_schema.routines
  WHERE routine_schema = DATABASE()
UNION ALL SELECT 'trigger', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
UNION ALL SELECT 'event', event_name FROM information_schema.events WHERE event_schema = DATABASE()
"""
