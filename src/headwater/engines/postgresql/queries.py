"""Named SQL on PostgreSQL's own catalog."""

PING = """
SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size,
       (SELECT version || ' ' || cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls,
       current_setting('transaction_read_only')::bool OR pg_is_in_recovery() AS read_only,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser
"""
PRIVILEGES = """
SELECT has_database_privilege(current_database(), 'CREATE') AS create_schemas,
       has_database_privilege(current_database(), 'TEMP') AS temporary_tables,
       coalesce(has_schema_privilege('public', 'CREATE'), false) AS create_tables, rolcreatedb AS create_databases,
       rolcreaterole AS create_roles, rolreplication AS replication, rolsuper AS superuser
FROM pg_roles WHERE rolname = current_user
"""

# System objects and objects of extensions are always left out.
OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"


def not_of_extension(catalog: str, oid: str) -> str:
    """Return the condition that an object does not belong to an extension."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = {oid} "
        "AND e.deptype = 'e')"
    )


SCHEMAS = f"""
SELECT n.nspname, obj_description(n.oid, 'pg_namespace') FROM pg_namespace n
WHERE {OURS} AND {not_of_extension("pg_namespace", "n.oid")} ORDER BY 1
"""
EXTENSIONS = """
SELECT x.extname, n.nspname, x.extversion FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace
WHERE x.extname <> 'plpgsql' ORDER BY 1
"""
RELATIONS = f"""
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       obj_description(c.oid, 'pg_class') AS comment, c.relpersistence::text AS persistence,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::int8 END AS rows,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_total_relation_size(c.oid) END AS size_bytes,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
       pg_get_partkeydef(c.oid) AS partition_by, pg_get_expr(c.relpartbound, c.oid) AS partition_bound,
       c.relispartition AS is_partition, c.reloptions AS options, c.relrowsecurity AS row_security,
       c.relforcerowsecurity AS forced_row_security,
       (SELECT array_agg(p.inhparent::regclass::text ORDER BY p.inhseqno) FROM pg_inherits p WHERE p.inhrelid = c.oid)
         AS parents
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS}
  AND {not_of_extension("pg_class", "c.oid")}
ORDER BY n.nspname, c.relname
"""
COLUMNS = f"""
SELECT a.attrelid::int8 AS oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid) AS default, a.attgenerated::text AS generated,
       a.attidentity::text AS identity, col_description(a.attrelid, a.attnum) AS comment,
       CASE WHEN a.attcollation <> t.typcollation THEN l.oid::regcollation::text END AS collation,
       NOT a.attislocal AS inherited
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS}
ORDER BY a.attrelid, a.attnum
"""
CONSTRAINTS = f"""
SELECT k.conrelid::int8 AS oid, k.conname AS name, k.contype::text AS kind, k.conindid::int8 AS index_oid,
       (SELECT array_agg(a.attname ORDER BY p.place) FROM unnest(k.conkey) WITH ORDINALITY p(number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.number) AS columns,
       rn.nspname AS ref_schema, r.relname AS ref_table,
       (SELECT array_agg(a.attname ORDER BY p.place) FROM unnest(k.confkey) WITH ORDINALITY p(number, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.number) AS ref_columns,
       k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update, k.confmatchtype::text AS match,
       k.condeferrable AS deferrable, k.condeferred AS deferred, k.convalidated AS validated,
       k.connoinherit AS no_inherit, pg_get_expr(k.conbin, k.conrelid) AS expression,
       pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class r ON r.oid = k.confrelid LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conislocal AND k.conparentid = 0 AND {OURS}
ORDER BY k.conrelid, k.conname
"""
INDEXES = f"""
SELECT i.indrelid::int8 AS oid, i.indexrelid::int8 AS index_oid, x.relname AS name, i.indisunique AS unique,
       i.indisprimary AS primary, m.amname AS method, pg_get_expr(i.indpred, i.indrelid) AS where,
       (SELECT array_agg(pg_get_indexdef(i.indexrelid, p, true) ORDER BY p) FROM generate_series(1, i.indnkeyatts) p)
         AS columns,
       (SELECT array_agg(i.indoption[p - 1]::int ORDER BY p) FROM generate_series(1, i.indnkeyatts) p) AS options,
       (SELECT array_agg(CASE WHEN oc.opcdefault THEN '' ELSE quote_ident(oc.opcname) END ORDER BY p)
        FROM generate_series(1, i.indnkeyatts) p JOIN pg_opclass oc ON oc.oid = i.indclass[p - 1]) AS opclasses,
       (SELECT array_agg(i.indkey[p - 1] = 0 ORDER BY p) FROM generate_series(1, i.indnkeyatts) p) AS expressions,
       (SELECT array_agg(a.attname ORDER BY p) FROM generate_series(i.indnkeyatts + 1, i.indnatts) p
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p - 1]) AS include,
       x.reloptions AS storage, obj_description(x.oid, 'pg_class') AS comment, pg_get_indexdef(x.oid) AS definition
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisvalid AND NOT x.relispartition AND c.relkind IN ('r', 'p', 'm') AND {OURS} ORDER BY i.indrelid, x.relname
"""
TRIGGERS = f"""
SELECT t.tgrelid::int8 AS oid, t.tgname AS name, pg_get_triggerdef(t.oid) AS definition, t.tgenabled <> 'D' AS enabled,
       obj_description(t.oid, 'pg_trigger') AS comment
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND {OURS} ORDER BY t.tgrelid, t.tgname
"""
POLICIES = f"""
SELECT p.polrelid::int8 AS oid, p.polname AS name, p.polcmd::text AS command, p.polpermissive AS permissive,
       CASE WHEN p.polroles = '{{0}}' THEN '{{public}}'::text[] ELSE
         (SELECT array_agg(quote_ident(rolname) ORDER BY rolname) FROM pg_roles WHERE oid = ANY(p.polroles)) END
         AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {OURS} ORDER BY p.polrelid, p.polname
"""
ENUMS = f"""
SELECT n.nspname AS schema, t.typname AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS values,
       obj_description(t.oid, 'pg_type') AS comment
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_enum e ON e.enumtypid = t.oid
WHERE {OURS} AND {not_of_extension("pg_type", "t.oid")}
GROUP BY n.nspname, t.typname, t.oid ORDER BY 1, 2
"""
DOMAINS = f"""
SELECT n.nspname AS schema, t.typname AS name, format_type(t.typbasetype, t.typtypmod) AS type,
       NOT t.typnotnull AS nullable, t.typdefault AS default, obj_description(t.oid, 'pg_type') AS comment,
       (SELECT l.oid::regcollation::text FROM pg_collation l JOIN pg_type b ON b.oid = t.typbasetype
        WHERE l.oid = t.typcollation AND l.oid <> b.typcollation) AS collation,
       (SELECT array_agg(k.conname::text ORDER BY k.conname) FROM pg_constraint k
        WHERE k.contypid = t.oid AND k.contype = 'c') AS check_names,
       (SELECT array_agg(pg_get_constraintdef(k.oid) ORDER BY k.conname) FROM pg_constraint k
        WHERE k.contypid = t.oid AND k.contype = 'c') AS checks
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd' AND {OURS} AND {not_of_extension("pg_type", "t.oid")} ORDER BY 1, 2
"""
COMPOSITES = f"""
SELECT n.nspname AS schema, t.typname AS name, obj_description(t.oid, 'pg_type') AS comment,
       array_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS fields
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE {OURS} AND {not_of_extension("pg_type", "t.oid")}
GROUP BY n.nspname, t.typname, t.oid ORDER BY 1, 2
"""
SEQUENCES = f"""
SELECT n.nspname AS schema, c.relname AS name, format_type(s.seqtypid, NULL) AS type, s.seqstart, s.seqincrement,
       s.seqmin, s.seqmax, s.seqcache, s.seqcycle, obj_description(c.oid, 'pg_class') AS comment,
       o.relname AS owner_table, a.attname AS owner_column, nn.nspname AS owner_schema, d.deptype::text AS dependency
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
LEFT JOIN pg_class o ON o.oid = d.refobjid LEFT JOIN pg_namespace nn ON nn.oid = o.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE {OURS} AND {not_of_extension("pg_class", "c.oid")} ORDER BY 1, 2
"""
ROUTINES = f"""
SELECT n.nspname AS schema, p.proname AS name, p.prokind::text AS kind,
       pg_get_function_identity_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS returns,
       l.lanname AS language, obj_description(p.oid, 'pg_proc') AS comment,
       CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END AS definition,
       g.aggtransfn::regproc::text AS step, format_type(g.aggtranstype, NULL) AS state,
       nullif(g.aggfinalfn::oid, 0)::regproc::text AS final, g.agginitval AS initial
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid
WHERE {OURS} AND {not_of_extension("pg_proc", "p.oid")} ORDER BY 1, 2, 4
"""
# The views and tables that a view depends on, from pg_rewrite.
VIEW_ORDER = f"""
SELECT DISTINCT r.ev_class::int8 AS oid, d.refobjid::int8 AS needs
FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('v', 'm') JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class AND {OURS}
"""

# What a snapshot needs besides the Schema.
MOMENT = """
SELECT pg_export_snapshot() AS snapshot, 'PostgreSQL ' || current_setting('server_version') AS product,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
       pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, pg_snapshot_xmax(pg_current_snapshot())::text AS next,
       now()::text AS time, has_function_privilege('pg_control_system()', 'EXECUTE')
       AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE') AS told,
       (SELECT coalesce(md5(string_agg(concat_ws(':', enumtypid, oid, enumlabel), ' ' ORDER BY oid)), '') FROM pg_enum)
       || ' ' ||
       (SELECT coalesce(md5(string_agg(concat_ws(':', a.attrelid, a.attnum, a.atttypid, a.attisdropped), ' '
                              ORDER BY a.attrelid, a.attnum)), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'c') AS types,
       (SELECT oid::int8 FROM pg_database WHERE datname = current_database()) AS database
"""
SYSTEM = """
SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
       (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline
"""
# Tables with rows of their own: their columns without generated ones, and the key by which they are sorted: the
# primary key, or else the smallest unique index on columns that are never null.
DUMPED = f"""
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_relation_filenode(c.oid)::int8 AS file,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::int8 END AS rows,
       (SELECT m.amname = 'heap' FROM pg_am m WHERE m.oid = c.relam) AS heap,
       coalesce((SELECT array_agg(ARRAY[a.attname, format_type(a.atttypid, a.atttypmod)] ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
        '{{}}') AS columns,
       coalesce((SELECT array_agg(a.attnum::int ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '{{}}') AS numbers,
       (SELECT (SELECT array_agg(a.attname ORDER BY p.place)
                FROM unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY p(number, place)
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.number)
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND m.amname = 'btree'
          AND i.indpred IS NULL AND i.indexprs IS NULL
          AND NOT EXISTS (SELECT FROM unnest(i.indkey[0:i.indnkeyatts - 1]) k(number) JOIN pg_attribute a
                          ON a.attrelid = c.oid AND a.attnum = k.number
                          WHERE NOT a.attnotnull OR a.attgenerated <> '')
        ORDER BY i.indisprimary DESC, i.indnkeyatts, x.relname LIMIT 1) AS key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND {OURS}
  AND {not_of_extension("pg_class", "c.oid")}
ORDER BY n.nspname, c.relname
"""
COUNTS = f"""
SELECT n.nspname AS schema, c.relname AS name, coalesce(pg_sequence_last_value(c.oid), s.seqstart) AS value,
       pg_sequence_last_value(c.oid) IS NOT NULL AS called, has_sequence_privilege(c.oid, 'SELECT') AS readable
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {OURS} AND {not_of_extension("pg_class", "c.oid")} ORDER BY 1, 2
"""
VERSIONS = "SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY 1"
# Materialised views with rows: a schema archive creates them empty.
POPULATED = f"""
SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND c.relispopulated AND {OURS} AND {not_of_extension("pg_class", "c.oid")} ORDER BY 1, 2
"""
# What no snapshot contains, as sentences.
LEFT_OUT = """
SELECT 'The rows of ' || count(*) || ' foreign tables are not in the snapshot.' AS note
FROM pg_foreign_table HAVING count(*) > 0
UNION ALL
SELECT 'Not in the snapshot: ' || count(*) || ' subscriptions.' FROM pg_subscription
WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) HAVING count(*) > 0
UNION ALL
SELECT 'Not in the snapshot: ' || count(*) || ' security labels.' FROM pg_seclabel HAVING count(*) > 0
"""
# What a snapshot without a schema archive does not contain. Objects with an OID below 16384 belong to the server.
# A range type creates its own cast.
_OF_ANOTHER = (
    "EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = o.oid AND i.deptype = 'i')"
)
_KINDS = (
    ("range types", "pg_type", "o.typtype = 'r'"),
    ("collations", "pg_collation", "true"),
    ("casts", "pg_cast", f"NOT {_OF_ANOTHER}"),
    ("operators", "pg_operator", "true"),
    ("operator classes", "pg_opclass", "true"),
    ("conversions", "pg_conversion", "true"),
    ("text search configurations", "pg_ts_config", "true"),
    ("text search dictionaries", "pg_ts_dict", "true"),
    ("rules", "pg_rewrite", "o.rulename <> '_RETURN'"),
    ("extended statistics", "pg_statistic_ext", "true"),
    ("event triggers", "pg_event_trigger", "true"),
    ("publications", "pg_publication", "true"),
    ("foreign servers", "pg_foreign_server", "true"),
    ("languages", "pg_language", "true"),
)
_COUNTED = " UNION ALL ".join(
    f"SELECT {index}, '{kind}', count(*) FROM {catalog} o "
    f"WHERE o.oid >= 16384 AND {condition} AND {not_of_extension(catalog, 'o.oid')}"
    for index, (kind, catalog, condition) in enumerate(_KINDS)
)
UNARCHIVED = f"""
SELECT 'Not in the snapshot: ' || string_agg(number || ' ' || kind, ', ' ORDER BY place) || '.' AS note
FROM ({_COUNTED}) counted(place, kind, number) WHERE number > 0 HAVING count(*) > 0
"""
